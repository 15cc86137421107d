"""Meetings of Outlook ([MS-OXOCAL]) as the calendars that other programs send (RFC 5546)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from babel.core import get_global

from ingestion.parsing import kinds
from ingestion.parsing.calendars.events import FORMER, TIMES
from ingestion.parsing.mail.parts import bytes_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import Message

EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
APPOINTMENT, MEETING = "IPM.APPOINTMENT", "IPM.SCHEDULE.MEETING."
# What a message is for, by how its class goes on.
METHODS = {"REQUEST": "REQUEST", "CANCELED": "CANCEL", "RESP": "REPLY"}
ANSWERS = {"POS": "ACCEPTED", "NEG": "DECLINED", "TENT": "TENTATIVE"}
# What is known of the answer of somebody who was invited.
TRACKED = {2: "TENTATIVE", 3: "ACCEPTED", 4: "DECLINED"}
HALF_A_DAY = timedelta(hours=12)
# Texts of iCalendar have these behind a backslash; values in quotes have no quotes.
SPECIAL = re.compile(r"([\\;,])")
ZONE_NAME_AT = 8


class Person(NamedTuple):
    """Somebody who takes part, and what they answered as iCalendar says it."""

    name: str
    address: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What Outlook keeps of a meeting; times in tenths of microseconds since 1601."""

    message_class: str
    subject: str
    start: int
    end: int
    place: str = ""
    zone: str = ""
    # In words of the program that made it.
    repeats: str = ""
    is_all_day: bool = False
    is_cancelled: bool = False
    organizer: Person | None = None
    attendees: Sequence[Person] = field(default=())
    # When the sender would rather have it; zero when nothing else is proposed.
    proposed_start: int = 0
    proposed_end: int = 0

    @property
    def method(self) -> str:
        """What the message is for; empty for an entry of somebody's own calendar."""
        if self.answer and self.proposed_start:
            return "COUNTER"
        return METHODS.get(self.message_class.upper().removeprefix(MEETING).partition(".")[0], "")

    @property
    def answer(self) -> str:
        """What a reply says."""
        return ANSWERS.get(self.message_class.upper().rpartition(".")[2], "")


def is_meeting(message_class: str) -> bool:
    """Whether a message is an invitation, an answer to one, or an entry of a calendar."""
    name = message_class.upper()
    return name.startswith(MEETING) or f"{name}.".startswith(f"{APPOINTMENT}.")


def calendar_of(meeting: Meeting) -> Message:
    """A meeting as the part that other programs send with an invitation."""
    text = "\r\n".join(
        (
            *("BEGIN:VCALENDAR", f"METHOD:{meeting.method}", "BEGIN:VEVENT"),
            *lines_of(meeting),
            *("END:VEVENT", "END:VCALENDAR", ""),
        )
    )
    kind = f"{kinds.ICALENDAR.mime}; charset=utf-8"
    return bytes_part(kind, text.encode("utf-8", "replace"))


def lines_of(meeting: Meeting) -> Iterator[str]:
    """The properties of the event."""
    yield f"SUMMARY:{escaped(meeting.subject)}"
    if meeting.is_cancelled:
        yield "STATUS:CANCELLED"
    for name, ticks in times_of(meeting):
        if moment := moment_of(ticks, meeting):
            yield f"{name}{moment}"
    if meeting.repeats:
        yield f"RRULE:{on_one_line(meeting.repeats)}"
    if meeting.place:
        yield f"LOCATION:{escaped(meeting.place)}"
    if meeting.organizer:
        yield f"ORGANIZER{person(meeting.organizer)}"
    yield from (f"ATTENDEE{person(one)}" for one in meeting.attendees)


def times_of(meeting: Meeting) -> Iterator[tuple[str, int]]:
    """When it takes place, by the names of the properties; what is proposed is the event's time."""
    planned = (meeting.start, meeting.end)
    if meeting.method != "COUNTER":
        yield from zip(TIMES, planned, strict=True)
    else:
        yield from zip(TIMES, (meeting.proposed_start, meeting.proposed_end), strict=True)
        yield from zip(FORMER, planned, strict=True)


def moment_of(ticks: int, meeting: Meeting) -> str:
    """A time with its parameters, as it is on the clocks of the meeting's zone; empty for none."""
    if not ticks:
        return ""
    try:
        at = EPOCH + timedelta(microseconds=ticks // 10)
        zone = zone_of(meeting.zone)
        local = at.astimezone(zone) if zone else at
        if meeting.is_all_day:
            # In the clocks of an unknown zone, midnight is at most half a day away.
            return f";VALUE=DATE:{local if zone else at + HALF_A_DAY:%Y%m%d}"
    except OverflowError:
        return ""
    name = quoted(meeting.zone)
    return f';TZID="{name}":{local:%Y%m%dT%H%M%S}' if zone else f":{at:%Y%m%dT%H%M%SZ}"


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone that Windows calls so; none when it is not known."""
    try:
        return ZoneInfo(get_global("windows_zone_mapping").get(name, name)) if name else None
    except (KeyError, ValueError, OSError):
        return None


def zone_name(definition: bytes) -> str:
    """The name of the time zone that a definition ([MS-OXOCAL] 2.2.1.41) describes."""
    length = 2 * int.from_bytes(definition[ZONE_NAME_AT - 2 : ZONE_NAME_AT], "little")
    return definition[ZONE_NAME_AT : ZONE_NAME_AT + length].decode("utf-16-le", "replace")


def person(one: Person) -> str:
    """Somebody as the rest of a line."""
    answer = f";PARTSTAT={one.answer}" if one.answer else ""
    return f'{answer};CN="{quoted(one.name)}":{on_one_line(f"mailto:{one.address}")}'


def escaped(text: str) -> str:
    """A text as a value."""
    return SPECIAL.sub(r"\\\1", on_one_line(text))


def quoted(text: str) -> str:
    """A text as it may stand between quotes."""
    return on_one_line(text).replace('"', "'")


def on_one_line(text: str) -> str:
    """A text without line ends."""
    return " ".join(text.split())
