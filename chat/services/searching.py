"""Finding conversations by their titles, and messages by what was said.

Both are encrypted, so they are read here: some at a time, and others may go between. An index of
words would be a copy of what the encryption is there to hide.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from chat.models import Message, Session
from documents.quoting.highlighting import lines_around, without_markup
from youworker.core.slots import give_way
from youworker.core.unicode import fold, places_of, spellings, transcribed
from youworker.encryption.fields import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.managers import SessionQuerySet
    from documents.quoting.highlighting import Piece

# Some 20 ms of decrypting, about as long as any other request takes.
TITLES_AT_ONCE = 500
MESSAGES_AT_ONCE = 300
# As long for folding, where messages are long.
CHARACTERS_AT_ONCE = 500_000
# Four lines at the side of a page, two on a page of their own.
EXCERPT_CHARACTERS = 120
# What stands between quotation marks is looked for as it is.
TERM = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|(\S+)")
QUOTATION_MARKS = '"“”„«»'
# What Markdown stresses words with and writes code in; `2**8` is something else.
STRESS = re.compile(r"`|\*\*(?:(?<![0-9A-Za-z]\*\*)|(?![0-9A-Za-z]))")


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


def find_said(
    words: str, *, archived: bool = False, origin: str = "", actor: User
) -> Iterator[Said]:
    """The messages that have all the words, newest first, in conversations as a list has them.

    As many are read as the caller takes. Case and accents do not count, parts of words do; words
    between quotation marks stand side by side.
    """
    terms = terms_of(words)
    if not terms:
        return
    own: SessionQuerySet = Session.objects.visible_to(actor)
    sessions = own.archived(archived=archived).of_origin(origin)
    rows = Message.objects.filter(session__in=sessions)
    places = [Said(*each) for each in rows.newest_first().values_list("pk", "session_id")]
    for start in range(0, len(places), MESSAGES_AT_ONCE):
        yield from said_in(places[start : start + MESSAGES_AT_ONCE], terms)
        give_way()


def said_in(places: Sequence[Said], terms: list[frozenset[str]]) -> Iterator[Said]:
    """Those of some messages that have all the terms; others go between long ones as well."""
    rows = Message.objects.only("content").in_bulk([place.message_id for place in places])
    read = 0
    for place in places:
        text = rows[place.message_id].content if place.message_id in rows else ""
        if has_all(text, terms):
            yield place
        read += len(text)
        if read > CHARACTERS_AT_ONCE:
            give_way()
            read = 0


class FoundMessage(NamedTuple):
    """A message that was found, and a few lines of it in pieces."""

    message: Message
    excerpt: list[Piece]


def read_found(ids: Sequence[UUID], words: str, *, actor: User) -> Iterator[FoundMessage]:
    """Those of some messages that somebody still has, in order, with the lines around the words."""
    rows = Message.objects.visible_to(actor).select_related("session").in_bulk(ids)
    for row in (rows[pk] for pk in ids if pk in rows):
        yield FoundMessage(row, excerpt_of_said(row.content, words))
        give_way()


def terms_of(words: str) -> list[frozenset[str]]:
    """What to look for: of each word or quoted phrase the folded ways to spell it."""
    found = (one or other.strip(QUOTATION_MARKS) for one, other in TERM.findall(words))
    return [ways for term in found if all(ways := spellings(in_one_line(term)))]


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
    return " ".join(unicodedata.normalize("NFC", STRESS.sub("", text)).split())
