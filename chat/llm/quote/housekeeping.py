"""What the quote model says to programs that ask for titles, tags or search queries.

It takes them out of the conversation: it can quote, and make nothing up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat.agent.tokens import estimated_tokens
from chat.agent.types import TextDelta, Usage
from chat.llm.quote.essentials import essentials_of
from chat.llm.quote.model import CONTEXT_TOKENS, NAME

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chat.agent.types import ChatMessage, ModelEvent, ToolSchema

TITLE_CHARACTERS = 60
QUERY_CHARACTERS = 300
SUMMARY_TOKENS = 300
# What a conversation is called that says nothing.
NO_TITLE = "Chat"
FACE = "🙂"
HISTORY = ("<chat_history>", "</chat_history>")
# How programs write who speaks, at the beginning of a line.
SPEAKERS = ("user:", "human:", "utente:", "assistant:", "ai:", "bot:", "model:")
# What stands around the conversation in programs that put it into their instruction.
FRAMES = (
    ("here is the query:", "create a concise"),
    ("the following is the conversation:", "please provide a concise"),
    ("conversation:", ""),
    ("user message:", ""),
)
SUMMARIES = ("words or less to use as a prompt", "caratteri o meno")
FENCES = " \t\r\n`\"“”'-"


@dataclass(frozen=True)
class HousekeepingModel:
    """Answers programs that ask for themselves, instead of the quote model."""

    name: str = NAME
    context_tokens: int = CONTEXT_TOKENS

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Say in one piece what was asked for."""
        said = answer_program(messages)
        yield TextDelta(said)
        tokens_in = sum(estimated_tokens(message.content) for message in messages)
        yield Usage(tokens_in, estimated_tokens(said))


def answer_program(messages: Sequence[ChatMessage]) -> str:
    """What a program asked for, in the form it wants."""
    instruction = instruction_of(messages)
    if any(sign in instruction for sign in SUMMARIES):
        return essentials_of("", spoken_before(messages), tokens=SUMMARY_TOKENS)
    if "through a fitting emoji" in instruction:
        return FACE
    question = first_question(messages)
    for member, value in values_of(question).items():
        if f'"{member}"' in instruction:
            return json.dumps({member: value}, ensure_ascii=False)
    return title_of(question)


def values_of(question: str) -> dict[str, Any]:
    """What is said under each member of JSON that programs ask for, the likeliest one first.

    What has to be thought up is left empty, as their own instructions have it.
    """
    query = " ".join(question.split())[:QUERY_CHARACTERS]
    return {
        "tool_calls": [],
        "follow_ups": [],
        "queries": [query] if query else [],
        "tags": ["General"],
        "title": title_of(question),
        "prompt": query,
        "text": "",
    }


def instruction_of(messages: Sequence[ChatMessage]) -> str:
    """What is wanted, in small letters: the system's words and the last ones, without the talk."""
    said = [message.content for message in messages if message.role == "system"]
    last = messages[-1].content
    begin, end = last.find(HISTORY[0]), last.rfind(HISTORY[1])
    said.append(last[:begin] + last[end:] if 0 <= begin < end else last)
    return " ".join(" ".join(said).split()).lower()


def first_question(messages: Sequence[ChatMessage]) -> str:
    """What the user of the program asked first, however it is handed over."""
    spoken = spoken_before(messages)
    asked = next((each.content for each in spoken if each.role == "user"), "")
    last = messages[-1].content
    begin, end = last.find(HISTORY[0]), last.rfind(HISTORY[1])
    if 0 <= begin < end:
        asked = last[begin + len(HISTORY[0]) : end]
    elif not asked or asked.lower().startswith("generate a title for this conversation"):
        asked = framed_part(last)
    return first_turn(asked)


def spoken_before(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """What was said in the conversation itself, where the wish is its last message."""
    return [message for message in messages[:-1] if message.role in {"user", "assistant"}]


def framed_part(text: str) -> str:
    """The conversation in an instruction that holds it; all of a text that holds nothing else."""
    small = text.lower()
    for before, after in FRAMES:
        begin = small.find(before)
        if begin < 0:
            continue
        begin += len(before)
        end = small.find(after, begin) if after else -1
        return text[begin:end] if end > begin else text[begin:]
    return text


def first_turn(text: str) -> str:
    """What the first turn of a conversation says, without who says it."""
    kept: list[str] = []
    for line in text.strip(FENCES).splitlines():
        said = line.strip(FENCES)
        small = said.lower()
        speaker = next((each for each in SPEAKERS if small.startswith(each)), "")
        if kept and (speaker or not said):
            break
        if said := said[len(speaker) :].strip(FENCES):
            kept.append(said)
    return "\n".join(kept)


def title_of(question: str) -> str:
    """The beginning of a question, cut between words."""
    words = " ".join(question.split())
    if not words:
        return NO_TITLE
    if len(words) <= TITLE_CHARACTERS:
        return words.rstrip(".:")
    return words[:TITLE_CHARACTERS].rsplit(" ", 1)[0].rstrip(".,:;") + "…"
