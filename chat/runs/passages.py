"""Numbering the passages of a run, and turning the `[n]` of its answer into citations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chat.agent.prompt import fenced
from chat.llm.sentences import overlap, split_sentences
from chat.models import Citation, Message
from documents.models import Document, Passage

MARK = re.compile(r"\[(\d{1,3})\]")
SUPPORTED_FROM = 0.5
QUOTE_CHARACTERS = 600


@dataclass(slots=True)
class PassageBook:
    """The passages a run has seen, numbered in order of first appearance."""

    passages: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def enter(self, passage: dict[str, Any]) -> int:
        """The number of a passage, a new one when it was not seen before."""
        key = str(passage["chunk_id"])
        if key not in self.numbers:
            self.passages.append(passage)
            self.numbers[key] = len(self.passages)
        return self.numbers[key]

    def numbered(self, structured: Any) -> list[dict[str, Any]] | None:
        """The passages in a tool's data, each with its number `n`; None when there are none."""
        results = structured.get("results") if isinstance(structured, dict) else None
        if not isinstance(results, list) or not all(is_passage(result) for result in results):
            return None
        for result in results:
            result["n"] = self.enter(result)
        return results


def is_passage(result: Any) -> bool:
    """Whether a tool's data looks like a search result of ours."""
    return isinstance(result, dict) and {"chunk_id", "text", "document"} <= result.keys()


def passages_for_model(results: list[dict[str, Any]], *, limit: int) -> str:
    """Numbered passages, each fenced with its origin, sharing `limit` characters."""
    if not results:
        return "Nothing was found in the documents."
    share = max(300, limit // len(results))
    return "\n".join(
        f"[{result['n']}]\n" + fenced(result["text"], origin=origin(result), limit=share)
        for result in results
    )


def origin(result: dict[str, Any]) -> str:
    """Title, heading and page of a passage."""
    page = f", page {result['page']}" if result.get("page") else ""
    heading = f", {result['heading']}" if result.get("heading") else ""
    return f"{result['document'].get('title', '')}{heading}{page}"


def citations_of(answer: Message, text: str, book: PassageBook) -> list[Citation]:
    """One unsaved citation for each number of the text that stands for a passage.

    Supported means that every sentence which carries the number shares most of its content
    words with the passage.
    """
    marked: dict[int, list[str]] = {}
    for sentence in sentences_with_marks(text):
        for found in MARK.findall(sentence):
            marked.setdefault(int(found), []).append(MARK.sub("", sentence))
    known = existing(book)
    return [
        citation_of(answer, number, sentences, book.passages[number - 1], known)
        for number, sentences in sorted(marked.items())
        if 1 <= number <= len(book.passages)
    ]


def sentences_with_marks(text: str) -> list[str]:
    """The sentences of an answer; marks that follow a closing quote belong to it."""
    joined: list[str] = []
    for piece in split_sentences(text):
        if joined and not MARK.sub("", piece).strip(" .,;"):
            joined[-1] = f"{joined[-1]} {piece}"
        else:
            joined.append(piece)
    return joined


def existing(book: PassageBook) -> tuple[set[str], set[str]]:
    """Which passages and documents are still there: both may have gone while the model spoke."""
    chunks = [str(passage["chunk_id"]) for passage in book.passages if is_id(passage["chunk_id"])]
    found = Passage.objects.filter(pk__in=chunks).values_list("pk", "document_id")
    passages = {str(pk): str(document) for pk, document in found}
    documents = Document.all_objects.filter(pk__in=passages.values()).values_list("pk", flat=True)
    return set(passages), {str(pk) for pk in documents}


def is_id(value: Any) -> bool:
    """Whether a value is a UUID; tools of others may send anything."""
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def citation_of(
    answer: Message,
    number: int,
    sentences: list[str],
    passage: dict[str, Any],
    known: tuple[set[str], set[str]],
) -> Citation:
    """The citation of one passage."""
    chunk, document = str(passage["chunk_id"]), str(passage["document"].get("id"))
    return Citation(
        message=answer,
        index=number,
        document_id=document if document in known[1] else None,
        passage_id=chunk if chunk in known[0] else None,
        title=str(passage["document"].get("title", ""))[:500],
        heading=str(passage.get("heading") or ""),
        page=passage.get("page"),
        start=passage.get("start") or 0,
        end=passage.get("end") or 0,
        quote=passage["text"][:QUOTE_CHARACTERS],
        supported=all(overlap(each, passage["text"]) >= SUPPORTED_FROM for each in sentences),
    )
