"""What tests of pages share."""

from __future__ import annotations

from typing import Any

# How htmx asks for a part of a page.
HTMX = {"HX-Request": "true"}


def text_of(answer: Any) -> str:
    """The HTML of an answer that is one."""
    assert answer.status_code in {200, 422}, answer.status_code
    text: str = answer.content.decode()
    return text
