"""The built-in model: no server, it searches and quotes the sentences that answer."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chat.agent.tokens import estimated_tokens
from chat.agent.types import TextDelta, ToolCall, Usage
from chat.llm.quote.messages import LANGUAGES, language_name, phrase
from chat.llm.quote.question_analysis import last_question
from chat.llm.quote.small_talk import small_talk, time_answer, time_question
from documents.language import identify, language_to_compare_in, most_likely
from documents.quoting.meaning import compare_meaning
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.sentences import MARK
from documents.quoting.words import reader_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chat.agent.types import ChatMessage, ModelEvent, ToolSchema
    from documents.quoting.meaning import Meaning
    from documents.quoting.questions import Question
    from documents.quoting.sentence_ranking import Quote

NAME = "quote"
SEARCH = "semantic.query"
CLOCK = "datetime.now"
PASSAGES = 8
QUERY_CHARACTERS = 1000
# Older ones say little about the language of the newest, and each takes time to look at.
LAST_QUESTIONS = 5
CONTEXT_TOKENS = 32_768
REASON_CHARACTERS = 300
PIECE = re.compile(r"\S+\s*|\s+")
CODE = re.compile(r"\n\n(?:```|~~~)")
FENCE = re.compile(r"</?untrusted[^>]*>")


@dataclass(frozen=True)
class QuoteModel:
    """Answers with sentences of the user's documents, and says so when there are none."""

    meaning: Meaning | None = compare_meaning

    @property
    def name(self) -> str:
        """The id under which users choose the model."""
        return NAME

    @property
    def context_tokens(self) -> int:
        """How much it can read, in tokens."""
        return CONTEXT_TOKENS

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue the conversation with one tool call, or with the answer word by word."""
        # A question or a passage may be long enough to hold up everybody else's answers.
        said = await asyncio.to_thread(reply, messages, tools, self.meaning)
        tokens_in = sum(estimated_tokens(message.content) for message in messages)
        if isinstance(said, ToolCall):
            yield said
            yield Usage(tokens_in, estimated_tokens(str(said.arguments)))
            return
        for piece in PIECE.findall(said):
            yield TextDelta(piece)
        yield Usage(tokens_in, estimated_tokens(said))


def reply(
    messages: Sequence[ChatMessage],
    tools: Sequence[ToolSchema],
    meaning: Meaning | None = None,
) -> str | ToolCall:
    """What the model says next: a tool call, or the whole answer."""
    conversation = [message for message in messages if message.role != "system"]
    asked = next((m for m in reversed(conversation) if m.role == "user"), None)
    text = asked.content if asked else ""
    if kind := small_talk(text):
        return phrase(kind.name, kind.language)
    results = results_of_turn(conversation)
    if time_question(text):
        return reply_about_time(text, language_of(conversation), results, tools)
    return reply_from_documents(text, conversation, results, tools, meaning)


def results_of_turn(conversation: Sequence[ChatMessage]) -> list[ChatMessage]:
    """What tools answered since the user last spoke."""
    results: list[ChatMessage] = []
    for message in conversation:
        if message.role == "user":
            results = []
        elif message.role == "tool":
            results.append(message)
    return results


def language_of(conversation: Sequence[ChatMessage]) -> str:
    """The language to answer in: that of the newest question which plainly is in one of ours."""
    language = LANGUAGES[0]
    asked = [message.content for message in conversation if message.role == "user"]
    for text in asked[-LAST_QUESTIONS:]:
        language = most_likely(text, sorted(LANGUAGES, key=lambda code: code != language))
    return language


def reply_about_time(
    text: str, language: str, results: Sequence[ChatMessage], tools: Sequence[ToolSchema]
) -> str | ToolCall:
    """Ask the clock, then say what it showed."""
    question = time_question(text)
    if question and results:
        said = FENCE.sub("", results[-1].content)
        return time_answer(question, said, results[-1].structured, language)
    tool = tool_named(CLOCK, tools)
    if question is None or tool is None:
        return phrase("no_clock" if tools else "no_tools", language)
    return call(tool, {"time_zone": question.zone} if question.zone else {})


def reply_from_documents(
    text: str,
    conversation: Sequence[ChatMessage],
    results: Sequence[ChatMessage],
    tools: Sequence[ToolSchema],
    meaning: Meaning | None,
) -> str | ToolCall:
    """Search, then quote what was found."""
    language = language_of(conversation)
    rows = rows_of(results)
    identified = identify(text)
    asked_in = identified or language
    reader = reader_of(
        language_to_compare_in(languages_of(rows or []), identified, asked_in), asked_in
    )
    question = replace(last_question(conversation, reader), asked_in=asked_in)
    if not question.weights:
        return phrase("empty", language)
    if results:
        if rows is None:
            reason = " ".join(FENCE.sub(" ", results[-1].content).split())
            return phrase("failed", language, reason=reason[:REASON_CHARACTERS])
        passages = [passage_of(row, place) for place, row in rows]
        quotes = best_quotes(question, passages, meaning=meaning)
        if not quotes:
            names = ("nothing", "unread") if were_incomplete(results) else ("nothing",)
            return " ".join(phrase(name, language) for name in names)
        said = introduction(quotes, passages, question, language)
        return "\n\n".join([said, *map(quoted, quotes)])
    tool = tool_named(SEARCH, tools)
    if tool is None:
        return phrase("no_search" if tools else "no_tools", language)
    return call(tool, {"query": question.query[:QUERY_CHARACTERS], "limit": PASSAGES})


def introduction(
    quotes: Sequence[Quote], passages: Sequence[Passage], question: Question, language: str
) -> str:
    """What stands before quotes: also in which language they are, when the question is in none."""
    languages = {passage.number: passage.language for passage in passages}
    spoken = {languages[quote.number] for quote in quotes}
    if len(spoken) == 1 and question.is_foreign(found := spoken.pop()):
        return phrase("found_in", language, spoken=language_name(found, language))
    return phrase("found", language)


def quoted(quote: Quote) -> str:
    """A quote with its number; lists, tables and code keep their form."""
    number = f"[{quote.number}]"
    if not quote.block:
        return f"“{unmarked(quote.text)}” {number}"
    block = unmarked(quote.block)
    if code := CODE.search(block):
        # No mark can stand in code.
        return f"{block[: code.start()]} {number}{block[code.start() :]}"
    return f"{block}\n\n{number}" if block.endswith("|") else f"{block} {number}"


def tool_named(qualified: str, tools: Sequence[ToolSchema]) -> ToolSchema | None:
    """The tool of this `server.tool` name, if it may be used."""
    return next((tool for tool in tools if tool.qualified == qualified), None)


def call(tool: ToolSchema, arguments: dict[str, Any]) -> ToolCall:
    """A call of `tool`."""
    return ToolCall(f"call_{uuid.uuid4().hex[:24]}", tool.name, arguments)


def rows_of(results: Sequence[ChatMessage]) -> list[tuple[int, dict[str, Any]]] | None:
    """What searches found, each with its place, best first; None when no search succeeded."""
    found: list[tuple[int, dict[str, Any]]] | None = None
    for message in results:
        rows = message.structured.get("results") if isinstance(message.structured, dict) else None
        if isinstance(rows, list):
            found = [*(found or []), *enumerate(rows, start=1)]
    return found


def were_incomplete(results: Sequence[ChatMessage]) -> bool:
    """Whether files of the user were not read yet when somebody searched."""
    told = [message.structured for message in results if isinstance(message.structured, dict)]
    return any(each.get("incomplete") is True for each in told)


def languages_of(rows: Sequence[tuple[int, dict[str, Any]]]) -> list[str]:
    """The language of each text that was found; empty where it is not known."""
    return [str((row.get("document") or {}).get("language") or "") for _, row in rows]


def passage_of(row: dict[str, Any], position: int) -> Passage:
    """One search result."""
    document = row.get("document") or {}
    title = str(document.get("title") or "")
    heading = f"{title}\n{row.get('heading') or ''}"
    number = int(row.get("n") or position)
    language = str(document.get("language") or "")
    return Passage(number, str(row.get("text") or ""), heading, title, language)


def unmarked(text: str) -> str:
    """A quote whose own footnote marks are not taken for citations of the answer."""
    return MARK.sub(lambda found: "[\u2060" + found[0][1:], text)
