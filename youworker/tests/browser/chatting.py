"""How tests use the chat's pages: by what stands on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ANSWER = '[data-test="message"][data-role="assistant"]'
# Answers of the double are this, again and again.
TOKEN = "tok"
SLOW = 60_000


def ask(page: Page, text: str) -> None:
    """Type a question where the cursor is in a new page, and send it."""
    page.locator('[data-test="composer"] textarea').fill(text)
    page.locator('[data-test="send"]').click()


def begin(page: Page, text: str) -> Locator:
    """Begin a conversation; its answer, which has begun."""
    page.goto("/chat")
    ask(page, text)
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}"))
    answer = page.locator(ANSWER).last
    expect(answer).to_contain_text(re.compile(r"\w"), timeout=SLOW)
    return answer


def expect_end(answer: Locator, *, tokens: int = 0) -> None:
    """Wait for the end of an answer of the double, which has so many tokens."""
    expect(answer).to_have_attribute("data-state", "done", timeout=SLOW)
    expect(answer.locator("[data-md]")).to_have_attribute("data-rendered", "")
    if tokens:
        shown = count_tokens(answer)
        assert shown == tokens, f"{shown} tokens are shown, not {tokens}"


def count_tokens(answer: Locator) -> int:
    """How many tokens of the double are shown."""
    return answer.locator("[data-md]").inner_text().split().count(TOKEN)


def wait_for_tokens(answer: Locator, count: int) -> None:
    """Wait until an answer shows so many tokens at least."""
    expect(answer.locator("[data-md]")).to_contain_text(" ".join([TOKEN] * count), timeout=SLOW)


def session_of(page: Page) -> str:
    """The conversation that the page shows."""
    return page.url.partition("/chat/")[2][:36]
