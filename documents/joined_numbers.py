"""Numbers written in groups - bank accounts, telephones, orders - in the form without gaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each begins with one of a few characters, so that most of a text is skipped quickly.
GROUPED = re.compile(r"[0-9](?<![0-9]{2})[0-9]*+(?:[ ()./'-]{1,3}[0-9]++)++")
OPENING = re.compile(r"\(?\+?\(?\Z")
LETTERS_BEFORE = re.compile(r"(?<![^\W_])(?:([A-Z]{1,4})[-/. ]?|([a-z]{1,4})[-/])\Z")
INTERNATIONAL = re.compile(r"[+0][0-9]{8,16}+")
THOUSANDS = re.compile(r"[0-9]{1,3}(?:[ .'][0-9]{3})+")
DIGITS = re.compile("[0-9]+")
TRUNK_ZERO = re.compile(r"\(0\)")
# Country, check digits and the account, as ISO 13616 has it.
IBAN = re.compile(r"(?<=[A-Za-z]{2})[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}+")
SHORTEST_IBAN = 15
FEWEST_DIGITS, MOST_DIGITS = 7, 20
# With what divides thousands: 12.345.
FEWEST, FEWEST_OF_ACCOUNT = 5, 12
REMAINDER = 97


def joined_numbers(text: str) -> list[str]:
    """The grouped numbers of a text without what divides them, in lower case."""
    found: dict[str, None] = {}
    # The patterns cost more than the rest of a text's preparation, and most prose has no numbers.
    raw = text.encode(errors="replace")
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    if digits < FEWEST:
        return []
    for match in GROUPED.finditer(text):
        found |= dict.fromkeys(joined_forms(match))
    for match in INTERNATIONAL.finditer(text):
        if match[0].startswith(("+", "00")) and not is_part_of_word(text, match.start()):
            found[match[0].lstrip("+0")] = None
    for match in IBAN.finditer(text) if digits >= FEWEST_OF_ACCOUNT else ():
        start = match.start() - 2
        if not is_part_of_word(text, start):
            found |= dict.fromkeys(checked_account(text[start : match.end()]))
    # Of zeros alone nothing is left.
    return [number for number in found if number]


def joined_forms(match: re.Match[str]) -> Iterator[str]:
    """A grouped number as digits, and with the letters before it; nothing for other groups."""
    number, text, start = match[0], match.string, match.start()
    opening = OPENING.search(text, max(0, start - 3), start)
    sign = opening[0] if opening else ""
    before = LETTERS_BEFORE.search(text[max(0, start - 6) : start])
    if text[match.end() : match.end() + 1].isalnum():
        return
    if before is None and is_part_of_word(text, start):
        return
    is_international = "+" in sign or number.startswith("00")
    if is_international:
        number = TRUNK_ZERO.sub(" ", number)
    groups = DIGITS.findall(number)
    digits = "".join(groups)
    if not is_worth_joining(number, groups, is_international=is_international):
        return
    yield digits
    if is_international:
        yield digits.lstrip("0")
    if before is not None:
        yield (before[1] or before[2]).lower() + digits


def is_part_of_word(text: str, start: int) -> bool:
    """Whether what begins there goes on with a word."""
    return text[max(0, start - 1) : start].isalnum()


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
