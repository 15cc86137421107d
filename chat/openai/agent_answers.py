"""The agent's answers as OpenAI's clients read them: tools run here, and sources are named."""

from __future__ import annotations

import re
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from chat.agent.exceptions import (
    AnswerFiltered,
    AnswerTooLarge,
    CallLimitReached,
    LimitReached,
    MessageTooLong,
    ModelUnknown,
    TimeLimitReached,
    TokenLimitReached,
    TurnLimitReached,
)
from chat.agent.types import Usage
from chat.enums import RunStatus
from chat.exceptions import ApprovalNeeded, ModelFailed, OversizedPrompt
from chat.openai.annotations import annotations_of
from chat.openai.asked import FREE_CHOICES, text_of
from chat.openai.names import not_found
from chat.openai.sent_images import IMAGES_ALONE, images_of
from chat.openai.wire import KEEPALIVE, Answer
from chat.runs.stream import conditions_of, view_run
from chat.services import Spoken
from youworker.core.exceptions import InvalidInput
from youworker.core.realtime.revocation import Revoked, until_revoked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from uuid import UUID

    from accounts.types import AccessGrant
    from chat.events import Event
    from chat.openai.wire import AnswerWire
    from chat.services import AcceptedMessage, ReceivedFile
    from youworker.core.exceptions import DomainError

# What an answer that ended early, but is one, ended with.
FINISH = {
    "answer_cut": "length",
    AnswerTooLarge.code: "length",
    TurnLimitReached.code: "length",
    CallLimitReached.code: "length",
    TokenLimitReached.code: "length",
    TimeLimitReached.code: "length",
    LimitReached.code: "length",
    AnswerFiltered.code: "content_filter",
}


# What is asked where the newest message is the assistant's own: Open WebUI's "Continue Response".
GO_ON = "Go on where your last answer ends, and repeat nothing of it."


