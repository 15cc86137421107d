"""The console's own pages as staff see them: drawn, live, and for everybody's eyes and screens."""

import pytest
from playwright.sync_api import expect

from youworker.tests.browser.chatting import SLOW
from youworker.tests.support.appearance import check_accessibility, check_width, take_screenshots

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

    for path in ("/admin/", "/admin/live/", "/admin/unanswered/"):
        console.goto(path)
        take_screenshots(console, path.strip("/").replace("/", "-"))
        for theme in ("light", "dark"):
            console.emulate_media(color_scheme=theme)
            check_accessibility(console)
        check_width(console)

    console.goto("/admin/live/")
    # The middle of the page is replaced every five seconds, and stays what it was.
    with console.expect_response(lambda answer: "part=1" in answer.url, timeout=SLOW):
        pass
    expect(console.locator('[data-test="live"] #users')).to_be_visible()
