"""Questions that need no document: greetings, thanks, the time and the date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from chat.llm.quote.messages import phrase, spoken_date

SMALL_TALK = {
    ("greeting", "en"): re.compile(
        r"(?:(?:hi|hello|hey|howdy|good (?:morning|afternoon|evening|day)|how are you"
        r"|how do you do)(?: there| everybody| all| youworker)?[\s,.!?]*)+"
    ),
    ("greeting", "it"): re.compile(
        r"(?:(?:ciao|salve|buongiorno|buon giorno|buonasera|buona sera|come stai|come va)"
        r"(?: a tutti| youworker)?[\s,.!?]*)+"
    ),
    ("thanks", "en"): re.compile(
        r"(?:ok(?:ay)?|great|perfect)?[\s,.!]*(?:many thanks|thanks?(?: you)?|thx|cheers)"
        r"(?: a lot| so much| very much| again)?[\s,.!]*"
        r"(?:that (?:helped|helps)|great|bye)?[\s,.!]*"
    ),
    ("thanks", "it"): re.compile(
        r"(?:ok(?:ay)?|perfetto|ottimo|bene)?[\s,.!]*grazie(?: ancora| mille| tante)?[\s,.!]*"
    ),
    ("farewell", "en"): re.compile(
        r"(?:good ?bye|bye(?: bye)?|see you(?: later)?|good night)[\s,.!]*"
    ),
    ("farewell", "it"): re.compile(r"(?:arrivederci|a presto|a dopo|buonanotte)[\s,.!]*"),
    ("about", "en"): re.compile(
        r"(?:who|what) are you[\s?!.]*|what (?:can|do) you do[\s?!.]*|how do you work[\s?!.]*"
        r"|what can i ask(?: you)?[\s?!.]*|help(?: me)?[\s?!.]*"
    ),
    ("about", "it"): re.compile(
        r"chi sei[\s?!.]*|cosa sei[\s?!.]*|(?:che )?cosa (?:sai|puoi) fare[\s?!.]*"
        r"|come funzioni[\s?!.]*|aiuto[\s?!.]*"
    ),
    ("empty", "en"): re.compile(r"[\W_]*"),
}

PLACE = r"(?: (?:in|at|for|a|ad|nel|nella|negli|per) (?P<place>[^\W\d_][^?!.,]{1,40}?))?"
NOW = r"(?: (?:right now|now|today|currently|please|adesso|ora|oggi|per favore))*"
LEAD = r"(?:please |(?:can|could) you tell me |tell me |do you know |sai |mi sai dire |dimmi )?"
TIME = re.compile(
    LEAD + r"(?:what(?:'s| is)? (?:the )?(?:current |local |exact )?time(?: is it| it is)?"
    r"|(?:the )?(?:current|local) time|the time|che or[ae] (?:sono|è|e')|che ore|l'ora(?: esatta)?)"
    + NOW
    + PLACE
    + NOW
    + r"[\s?!.]*"
)
DATE = re.compile(
    LEAD + r"(?:(?:what|which) (?:day|date|year|month)(?: of the week)? (?:is|do we have)"
    r"(?: it| today| this)?|what(?:'s| is) (?:the |today'?s |the current |the day )?"
    r"(?:date|day|today)|today'?s date|che (?:giorno|data|anno|mese) (?:è|e'|siamo)"
    r"|in che (?:giorno|anno|mese) siamo|quanti ne abbiamo|(?:qual è )?la data(?: di oggi)?)"
    + NOW
    + PLACE
    + NOW
    + r"[\s?!.]*"
)
ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")

# Cities and countries under names that are not those of a time zone.
ZONES = {
    "Europe/Rome": "italy italia roma milan milano naples napoli turin torino florence firenze",
    "Europe/London": "londra england inghilterra uk britain",
    "Europe/Paris": "parigi france francia",
    "Europe/Berlin": "berlino germany germania munich monaco_di_baviera frankfurt hamburg",
    "Europe/Zurich": "zurigo switzerland svizzera geneva ginevra",
    "Europe/Madrid": "spain spagna barcelona barcellona",
    "Europe/Lisbon": "lisbona portugal portogallo",
    "Europe/Athens": "atene greece grecia",
    "Europe/Moscow": "mosca",
    "Europe/Brussels": "bruxelles belgium belgio",
    "Europe/Vienna": "austria",
    "Asia/Tokyo": "tokio japan giappone osaka",
    "Asia/Shanghai": "china cina beijing pechino shenzhen",
    "Asia/Kolkata": "india mumbai delhi new_delhi nuova_delhi bangalore",
    "Asia/Seoul": "korea corea",
    "America/New_York": "nyc boston washington miami atlanta philadelphia",
    "America/Chicago": "houston dallas texas",
    "America/Los_Angeles": "california san_francisco seattle las_vegas",
    "America/Sao_Paulo": "brazil brasile san_paolo",
    "Australia/Sydney": "australia",
    "UTC": "utc gmt greenwich",
}


# Nobody greets at greater length, and a pasted page is not searched for greetings.
LONGEST = 200


@dataclass(frozen=True)
class SmallTalk:
    """Which phrase answers, in which language."""

    name: str
    language: str


@dataclass(frozen=True)
class TimeQuestion:
    """Somebody wants to know the time or the date, here or elsewhere."""

    kind: Literal["time", "date"]
    place: str = ""

    @property
    def zone(self) -> str:
        """The IANA zone of the place; empty for here and for places nobody knows."""
        name = re.sub(r"^(?:the|la|il|gli|l')\s*", "", self.place.lower())
        return zones_by_place().get("_".join(name.split()), "")


def small_talk(question: str) -> SmallTalk | None:
    """Which phrase answers a question that asks nothing; None for a real one."""
    text = plain(question)
    if len(text) > LONGEST:
        return None
    for (name, language), pattern in SMALL_TALK.items():
        if pattern.fullmatch(text):
            return SmallTalk(name, language)
    return None


def time_question(question: str) -> TimeQuestion | None:
    """The question for the time or the date, if it is one and nothing else."""
    text = plain(question)
    if len(text) > LONGEST:
        return None
    if found := TIME.fullmatch(text):
        return TimeQuestion("time", found["place"] or "")
    if found := DATE.fullmatch(text):
        return TimeQuestion("date", found["place"] or "")
    return None


def plain(question: str) -> str:
    """A question in lower case with single spaces and straight apostrophes."""
    return " ".join(question.replace("\u2019", "'").lower().split())


@cache
def zones_by_place() -> dict[str, str]:
    """Zone names by city, from the system's list and the one above."""
    found = {
        name.rsplit("/", 1)[-1].lower(): name
        for name in sorted(available_timezones())
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    }
    for zone, places in ZONES.items():
        found.update(dict.fromkeys(places.split(), zone))
    return found


def time_answer(question: TimeQuestion, text: str, structured: Any, language: str) -> str:
    """The answer, from what the clock tool said; its own words when no moment is in them."""
    moment = moment_in(structured) or moment_in(text)
    if moment is None:
        return text.strip()
    unknown = question.place and not question.zone
    place = f" ({question.zone})" if question.zone else ""
    date = spoken_date(moment, language)
    answer = phrase(question.kind, language, time=f"{moment:%H:%M}", date=date, place=place)
    if unknown:
        return phrase("unknown_place", language, place=question.place) + answer
    return answer


def moment_in(value: Any) -> datetime | None:
    """The first ISO date and time found in a tool's data or text."""
    if isinstance(value, dict):
        return next(filter(None, map(moment_in, value.values())), None)
    if isinstance(value, list):
        return next(filter(None, map(moment_in, value)), None)
    found = ISO.search(value) if isinstance(value, str) else None
    return datetime.fromisoformat(found[0]) if found else None