# How Open WebUI tells its own tools of the files beside a question; the agent gets the images.
FILE_LIST = re.compile(r"\s*<attached_files>.*?</attached_files>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Question:
    """The newest message with its images, what was said before it, and the first thing asked.

    Images of earlier messages were handed in with these, if they were asked here.
    """

    text: str
    history: list[Spoken]
    opening: str
    images: list[ReceivedFile]


def question_of(form: Mapping[str, Any]) -> Question:
    """What a validated request asks the agent; raises `InvalidInput` for what it does not take."""
    require_plain(form)
    spoken = form["messages"]
    for number, message in enumerate(spoken):
        require_speech(message, number)
    opening = next((message for message in spoken if message["role"] == "user"), None)
    if opening is None or spoken[-1]["role"] not in {"user", "assistant"}:
        raise InvalidInput(
            "The last message is the question: its role is user.",
            attr=f"messages.{len(spoken) - 1}.role",
        )
    if spoken[-1]["role"] == "assistant":
        return Question(GO_ON, history_of(spoken), words_of(opening) or GO_ON, [])
    images = images_of(spoken[-1], attr=f"messages.{len(spoken) - 1}.content")
    text = words_of(spoken[-1])
    if images and not text.strip():
        text = IMAGES_ALONE
    first = words_of(opening) or text
    return Question(text, history_of(spoken[:-1]), first, images)


def require_plain(form: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for what only a model without the agent does.

    Programs like Open WebUI offer their tools with each question. Whoever is offered a tool need
    not call it, and the agent never does; only a call that has to be made is refused.
    """
    if form.get("tools") and form.get("tool_choice") not in FREE_CHOICES:
        raise InvalidInput("The agent uses its own tools: ask a model by its name.", attr="tools")
    if (form.get("response_format") or {}).get("type", "text") != "text":
        raise InvalidInput(
            "The agent answers in text: ask a model by its name.", attr="response_format"
        )
    if form.get("stop"):
        raise InvalidInput(
            "The agent speaks until it has said everything: ask a model by its name.", attr="stop"
        )


def require_speech(message: Mapping[str, Any], number: int) -> None:
    """Raise `InvalidInput` for a message that the agent does not take from a caller."""
    if message["role"] not in {"user", "tool"} and isinstance(message["content"], list):
        raise InvalidInput(
            "Only messages of the user have images.", attr=f"messages.{number}.content"
        )


def history_of(spoken: Sequence[Mapping[str, Any]]) -> list[Spoken]:
    """What was said before, without what is empty.

    Calls and results of tools belong to another model, which was asked earlier in the same
    conversation: what they came to is in its answer. What a caller says in the role of the system
    is their own wish: the agent reads it as such, and never with the authority of its own
    instructions.
    """
    return [
        Spoken("assistant" if message["role"] == "assistant" else "user", text)
        for message in spoken
        if message["role"] != "tool" and (text := words_of(message)).strip()
    ]


def words_of(message: Mapping[str, Any]) -> str:
    """What is said in a message, without the list of files that a program puts before it."""
    text = text_of(message["content"])
    listed = FILE_LIST.match(text) if message["role"] == "user" else None
    return text[listed.end() :] if listed else text


def fields_of(posted: AcceptedMessage) -> dict[str, Any]:
    """Where an answer can be read again, beside OpenAI's fields."""
    return {"session_id": str(posted.session_id), "run_id": str(posted.run_id)}


async def stream_run(
    run_id: UUID, session_id: UUID, grant: AccessGrant, wire: AnswerWire
) -> AsyncGenerator[bytes, None]:
    """The pieces of an answer; closing this leaves its run alone."""
    yield wire.beginning()
    sent: list[str] = []
    with suppress(Revoked), until_revoked(*conditions_of(session_id, grant)) as revocable:
        async with aclosing(view_run(run_id)) as batches:
            following = partial(anext, batches, None)
            while (batch := await revocable.wait_for(following)) is not None:
                pieces, is_over = pieces_of(batch, wire, sent)
                yield pieces or KEEPALIVE
                if is_over:
                    return


def pieces_of(batch: Sequence[Event], wire: AnswerWire, sent: list[str]) -> tuple[bytes, bool]:
    """What a reader is sent of some events, and whether nothing follows it; adds to `sent`."""
    pieces: list[bytes] = []
    for event in batch:
        if event.type not in {"token", "reasoning", "run", "done"}:
            continue
        data = orjson.loads(event.data)
        if event.type == "done":
            return b"".join([*pieces, ending_of(data, wire, "".join(sent))]), True
        if data.get("status") == RunStatus.WAITING_APPROVAL:
            return b"".join([*pieces, wire.failure(approval_needed())]), True
        if event.type == "token":
            sent.append(data["text"])
            pieces.append(wire.text(data["text"]))
        elif event.type == "reasoning" and data.get("text"):
            pieces.append(wire.thought(data["text"]))
    return b"".join(pieces), False


def ending_of(result: Mapping[str, Any], wire: AnswerWire, sent: str) -> bytes:
    """The end of a stream: the sources and the counts, or why there is no answer.

    What was lost of the event log is sent before it.
    """
    failure = failure_of(result, wire.model)
    if failure is not None:
        return wire.failure(failure)
    answer = answer_of(result, wire)
    rest = answer.text[len(sent) :] if answer.text.startswith(sent) else ""
    return (wire.text(rest) if rest else b"") + wire.ending(answer)


def rendered_run(result: Mapping[str, Any], wire: AnswerWire) -> dict[str, Any]:
    """A whole answer; raises the refusal when there is none."""
    failure = failure_of(result, wire.model)
    if failure is not None:
        raise failure
    return wire.whole(answer_of(result, wire))


def answer_of(result: Mapping[str, Any], wire: AnswerWire) -> Answer:
    """The answer of a run that has one."""
    message = result["message"]
    return Answer(
        message["content"],
        finish_of(result),
        usage_of(result),
        sources=sources_of(message, wire),
    )


def sources_of(message: Mapping[str, Any], wire: AnswerWire) -> dict[str, Any]:
    """The sources of an answer, in our words and in OpenAI's."""
    cited, session_id = message["citations"], wire.extra.get("session_id", "")
    links = annotations_of(message["content"], cited, site=wire.site, session_id=session_id)
    return {"citations": cited, "annotations": links}


def failure_of(result: Mapping[str, Any], name: str) -> DomainError | None:
    """Why a run gave no answer, or not all of one; None when it did."""
    error, message = result.get("error"), result.get("message")
    if result["status"] == RunStatus.WAITING_APPROVAL:
        return approval_needed()
    if message is None:
        return ModelFailed("The answer was removed while it was made.")
    if not error:
        return None
    if error["code"] == ModelUnknown.code:
        return not_found(name)
    if error["code"] == MessageTooLong.code:
        return OversizedPrompt(error["detail"])
    # Whoever reads half an answer as a whole one is misled; what was said is kept in its session.
    is_answer = bool(message["content"]) and (
        error["code"] in FINISH or result["status"] == RunStatus.SUCCEEDED
    )
    return None if is_answer else ModelFailed(error["detail"])


def approval_needed() -> ApprovalNeeded:
    """The refusal of an answer that waits for its user."""
    return ApprovalNeeded(
        "A tool call waits for your decision: see /v1/approvals. The answer goes on then, "
        "and is kept in its session."
    )


def finish_of(result: Mapping[str, Any]) -> str:
    """Why a run ended, in OpenAI's words."""
    return FINISH.get((result.get("error") or {}).get("code", ""), "stop")


def usage_of(result: Mapping[str, Any]) -> Usage:
    """The tokens of all turns of a run."""
    return Usage(result["usage"]["tokens_in"], result["usage"]["tokens_out"])
