"""Recordings are heard piece by piece: what was heard is kept, and others may come in between."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from django.db import transaction

from documents.language import identify
from ingestion.events import announce
from ingestion.models import HeardPiece, IngestionRun
from ingestion.parsing.media import NO_SPEECH, label_of
from ingestion.parsing.process import ParserLost
from ingestion.parsing.sentences import DAMAGED_SOUND, LISTENING, LISTENING_OF
from ingestion.parsing.types import LONGEST_TEXT, Parsed, ParseFailed
from ingestion.pipeline.outcomes import ItemTaken, leased_row
from ingestion.pipeline.scans import TURN, TurnOver
from ingestion.recordings import clock, mime_of, passages_of
from youworker.core.db import relax_durability
from youworker.speech.configured import can_hear
from youworker.speech.engine.containers import HEAD_BYTES, reader_of
from youworker.speech.exceptions import SoundRefused, SpeechLost
from youworker.speech.hearing import hear_recording
from youworker.speech.types import Recorded, Segment, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingestion.models import IngestionItem
    from youworker.speech.types import HeardPiece as Piece


def is_recording(path: Path) -> bool:
    """Whether a file is sound or film, by its first bytes."""
    return bool(label_of(head_of(path)))


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def hear_item(item: IngestionItem, path: Path, *, look: Callable[[], None]) -> Parsed:
    """What is said in an item's file; `look` is called each second.

    Raises `ParseFailed`, `ParserLost`, `TurnOver`, `ItemTaken` and, when nobody who hears answers,
    `UpstreamUnavailable`.
    """
    head = head_of(path)
    if not can_hear():
        raise ParseFailed("no_speech_service", NO_SPEECH.format(label=label_of(head)))
    reader = reader_of(head)
    if not reader:
        raise ParseFailed("unknown_sound_format", "Recordings of this format cannot be heard.")
    try:
        found = hear_rest(item, path, look)
    except SoundRefused as error:
        raise ParseFailed(error.reason, error.message) from error
    except SpeechLost as error:
        raise ParserLost("parser_crashed") from error
    segments = [
        Segment(**segment)
        for piece in item.heard_pieces.order_by("start")
        for segment in piece.segments
    ]
    passages = passages_of(segments)
    if not passages:
        raise ParseFailed("no_speech", "Nothing that was said could be heard.")
    text = " ".join(draft.text for draft in passages)
    return Parsed(
        title="",
        mime=mime_of(reader, item.name, item.mime),
        language=identify(text) or found.language,
        pages=None,
        truncated=len(text) > LONGEST_TEXT,
        passages=passages,
        notes=[DAMAGED_SOUND] if found.is_damaged else [],
    )


def hear_rest(item: IngestionItem, path: Path, look: Callable[[], None]) -> Transcript:
    """Hear what was not heard in earlier turns, and keep it."""
    last = item.heard_pieces.order_by("start").last()
    found, until = Transcript(), time.monotonic() + TURN
    pieces = hear_recording(
        Recorded(path=path),
        found,
        skip=last.end if last else 0.0,
        former=last.language if last else "",
        goes_on=look,
    )
    with closing(pieces):
        for piece in pieces:
            keep_piece(item, piece)
            found.language = found.language or piece.language
            announce(item.run, final=False)
            give_turn(item, until=until)
    return found


def give_turn(item: IngestionItem, *, until: float) -> None:
    """Raise `TurnOver` after `until` (monotonic) if other runs wait."""
    others = IngestionRun.all_objects.with_work().exclude(pk=item.run_id)
    if time.monotonic() > until and others.exists():
        raise TurnOver


@transaction.atomic
def keep_piece(item: IngestionItem, piece: Piece) -> None:
    """Store a piece and how far its file is; raises `ItemTaken`."""
    relax_durability()
    heard, total = clock(piece.end), clock(max(piece.total, piece.end))
    said = (
        LISTENING_OF.format(heard=heard, total=total)
        if piece.total
        else LISTENING.format(heard=heard)
    )
    if not leased_row(item).change(note=said):
        raise ItemTaken
    segments = [
        {"start": one.start, "end": one.end, "text": one.text.replace("\0", "")}
        for one in piece.segments
    ]
    HeardPiece.objects.update_or_create(
        item=item,
        start=piece.start,
        defaults={"end": piece.end, "language": piece.language[:16], "segments": segments},
    )
