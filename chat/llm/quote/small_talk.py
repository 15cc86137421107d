"""Questions that need no document: greetings, thanks, the time and the date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from chat.llm.quote.messages import LANGUAGES, phrase, spoken_date

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
        r"\A(?:ok(?:ay)?|great|perfect)?[\s,.!]*+(?:many thanks|thanks?(?: you)?|thx|cheers)"
        r"(?: a lot| so much| very much| again)?[\s,.!]*+"
        r"(?:that (?:helped|helps)|great|bye)?[\s,.!]*+"
    ),
    ("thanks", "it"): re.compile(
        r"\A(?:ok(?:ay)?|perfetto|ottimo|bene)?[\s,.!]*+grazie(?: ancora| mille| tante)?[\s,.!]*+"
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

# Where a country has several time zones: those most of its people live in.
MAIN_ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
}
# Places that give no time zone its name, and names only people use.
PLACES = {
    "Europe/Rome": "milan milano naples napoli turin torino florence firenze",
    "Europe/London": "england inghilterra uk britain",
    "Europe/Berlin": "munich monaco_di_baviera frankfurt hamburg",
    "Europe/Zurich": "geneva ginevra",
    "Europe/Madrid": "barcelona barcellona",
    "Asia/Tokyo": "tokio osaka",
    "Asia/Shanghai": "beijing pechino shenzhen",
    "Asia/Kolkata": "mumbai delhi new_delhi nuova_delhi bangalore",
    "Asia/Seoul": "korea corea",
    "America/New_York": "nyc boston washington miami atlanta philadelphia",
    "America/Chicago": "houston dallas texas",
    "America/Los_Angeles": "california san_francisco seattle las_vegas",
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
        return zones_by_place().get(key_of(name), "")


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
    """Zone names by city and country, from the system's list, CLDR's names and the ones above."""
    # Looked up once: each look reads a folder.
    known = available_timezones()
    found = {
        key_of(name.rsplit("/", 1)[-1]): name
        for name in sorted(known)
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    }
    for language in LANGUAGES:
        named = named_zones(language)
        found |= {place: zone for place, zone in named.items() if zone in known}
    for zone, places in PLACES.items():
        found |= dict.fromkeys(places.split(), zone)
    return found


def named_zones(language: str) -> dict[str, str]:
    """Zones by the names of cities and countries in a language."""
    # Late, because its tables take a tenth of a second to load, and few ask for the time.
    from babel import Locale  # noqa: PLC0415 -- see above
    from babel.core import get_global  # noqa: PLC0415 -- see above

    locale = Locale(language)
    zones = get_global("territory_zones")
    single = {code: names[0] for code, names in zones.items() if len(names) == 1}
    countries = {
        key_of(locale.territories[code]): zone
        for code, zone in (single | MAIN_ZONES).items()
        if code in locale.territories
    }
    # Its names of zones are kept for ever; the system may know them under newer ones only.
    newer = get_global("zone_aliases")
    cities = {
        key_of(names["city"]): newer.get(zone, zone)
        for zone, names in locale.time_zones.items()
        if "city" in names
    }
    return countries | cities


def key_of(place: str) -> str:
    """The name of a place as it is looked up."""
    return "_".join(place.lower().split())


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
