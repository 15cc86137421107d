"""Contacts (vCard) as people read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.calendars.content_lines import LONGEST_NAME, components_of
from ingestion.parsing.calendars.times import day_of
from ingestion.parsing.composing import Composition
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.calendars.content_lines import Component, Line

# In the order in which they are shown.
LABELS = {
    "NICKNAME": "Nickname",
    "TITLE": "Title",
    "ROLE": "Role",
    "ORG": "Organization",
    "TEL": "Phone",
    "EMAIL": "E-mail",
    "IMPP": "Chat",
    "ADR": "Address",
    "URL": "Website",
    "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary",
    "RELATED": "Related",
    "CATEGORIES": "Categories",
    "MEMBER": "Member",
}
DAYS = {"BDAY", "ANNIVERSARY"}
# Kinds that everybody means, or that only say how something is written.
UNTOLD = {"voice", "internet", "pref", "x400", "dom", "intl", "postal", "parcel", "text", "uri"}
OWN_LABEL = re.compile(r"_\$!<([^<>]*+)>!\$_")
SCHEME = re.compile(r"(?:tel|mailto|xmpp|sip|skype|aim):(?=.)", re.I)
# Parts of a name and of an address, in the order of reading.
NAME_ORDER = (3, 1, 2, 0, 4)
STREETS, CITY, REGION, CODE, COUNTRY = (0, 1, 2), 3, 4, 5, 6
UNNAMED = "(no name)"


@kinds.reads(kinds.VCARD)
def read_contacts(data: bytes, mime: str) -> Extract:
    """Contacts, each under its name; the text as it is when it holds none."""
    components, found = components_of(data)
    cards = [one for one in components if one.name == "VCARD" and one.lines]
    whole = Composition()
    for card in cards:
        if whole.is_full:
            break
        name = name_of(card)
        whole.add("\n".join((name, *details_of(card))), name, 1)
    if not whole.parts:
        return Extract(found.text, notes=found.notes)
    whole.note(*found.notes)
    return whole.as_extract(name_of(cards[0]) if len(cards) == 1 else "")


def name_of(card: Component) -> str:
    """What a contact is called: a person, or else an organization or an address."""
    parts = card.first("N").parts(";")
    in_order = (parts[place].replace(",", " ") for place in NAME_ORDER if place < len(parts))
    name = card.text("FN") or " ".join(filter(None, in_order))
    name = name or ", ".join(filter(None, card.first("ORG").parts(";")))
    return " ".join((name or card.text("EMAIL") or UNNAMED).split())[:LONGEST_NAME]


def details_of(card: Component) -> Iterator[str]:
    """What is known of a contact, a line each, with its notes behind."""
    own = {line.group: line.text for line in card.all("X-ABLABEL") if line.group}
    for name, label in LABELS.items():
        for line in card.all(name):
            if value := shown(line):
                yield f"{label}{kinds_of(line, own)}: {value}"
    for note in card.all("NOTE"):
        if note.text:
            yield f"\n{note.text}"


def kinds_of(line: Line, own: dict[str, str]) -> str:
    """Which of several it is, in brackets."""
    told = OWN_LABEL.sub(r"\1", own.get(line.group, ""))
    names = [told] if told else [one for one in line.types if one not in UNTOLD]
    names = [one for one in names if not one.startswith("x-")]
    return f" ({', '.join(dict.fromkeys(names))})" if names else ""


def shown(line: Line) -> str:
    """A value on one line."""
    if line.name in DAYS:
        return day_of(line.value) or line.text
    if line.name == "ADR":
        return address_of(line.parts(";"))
    if line.name in {"ORG", "CATEGORIES", "NICKNAME"}:
        return ", ".join(filter(None, line.parts(";" if line.name == "ORG" else ",")))
    return SCHEME.sub("", " ".join(line.text.split()), count=1)


def address_of(parts: list[str]) -> str:
    """An address as it stands on a letter, on one line."""
    parts = [" ".join(part.split()) for part in parts]
    parts += [""] * (COUNTRY + 1 - len(parts))
    town = " ".join(filter(None, (parts[CODE], parts[CITY])))
    streets = (parts[place] for place in STREETS)
    return ", ".join(filter(None, (*streets, town, parts[REGION], parts[COUNTRY])))
