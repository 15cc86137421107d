"""The built-in server for the user's own documents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from documents.enums import SearchMode
from documents.language import identify, language_to_compare_in
from documents.quoting.meaning import compare_meaning
from documents.quoting.questions import single_question
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.words import reader_of
from mcp.builtin import library
from mcp.builtin.declare import Answer, BuiltinServer, tool_of
from mcp.calls import current_call_context
from youworker.core.db import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.quoting.sentence_ranking import Quote
    from documents.types import SearchAnswer, SearchHit

NOTHING = "No passage in the documents of this user fits."
UNREAD = "Note: files that this user handed in are still being read, and were not searched."

Limit = Annotated[int, Field(description="How many passages at most.", ge=1, le=50)]
Names = Annotated[
    list[str] | None,
    Field(description="Only look in these collections, given by name or id."),
]
Tags = Annotated[list[str] | None, Field(description="Only documents that have all these tags.")]
DocumentIds = Annotated[list[str] | None, Field(description="Only these documents, by id.")]


def create_server() -> BuiltinServer:
    """The server with its four tools."""
    tools = [tool_of(function) for function in (query, answer, similar_to_text, collections)]
    return BuiltinServer("semantic", tools)


async def query(
    query: Annotated[
        str,
        Field(
            description=(
                "What to look for: a question or keywords that can be understood without the "
                "conversation. Write out what 'it', 'that' or 'and in May?' stand for. "
                'It may hold "an exact phrase", -excluded, title:word, tag:name, type:pdf, '
                "after:2024-05 and before:2025."
            ),
            max_length=4000,
        ),
    ],
    limit: Limit = 8,
    collections: Names = None,
    tags: Tags = None,
    document_ids: DocumentIds = None,
) -> Answer:
    """Search the user's own documents. Returns numbered passages with their origin.

    Use this first whenever the question may be about files, contracts, manuals, notes or
    anything the user has stored. Search for one thing at a time. Ask in the language the documents
    are likely to be in; when little is found, ask again in other words or another language.
    """
    found = await run_in_thread(
        library.search_for,
        current_call_context(),
        query,
        limit=limit,
        collections=collections,
        tags=tags,
        document_ids=document_ids,
    )
    return passages(found)


async def answer(
    question: Annotated[
        str,
        Field(
            description="The question, as a sentence that needs no conversation before it.",
            max_length=4000,
        ),
    ],
    limit: Limit = 8,
) -> Answer:
    """Answer a question by quoting the user's documents.

    Returns the sentences that answer best, each with the number [n] of its passage, followed
    by the passages.
    """
    context = current_call_context()
    found = await run_in_thread(library.search_for, context, question, limit=limit)
    hits = found.results if found else []
    # Long passages would hold up everybody else's answers.
    picked = await asyncio.to_thread(quotes_from, hits, question, asked_in=context.language)
    if not picked:
        return passages(found)
    lines = "\n".join(f"- {' '.join(one.text.split())} [{one.number}]" for one in picked)
    listed = passages(found, introduction=f"Quotes:\n{lines}\n\nPassages:\n")
    quotes = [{"sentence": one.text, "passage": one.number} for one in picked]
    listed.structured = {**(listed.structured or {}), "quotes": quotes}
    return listed


def quotes_from(hits: Sequence[SearchHit], question: str, *, asked_in: str) -> list[Quote]:
    """The sentences of the hits that answer, each with the number of its passage."""
    identified = identify(question)
    language = language_to_compare_in([hit.language for hit in hits], identified, asked_in)
    reader = reader_of(language, asked_in)
    found = [
        Passage(n, hit.text, f"{hit.title}\n{hit.heading}", hit.title, hit.language)
        for n, hit in enumerate(hits, 1)
    ]
    asked = replace(single_question(question, reader), asked_in=identified or asked_in)
    return best_quotes(asked, found, meaning=compare_meaning)


async def similar_to_text(
    text: Annotated[
        str, Field(description="The text to compare with, best one paragraph.", max_length=20_000)
    ],
    limit: Limit = 8,
) -> Answer:
    """Find passages of the user's documents that mean about the same as a given text.

    Use this to find related or duplicate passages, not to answer questions.
    """
    found = await run_in_thread(
        library.search_for,
        current_call_context(),
        text,
        limit=limit,
        mode=SearchMode.SEMANTIC,
        operators=False,
    )
    return passages(found)


async def collections() -> Answer:
    """List the collections of documents the user can search, with their sizes."""
    rows = await run_in_thread(library.collections, current_call_context())
    lines = [f"- {row['name']} ({row['document_count']} documents)" for row in rows]
    text = "\n".join(lines) or "This user has no collections."
    return Answer(text, {"collections": rows})


def passages(found: SearchAnswer | None, *, introduction: str = "") -> Answer:
    """What was found for reading, and as data."""
    if found is None:
        return Answer(NOTHING, {"results": []})
    listed = "\n\n".join(passage(number, hit) for number, hit in enumerate(found.results, 1))
    structured: dict[str, Any] = {"results": [hit.as_json() for hit in found.results]}
    if found.understood.restricts:
        structured["understood"] = found.understood.as_json()
    if found.incomplete:
        structured["incomplete"] = True
    text = introduction + listed if found.results else NOTHING
    notes = list(filter(None, (caution(found), UNREAD * found.incomplete)))
    if notes:
        # Whoever numbers the passages anew has to tell them as well.
        structured["notes"] = notes
    return Answer("\n\n".join((text, *notes)), structured)


def caution(found: SearchAnswer) -> str:
    """What a reader has to know of the operators in a query, and of hits without its words."""
    understood = found.understood
    if understood.relaxed:
        return "Note: no passage has exactly these words: " + "; ".join(understood.phrases)
    pieces = [
        f"{'-' if piece.negated else ''}{piece.name}:{piece.value}" for piece in understood.pieces
    ]
    if pieces:
        return f"Note: only what fits was searched: {'; '.join(pieces)}"
    return "Note: no passage has these words; they are similar at most." * found.only_similar


def passage(number: int, hit: SearchHit) -> str:
    """One numbered passage under its origin."""
    places = [hit.title, hit.heading, f"page {hit.page}" if hit.page else "", hit.cells]
    return f"[{number}] {' · '.join(filter(None, places))}\n{hit.whole_text}"
