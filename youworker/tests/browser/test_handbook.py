"""The handbook as people and operators read it: found from the menu, searched, on any screen."""

import pytest

from youworker.tests.bench.product import run_command
from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots

ARTICLE = '[data-test="help-article"]'
PROMOTE = (
    "from accounts.models import User; User.objects.filter(username={!r}).update(is_staff=True)"
)


def test_the_menu_leads_to_the_handbook_and_its_search_to_the_place(page):
    page.goto("/groups")
    page.locator("header summary").click()
    page.locator('header a[href="/help"]').click()
    page.get_by_role("heading", level=1).wait_for()

    page.locator('aside input[name="q"]').fill("recovery codes")
    page.keyboard.press("Enter")
    page.locator('[data-test="help-found"] a').first.click()

    page.wait_for_url("**/help/account#second-factor")
    assert page.locator("h2#second-factor").is_visible()
    page.locator('a[rel="next"]').click()
    page.wait_for_url("**/help/keyboard")


def test_the_contents_are_a_drawer_on_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/help/asking")
    assert not page.locator("#contents nav").first.is_visible()

    page.locator(".page-head [data-toggle=contents]").click()
    page.locator('#contents a[href="/help/voice"]').click()

    page.wait_for_url("**/help/voice")


def test_a_page_is_printed_without_what_is_for_the_screen(page):
    page.goto("/help/files")
    page.emulate_media(media="print")

    assert page.locator(ARTICLE).is_visible()
    for gone in ("header.top", "#contents", ".outline", ".pager.between"):
        assert page.locator(gone).is_hidden(), gone


@pytest.mark.parametrize("path", ["operator/settings", "operator/troubleshooting", "staff/console"])
def test_the_parts_of_staff_fit_on_every_screen(open_page, running_product, person, path):
    run_command(running_product.environment, "shell", "-v0", "-c", PROMOTE.format(person.username))
    page = open_page(running_product, person, locale="it-IT", reduced_motion="reduce")
    page.goto(f"/help/{path}")

    assert page.locator("html").get_attribute("lang") == "it"
    language = "it" if path.startswith("staff") else "en"
    assert page.locator(ARTICLE).get_attribute("lang") == language
    take_screenshots(page, path.replace("/", "-"))
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        check_accessibility(page)
    check_width(page)
