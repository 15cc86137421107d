"""User names that are made out of what other systems call people."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 150
# More of a name is not looked at: one letter may become eighteen.
LONGEST_LOOKED_AT = 4 * LONGEST
# How many people of one name get a number before a part of a hash serves.
NUMBERED = 9
HASHED_DIGITS = 12
# What names are written together over, as O'Brien is: apostrophes and their look-alikes.
JOINING = str.maketrans("", "", "'`\u00b4\u2018\u2019\u02bc\uff07")
# Marks that no user name can have, and what nobody sees.
UNSEEN = {"Mn", "Mc", "Me", "Cf", "Cc", "Cs", "Co", "Cn"}
REFUSED = re.compile(r"[^\w.@+-]+")
NOTHING_SAID = "user"


def is_usable_name(name: str) -> bool:
    """Whether a user can have exactly this name."""
    try:
        User(username=name, password="-").clean_fields(exclude=["email"])  # noqa: S106
    except ValidationError:
        return False
    return True


def nearest_name(text: str) -> str:
    """The name a user can have that is most like `text`; empty when no letter of it is left.

    Letters are composed first, so only marks that belong to none are lost.
    """
    if is_usable_name(text):
        return text
    joined = unicodedata.normalize("NFKC", text[:LONGEST_LOOKED_AT].translate(JOINING))
    seen = "".join(each for each in joined if is_seen(each))
    name = REFUSED.sub("-", seen)[:LONGEST].strip("-.")
    return name if any(each.isalnum() for each in name) else ""


def is_seen(letter: str) -> bool:
    """Whether people see a character, be it as a gap."""
    return letter.isspace() or unicodedata.category(letter) not in UNSEEN


def free_names(*wanted: str, person: str) -> Iterator[str]:
    """Names for a new user that nobody has, best first: the first of `wanted` that has letters.

    Upper and lower case make no difference. `person` is who they are for ever, from which the last
    name is made, should many people be called alike.
    """
    name = next(filter(None, map(nearest_name, wanted)), NOTHING_SAID)
    digits = sha256(person.encode()).hexdigest()[:HASHED_DIGITS]
    numbers = [f"-{number}" for number in range(2, NUMBERED + 1)]
    for ending in ("", *numbers, f"-{digits}"):
        free = f"{name[: LONGEST - len(ending)]}{ending}"
        if not User.objects.filter(username__iexact=free).exists():
            yield free
