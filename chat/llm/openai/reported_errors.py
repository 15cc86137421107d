"""Errors that a server tells with status 200, in the answer itself."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from chat.agent.exceptions import AgentError, ModelRefused, ModelUnavailable
from chat.agent.sentences import ANSWERED_WITH_PAGE, BROKE_OFF, FAILED, REFUSED, SAID_INSTEAD
from chat.llm.openai.errors import kind_of_refusal
from chat.llm.openai.event_stream import ErrorDocument, begins_document
from youworker.upstream.errors import (
    FIRST_SERVER_ERROR,
    TRANSIENT_STATUS,
    said_by_server,
    sentence_of,
)

# What an answer has and an error has not.
ANSWER_PARTS = ("choices", "response", "delta", "usage", "done")
# Where servers put the reason, most telling first.
ERROR_PARTS = ("error", "errors", "detail", "error_msg", "msg", "message")
UNTOLD = "it ended the answer with an error"
TRANSIENT = re.compile(
    r"overload|rate.?limit|too many requests|unavailable|server.?error|time.?out|busy|capacity",
    re.I,
)
TITLE = re.compile(r"<title[^<>]{0,200}>([^<>]{1,500})", re.I)
MARKUP = re.compile(r"<[^<>]{0,500}>")


def error_in(document: dict[str, Any]) -> Any:
    """What a document says went wrong; None when it is no error."""
    if document.get("error"):
        return document
    if type(document) is ErrorDocument:
        return error_of_choice(document["choices"]) if "choices" in document else document
    if document.get("object") == "error" or document.get("type") == "error":
        return document
    status = document.get("base_resp")
    if isinstance(status, dict) and status.get("status_code"):
        # MiniMax answers everything with status 200.
        return {"message": status.get("status_msg"), "code": status["status_code"]}
    if any(part in document for part in ANSWER_PARTS):
        return None
    told = next((document[part] for part in ERROR_PARTS if document.get(part)), None)
    return document if isinstance(told, (str, list)) else None


def error_of_choice(choices: Any) -> Any:
    """What the first choice says went wrong."""
    first = choices[0] if isinstance(choices, list) and choices else None
    return (isinstance(first, dict) and first.get("error")) or UNTOLD


def failure_of(error: Any, *, key: str, was_speaking: bool) -> AgentError:
    """What an error inside an answer means for the run; `key` is not told."""
    message = said_by_server(error, key=key)
    if was_speaking:
        return ModelUnavailable(BROKE_OFF.format(reason=message))
    kind = kind_of_refusal(message)
    # Some call every error one of the server's.
    if kind is ModelRefused and is_transient(error, message):
        return ModelUnavailable(FAILED.format(reason=message))
    return kind(REFUSED.format(reason=message))


def is_transient(error: Any, message: str) -> bool:
    """Whether the same question may be answered in a moment."""
    labels = [message]
    for _ in range(2):
        if not isinstance(error, dict):
            break
        for name in ("code", "status", "status_code"):
            number = number_of(error.get(name))
            if number >= FIRST_SERVER_ERROR or number in TRANSIENT_STATUS:
                return True
        labels += [str(error.get(name)) for name in ("code", "type", "status", "error_type")]
        error = error.get("error")
    return any(TRANSIENT.search(label[:1000]) for label in labels)


def number_of(value: Any) -> int:
    """A status as a number, however it is written; nought when it is none."""
    if isinstance(value, str) and len(value) == len("503") and value.isdecimal():
        return int(value)
    return value if type(value) is int else 0


def failure_of_page(page: bytes, *, key: str) -> AgentError | None:
    """What it means that a server sent this instead of an answer; None for nothing."""
    text = page.decode("utf-8", "replace").strip()
    if not text or begins_document(page):
        return None
    if text.startswith("<"):
        title = TITLE.search(text)
        said = title[1] if title else MARKUP.sub(" ", text)
        said = sentence_of(unescape(said), key=key) or "a page without words"
        return ModelRefused(ANSWERED_WITH_PAGE.format(reason=said))
    return ModelUnavailable(SAID_INSTEAD.format(reason=sentence_of(text, key=key)))
