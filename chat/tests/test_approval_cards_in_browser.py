"""The question whether a tool may be used, in every tab of its user, until one of them answers."""

import re
import sys
from pathlib import Path

import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import run_command
from youworker.tests.support.waiting import wait_until

PROGRAM = BASE_DIR / "mcp/tests/programs/ledger.py"
FIELD = '[data-test="composer"] textarea'
CARD = "article [data-approval]"
DONE = '[data-test="message"][data-role="assistant"][data-state="done"]'
BADGE = "[data-waiting]"
# What a page hears of a run by.
OF_RUN = re.compile(r"/v1/runs/[^/]+(/events.*)?$")


@pytest.fixture(scope="session")
def ledger(running_product):
    """A tool server whose tool asks, and where it notes its calls."""
    place = Path(running_product.environment["DATA_DIR"]) / "cards"
    argv = [sys.executable, str(PROGRAM), str(place), "0"]
    run_command(running_product.environment, "add_mcp_server", "cards", "--argv", *argv)
    return place


@pytest.fixture
def asked(open_page, running_product, person, ledger, locale):
    """A page on which a tool asks."""
    page = open_page(running_product, person, locale=locale)
    page.goto("/chat")
    page.wait_for_function("() => document.querySelector('yw-chat')?.composer")
    page.fill(FIELD, "[[tool=cards__note]] Note it.")
    page.press(FIELD, "Enter")
    page.locator(CARD).wait_for()
    page.wait_for_url(re.compile("/chat/.+"))
    return page


def noted(ledger):
    return len(ledger.read_text().splitlines()) if ledger.exists() else 0


@pytest.fixture
def locale():
    """The language of the browser, and from its first sign-in that of the account."""
    return "en"


def card_elsewhere(open_page, product, person, address):
    """The same conversation in a second browser, which hears nothing of its run."""
    second = open_page(product, person)
    second.route(OF_RUN, lambda route: route.abort())
    second.goto(address)
    second.locator(CARD).wait_for()
    return second


@pytest.mark.parametrize(("locale", "no"), [("en", "Deny"), ("it-IT", "Nega")])
def test_two_tabs_answer_and_one_of_them_wins(
    asked, open_page, running_product, person, watches, ledger, no
):
    before = noted(ledger)
    second = card_elsewhere(open_page, running_product, person, asked.url)
    watches[1].expect(r"ERR_FAILED|409")

    assert "cards.note" in asked.locator(CARD).inner_text()
    for each in (asked, second):
        assert each.locator(f'{CARD} button[value="deny"]').inner_text().strip() == no
    asked.locator(f'{CARD} button[value="allow"]').focus()
    asked.keyboard.press("Enter")
    asked.locator(DONE).wait_for()
    second.locator(f'{CARD} button[value="deny"]').click()
    second.locator("#toasts .error").wait_for()

    assert second.locator(CARD).count() == asked.locator(CARD).count() == 0
    assert noted(ledger) == before + 1


def test_it_is_said_on_every_page_and_answered_there(
    asked, open_page, running_product, person, ledger
):
    before = noted(ledger)
    other = open_page(running_product, person)
    other.goto("/documents")
    other.locator(BADGE).get_by_text("1").wait_for()
    other.locator(BADGE).click()
    other.wait_for_url("**/approvals")

    for _ in range(60):
        other.keyboard.press("Tab")
        if other.evaluate("() => document.activeElement?.value") == "deny":
            break
    other.keyboard.press("Enter")
    other.get_by_text("Nothing waits for you").wait_for()

    asked.locator(DONE).wait_for()
    assert asked.locator(CARD).count() == 0
    assert noted(ledger) == before


def test_what_is_allowed_for_the_conversation_is_not_asked_again_and_can_be_revoked(asked, ledger):
    before = noted(ledger)
    asked.locator(f'{CARD} button[value="conversation"]').click()
    asked.locator(DONE).wait_for()
    wait_until(lambda: noted(ledger) == before + 1)

    asked.goto("/account/allowed-tools")
    row = asked.locator('[data-test="grant"]')
    assert "cards.note" in row.inner_text()
    row.get_by_role("button").click()
    asked.locator('[data-test="grant"]').wait_for(state="detached")


def test_another_tab_counts_anew_what_waits_once_it_was_decided(
    asked, open_page, running_product, person
):
    other = open_page(running_product, person)
    other.goto(asked.url)
    other.locator(BADGE).get_by_text("1").wait_for()

    asked.locator(f'{CARD} button[value="deny"]').click()

    # Before it looks again by itself.
    other.locator(BADGE).wait_for(state="hidden", timeout=15_000)


def test_a_refused_look_at_what_waits_is_not_the_last_one(asked, watches):
    watches[0].expect(r"503")
    counted = re.compile(r"/v1/approvals\?")
    asked.route(counted, lambda route: route.fulfill(status=503, body="{}"))
    asked.clock.install()
    asked.reload()
    asked.locator(CARD).wait_for()
    assert asked.locator(BADGE).is_hidden()
    asked.unroute(counted)

    asked.clock.fast_forward("01:00")

    asked.locator(BADGE).get_by_text("1").wait_for()
