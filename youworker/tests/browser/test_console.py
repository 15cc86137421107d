"""The console's own pages as staff see them: drawn, live, and for everybody's eyes and screens."""

import re

import pytest
from playwright.sync_api import expect

from youworker.tests.browser.chatting import SLOW
from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots

# Of each kind one: figures, what goes on, a list, a form with fields that search.
KINDS_OF_PAGES = (
    "/admin/",
    "/admin/live/",
    "/admin/unanswered/",
    "/admin/health/",
    "/admin/accounts/user/",
    "/admin/groups/legalhold/add/",
)
UNNAMED_CHOICE = ".select2-selection:not([aria-labelledby*='-label'])"
MAKE_SUPERUSER = """
from accounts.models import User
User.objects.filter(username={name!r}).update(is_staff=True, is_superuser=True)
"""


@pytest.fixture
def console(running_product, people, open_page):
    """A page of somebody who may see everything."""
    from youworker.tests.bench.product import run_command

    person = people(running_product)
    program = MAKE_SUPERUSER.format(name=person.username)
    run_command(running_product.environment, "shell", "-v0", "-c", program)
    page = open_page(running_product, person)
    # Colours that are on their way to others have no contrast yet.
    page.emulate_media(reduced_motion="reduce")
    return page


def test_the_console_is_drawn_and_everybody_can_use_it(console):
    console.goto("/admin/")
    parts = console.locator('[data-test="health"] li')
    expect(parts.first).to_be_visible(timeout=SLOW)
    assert parts.count() > 10
    in_need = console.locator('[data-test="health"] :is(.failed, .warning)').count()
    expect(console.locator("#parts-in-need li")).to_have_count(in_need)
    expect(console.locator("#parts-in-need .hint")).to_have_count(0)
    assert console.locator(".drawing").count() == 6

    for path in KINDS_OF_PAGES:
        for theme in ("light", "dark"):
            # The library looks at the theme when a page is loaded.
            console.emulate_media(color_scheme=theme)
            console.goto(path)
            expect(console.locator("[x-cloak]:visible")).to_have_count(0)
            expect(console.locator(UNNAMED_CHOICE)).to_have_count(0)
            check_accessibility(console)
        take_screenshots(console, path.strip("/").replace("/", "-"))
        check_width(console)


def test_the_middle_of_the_live_page_is_replaced(console):
    console.goto("/admin/live/")
    # The middle of the page is replaced every five seconds, and stays what it was.
    with console.expect_response(lambda answer: "part=1" in answer.url, timeout=SLOW):
        pass
    expect(console.locator('[data-test="live"] #users')).to_be_visible()


def test_the_console_is_used_by_the_keyboard(console):
    console.goto("/admin/accounts/user/")
    console.keyboard.press("Tab")
    expect(console.get_by_role("link", name="Skip to the content")).to_be_focused()

    filters = console.get_by_role("button", name="Filters", exact=True)
    filters.press("Enter")
    expect(filters).to_have_attribute("aria-expanded", "true")
    expect(console.locator("#changelist-filter a:focus")).to_have_count(1)
    console.keyboard.press("Escape")
    expect(filters).to_be_focused()
    expect(console.locator("#changelist-filter")).to_be_hidden()

    console.set_viewport_size({"width": 390, "height": 740})
    navigation = console.get_by_role("button", name="Navigation", exact=True)
    navigation.press("Enter")
    expect(console.locator("#nav-sidebar a:focus")).to_have_count(1)
    console.keyboard.press("Escape")
    expect(navigation).to_be_focused()
    expect(console.locator("#nav-sidebar")).to_be_hidden()


def test_rows_are_chosen_and_acted_on_without_scripts(console, open_page, running_product):
    state = console.context.storage_state()
    page = open_page(running_product, java_script_enabled=False, storage_state=state)
    page.goto("/admin/")
    page.get_by_role("link", name="Every part and what helps").click()
    page.locator("[data-part]").first.wait_for()

    page.set_viewport_size({"width": 390, "height": 740})
    page.locator("#nav-sidebar a[href='/admin/accounts/user/']").click()
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("export_rows")
    with page.expect_download():
        page.get_by_role("button", name="Run").click()


def test_rows_are_chosen_and_acted_on_by_keyboard(console):
    console.goto("/admin/accounts/user/")
    boxes = console.locator("input.action-select")
    expect(boxes.last).to_have_accessible_name(re.compile("Select record: ."))
    console.get_by_role("checkbox", name="Select all objects on this page").press("Space")
    chosen = console.locator("#changelist-actions").get_by_role("status")
    expect(chosen).to_contain_text("{0} of {0} selected".format(boxes.count()))

    # What is done to rows comes after them, and no letter leads away from it.
    boxes.last.focus()
    for key in ("Tab", "Tab", "t"):
        console.keyboard.press(key)
    expect(console.get_by_role("combobox", name="Select action to run")).to_be_focused()


def test_a_refused_form_is_gone_on_with_where_it_is_wrong(console):
    console.goto("/admin/accounts/user/add/")
    console.locator("#id_username").fill("somebody-new")
    console.locator("#id_password1").fill("one-password")
    again = console.locator("#id_password2")
    again.fill("another-password")
    again.press("Enter")

    expect(console.locator(".errornote")).to_be_visible()
    expect(again).to_be_focused()
    expect(again).to_have_accessible_description(re.compile("Enter the same .* didn.t match"))
