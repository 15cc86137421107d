"""Calendars (iCalendar, vCalendar): events, tasks and journals as people read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing import kinds
from ingestion.parsing.calendars.content_lines import LONGEST_NAME, components_of
from ingestion.parsing.calendars.recurrence import listed, rule_in_words
from ingestion.parsing.calendars.times import Moment, duration_of, moments_of, span_of
from ingestion.parsing.composing import Composition
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.calendars.content_lines import Component, Line

SHOWN = {"VEVENT", "VTODO", "VJOURNAL"}
UNTITLED = "(no title)"
# When it takes place, from when to when.
TIMES = ("DTSTART", "DTEND")
# When it was to take place before somebody proposed another time: [MS-OXCICAL].
FORMER = ("X-MS-OLK-ORIGINALSTART", "X-MS-OLK-ORIGINALEND")
CANCELLED = "CANCELLED"
# Without any of them nobody was invited (RFC 5545, 3.8.4).
PEOPLE = ("ORGANIZER", "ATTENDEE")
MEETINGS = {"en": "Meeting", "it": "Riunione", "de": "Besprechung"}
MAILTO = re.compile(r"mailto:", re.I)
ANSWERS = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
}
STATES = {
    CANCELLED: "cancelled",
    "TENTATIVE": "tentative",
    "NEEDS-ACTION": "to do",
    "IN-PROCESS": "in progress",
    "COMPLETED": "done",
    "DRAFT": "draft",
    "COUNTER": "another time is proposed",
    "DECLINECOUNTER": "the proposed time is declined",
}
# What a calendar that is sent says of its events, whatever they say of themselves (RFC 5546).
METHODS = {"CANCEL": CANCELLED, "COUNTER": "COUNTER", "DECLINECOUNTER": "DECLINECOUNTER"}
# Exceptions of a series, and people, that are named.
MOST_NAMED = 200


@kinds.reads(kinds.ICALENDAR)
def read_calendar(data: bytes, mime: str) -> Extract:
    """Events, each under its title; the text as it is when it holds none."""
    components, found = components_of(data)
    calendar = next((one for one in components if one.name == "VCALENDAR"), None)
    events = [one for one in components if one.name in SHOWN and one.lines]
    state = METHODS.get(calendar.text("METHOD").upper(), "") if calendar else ""
    whole = Composition()
    for event in events:
        if whole.is_full:
            break
        heading = heading_of(event)
        whole.add("\n".join((heading, *details_of(event, state))), heading, 1)
    if not whole.parts:
        return Extract(found.text, notes=found.notes)
    whole.note(*found.notes)
    if len(events) == 1:
        return whole.as_extract(title_of(events[0]))
    named = calendar and (calendar.text("X-WR-CALNAME") or calendar.text("NAME"))
    return whole.as_extract(named or "")


def title_of(event: Component) -> str:
    """What an event is called."""
    return " ".join(event.text("SUMMARY").split())[:LONGEST_NAME] or UNTITLED


def heading_of(event: Component) -> str:
    """What stands above an event; of one between people that it is a meeting, in its language.

    Whoever asks when the meeting is uses that word, and titles do not say it.
    """
    title = title_of(event)
    if not any(map(event.all, PEOPLE)):
        return title
    language = identify(f"{title}\n{event.text('DESCRIPTION')}")
    return f"{MEETINGS.get(language, MEETINGS['en'])}: {title}"


def details_of(event: Component, state: str) -> Iterator[str]:
    """What is known of an event, a line each, with its description behind.

    Its `state` is its own unless the calendar gives it one.
    """
    state = state or event.text("STATUS").upper()
    organizers, attendees = event.all("ORGANIZER"), event.all("ATTENDEE")
    lines = {
        "Status": STATES.get(state, ""),
        **times_of(event),
        "Where": "; ".join(" ".join(one.text.split()) for one in event.all("LOCATION")),
        "Organizer": ", ".join(map(shown_person, organizers)),
        "Attendees": ", ".join(map(shown_person, attendees[:MOST_NAMED])),
        "Categories": ", ".join(
            name for line in event.all("CATEGORIES") for name in line.parts(",") if name
        ),
        "Link": event.text("URL"),
    }
    yield from (f"{label}: {value}" for label, value in lines.items() if value)
    for line in (*event.all("DESCRIPTION"), *event.all("COMMENT")):
        if line.text:
            yield f"\n{line.text}"


def times_of(event: Component) -> dict[str, str]:
    """When an event takes place and how it repeats, by what to write before."""
    rules = event.all("RRULE")
    return {
        "When": when(event, *TIMES),
        "Due": listed_moments(event, "DUE"),
        "Completed": listed_moments(event, "COMPLETED"),
        "Repeats": "; ".join(rule_in_words(rule.value) for rule in rules),
        "Also on": listed_moments(event, "RDATE"),
        "Not on": listed_moments(event, "EXDATE"),
        "Instead of": listed_moments(event, "RECURRENCE-ID") or when(event, *FORMER),
    }


def when(event: Component, starts: str, ends: str) -> str:
    """From when to when it takes place, by the names of both properties."""
    start = first_moment(event, starts)
    if start is None:
        return ""
    end = first_moment(event, ends)
    length = duration_of(event.first("DURATION").value)
    if end is None and length is not None:
        try:
            end = start._replace(at=start.at + length)
        except OverflowError:
            end = None
    return span_of(start, end)


def first_moment(event: Component, name: str) -> Moment | None:
    """The time of a property."""
    return next(iter(moments_of(event.first(name))), None)


def listed_moments(event: Component, name: str) -> str:
    """All times of the properties of a name, in words."""
    found = [moment.text for line in event.all(name) for moment in moments_of(line)]
    more = len(found) - MOST_NAMED
    return (
        listed(found[:MOST_NAMED] + ([f"{more} more"] if more > 0 else []), "and") if found else ""
    )


def shown_person(line: Line) -> str:
    """A person with an address, and what they answered."""
    name = " ".join(line.parameters.get("CN", "").split())
    address = MAILTO.sub("", line.value.strip(), count=1)
    is_address = "@" in address and name != address
    person = (f"{name} <{address}>" if is_address else name) if name else address
    answer = ANSWERS.get(line.parameters.get("PARTSTAT", "").upper(), "")
    return f"{person} ({answer})" if answer else person
