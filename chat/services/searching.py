"""Finding conversations by their titles, and messages by what was said.

Both are encrypted, so they are read here: some at a time, and others may go between. An index of
words would be a copy of what the encryption is there to hide.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from chat.models import Message
from documents.quoting.highlighting import lines_around, without_markup
from youworker.core.slots import give_way
from youworker.core.unicode import fold, places_of, spellings, transcribed
from youworker.encryption.fields import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from chat.managers import SessionQuerySet
    from documents.quoting.highlighting import Piece

# Some 20 ms of decrypting, about as long as any other request takes.
TITLES_AT_ONCE = 500
MESSAGES_AT_ONCE = 300
# Two or three lines at the side of a page.
EXCERPT_CHARACTERS = 160
# What stands between quotation marks is looked for as it is.
TERM = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|(\S+)")
QUOTATION_MARKS = '"“”„«»'


def ids_of_titled(sessions: SessionQuerySet, words: str) -> list[UUID]:
    """The ids of those sessions whose title has the words, in order."""
    found: list[UUID] = []
    wanted = fold(words)
    ids = list(sessions.values_list("pk", flat=True))
    for start in range(0, len(ids), TITLES_AT_ONCE):
        part = ids[start : start + TITLES_AT_ONCE]
        titled = sessions.order_by().only("title").in_bulk(part)
        found += [pk for pk in part if pk in titled and wanted in fold(titled[pk].title)]
        give_way()
    return found


class Said(NamedTuple):
    """A message that has the words that were looked for."""

    message_id: UUID
    session_id: UUID


def find_said(sessions: SessionQuerySet, words: str) -> Iterator[Said]:
    """The messages in some conversations that have all the words, newest first.

    As many are read as the caller takes. Case and accents do not count, parts of words do; words
    between quotation marks stand side by side.
    """
    terms = terms_of(words)
    if not terms:
        return
    rows = Message.objects.filter(session__in=sessions.order_by())
    places = [Said(*each) for each in rows.newest_first().values_list("pk", "session_id")]
    for start in range(0, len(places), MESSAGES_AT_ONCE):
        part = places[start : start + MESSAGES_AT_ONCE]
        said = Message.objects.only("content").in_bulk([place.message_id for place in part])
        for place in part:
            if place.message_id in said and has_all(said[place.message_id].content, terms):
                yield place
        give_way()


def terms_of(words: str) -> list[frozenset[str]]:
    """What to look for: of each word or quoted phrase the folded ways to spell it."""
    found = (one or other.strip(QUOTATION_MARKS) for one, other in TERM.findall(words))
    return [ways for term in found if all(ways := spellings(" ".join(term.split())))]


def has_all(text: str, terms: list[frozenset[str]]) -> bool:
    """Whether a text has each term in one of its spellings."""
    if isinstance(text, Damaged):
        return False
    line = in_one_line(text)
    written = [fold(each) for each in {line, transcribed(line)}]
    return all(any(way in each for each in written for way in ways) for ways in terms)


def excerpt_of_said(text: str, words: str) -> list[Piece]:
    """A few lines of a message around the words that were looked for, as pieces in order."""
    shown = in_one_line(without_markup(text))
    spans = places_of(frozenset().union(*terms_of(words)), shown)
    return lines_around(shown, spans, EXCERPT_CHARACTERS)


def in_one_line(text: str) -> str:
    """A text (NFC) with single blanks, and without what Markdown stresses its words with."""
    bare = text.replace("**", "").replace("`", "")
    return " ".join(unicodedata.normalize("NFC", bare).split())
