"""The title that a model finds, on the page of a new conversation."""

import re

import pytest

from chat.tests.test_chat_in_browser import answer_of, ask

CONVERSATION = re.compile(r"/chat/[0-9a-f-]{36}$")


@pytest.fixture(scope="module")
def naming_product():
    """The product with a model that names conversations."""
    from youworker.tests.bench.chat import product_with_model

    with product_with_model(LOG_LEVEL="ERROR", AGENT_TITLES="1") as running:
        yield running


def test_a_title_comes_to_page_and_list_without_a_reload(naming_product, people, open_page):
    page, heads = open_page(naming_product, people(naming_product)), []
    page.route(CONVERSATION, lambda route: heads.append((route, route.fetch())), times=1)
    ask(page, "[[tokens=3,first_ms=2000]] Who is there?")
    answer_of(page)
    page.evaluate("window.isTheSame = true")
    # The head that says that a title may come arrives after the whole answer.
    (route, head) = heads.pop()
    route.fulfill(response=head)

    page.locator(".chat-head h1", has_text=re.compile(r"^\s*tok tok tok\s*$")).wait_for()
    page.locator("#sessions li", has_text="tok tok tok").wait_for()

    assert page.evaluate("window.isTheSame")
    assert page.locator("[data-awaits-title]").count() == 0
    assert page.title().startswith("tok tok tok")
