"""Numbers written in groups - bank accounts, telephones, orders - in the form without gaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPED = re.compile(
    r"(?<![^\W_])(?:(?P<prefix>[A-Z]{1,4})[-/. ]?|(?P<word>[a-z]{1,4})[-/])?"
    r"(?P<number>\+?\(?[0-9]++(?:[ ()./'-]{1,3}[0-9]++)++)"
)
INTERNATIONAL = re.compile(r"(?<![^\W_])(?:\+|00)[0-9]{7,15}+(?![0-9])")
THOUSANDS = re.compile(r"[0-9]{1,3}(?:[ .'][0-9]{3})+")
TRUNK_ZERO = re.compile(r"\(0\)")
# Country, check digits and the account, as ISO 13616 has it.
IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}+")
SHORTEST_IBAN = 15
FEWEST_DIGITS, MOST_DIGITS = 7, 20
REMAINDER = 97


def joined_numbers(text: str) -> list[str]:
    """The grouped numbers of a text without what divides them, in lower case."""
    found: dict[str, None] = {}
    for match in GROUPED.finditer(text):
        found |= dict.fromkeys(joined_forms(match))
    for match in INTERNATIONAL.finditer(text):
        found[match[0].lstrip("+0")] = None
    for match in IBAN.finditer(text):
        found |= dict.fromkeys(checked_account(match[0]))
    return list(found)


def joined_forms(match: re.Match[str]) -> Iterator[str]:
    """A grouped number as digits, and with the letters before it; nothing for other groups."""
    number = match["number"]
    if match.string[match.end() : match.end() + 1].isalnum():
        return
    is_international = number.startswith(("+", "(+", "00"))
    if is_international:
        number = TRUNK_ZERO.sub(" ", number)
    groups = re.findall("[0-9]+", number)
    digits = "".join(groups)
    if not is_worth_joining(number, groups, is_international=is_international):
        return
    yield digits
    if is_international:
        yield digits.lstrip("0")
    if letters := match["prefix"] or match["word"]:
        yield letters.lower() + digits


def is_worth_joining(number: str, groups: list[str], *, is_international: bool) -> bool:
    """Whether people write a number with and without gaps.

    1.11.2026 and 11.1.2026, or 10.1.12.3 and 10.11.2.3, must not become the same.
    """
    if THOUSANDS.fullmatch(number):
        return True
    count = sum(map(len, groups))
    wide = is_international or min(map(len, groups)) > 1
    return wide and FEWEST_DIGITS <= count <= MOST_DIGITS


def checked_account(candidate: str) -> Iterator[str]:
    """The account at the beginning of a text whose check digits are right."""
    account = ""
    remainder = 0
    for place, char in enumerate(candidate):
        if not char.isalnum():
            continue
        account += char.lower()
        if len(account) > 4:  # noqa: PLR2004 -- country and check digits come last
            remainder = appended(remainder, char)
        ends = not candidate[place + 1 : place + 2].isalnum()
        if ends and len(account) >= SHORTEST_IBAN and is_checked(remainder, account[:4]):
            yield account


def is_checked(remainder: int, beginning: str) -> bool:
    """Whether country and check digits complete an account's remainder to 1."""
    for char in beginning:
        remainder = appended(remainder, char)
    return remainder == 1


def appended(remainder: int, char: str) -> int:
    """The remainder with one more digit, or with a letter as the two digits it stands for."""
    value = int(char, 36)
    return (remainder * (100 if value > 9 else 10) + value) % REMAINDER  # noqa: PLR2004 -- a digit
