"""What holds for every page: everybody can use it, on any screen, in every theme and language."""

import re

import pytest
from playwright.sync_api import expect

from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots
from youworker.tests.support.page_watch import PARTS

PAGES = (
    "/documents",
    "/documents?deleted=1",
    "/documents/add",
    "/documents/runs",
    "/collections/add",
    "/search",
    "/search?q=contract",
    "/groups",
    "/account/profile",
    "/account/security",
    "/account/security/password",
    "/account/activity",
    "/account/keys",
    "/account/allowed-tools",
    "/account/tools",
    "/help",
    "/help/files",
    "/nowhere",
)
# What nobody may read on a page in the other language.
ENGLISH = ("Documents", "Search", "Groups", "Sign out", "Trash", "Settings", "Collections")


def named(path):
    return re.sub(r"\W+", "-", path).strip("-")


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_an_empty_page(shared_page, path):
    page = shared_page()
    # Colours that are on their way to others have no contrast yet.
    page.emulate_media(reduced_motion="reduce")
    page.goto(path)
    assert page.get_by_role("heading", level=1).count() == 1
    take_screenshots(page, named(path))

    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        check_accessibility(page)
    check_width(page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_italian_says_nothing_in_english(shared_page, path):
    page = shared_page(locale="it-IT")
    page.goto(path)

    assert page.locator("html").get_attribute("lang") == "it"
    shown = page.locator("body").inner_text()
    assert not [word for word in ENGLISH if re.search(rf"\b{word}\b", shown)]


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_what_can_be_used(shared_page, path):
    page = shared_page()
    page.goto(path)
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
            .filter((e) => !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0
                           && e.checkVisibility({visibilityProperty: true})).length"""
    )
    seen = set()
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(REACHED))
    seen.discard(None)
    # A group of radio buttons is one stop.
    assert len(seen) >= wanted - page.get_by_role("radio").count()


REACHED = """() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  return [...document.querySelectorAll('*')].indexOf(e);
}"""


def test_a_refused_form_keeps_the_focus_below_a_fragment_of_the_address(page, watches):
    page.goto("/account/privacy")
    watches[0].expect("422")
    password = page.locator("form[action$='#copy']").get_by_label("Password")
    password.fill("wrong")
    password.press("Enter")

    expect(page.get_by_role("alert").filter(has_text="is wrong")).to_be_focused()


@pytest.mark.parametrize("path", ["/documents", "/account/keys"])
def test_a_page_is_light_and_still(page, path):
    sent = []
    page.on("requestfinished", lambda request: sent.append(size_of(request)))
    page.goto(path, wait_until="networkidle")
    shift = page.evaluate(LAYOUT_SHIFT)

    assert sum(sent) <= 150 * 1024
    assert shift < 0.02


def size_of(request):
    if request.resource_type not in {*PARTS, "document"}:
        return 0
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


LAYOUT_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { sum += e.value; }))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(sum), 200);
})"""
