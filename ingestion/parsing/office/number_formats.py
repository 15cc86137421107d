"""Numbers as a spreadsheet shows them: number formats of ECMA-376, part 1, 18.8.31."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ingestion.parsing.office.number_dates import DateSection
from ingestion.parsing.office.number_digits import NumberSection, general, visible
from ingestion.parsing.office.number_tokens import sections_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.office.number_tokens import Token

ISO_DATE, ISO_TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
GENERAL = "General"
# Formats that are known by a number. Those whose look depends on the language of the program show
# year, month and day in an order that nobody misreads.
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: "$#,##0;-$#,##0", 6: "$#,##0;-$#,##0", 7: "$#,##0.00;-$#,##0.00", 8: "$#,##0.00;-$#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: ISO_DATE, 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: ISO_TIME,
    37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)",
    41: "#,##0", 42: "$#,##0", 43: "#,##0.00", 44: "$#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    59: "0", 60: "0.00", 61: "#,##0", 62: "#,##0.00", 67: "0%", 68: "0.00%", 69: "# ?/?",
    70: "# ??/??", 71: ISO_DATE, 72: "d-mmm-yy", 73: "d-mmm", 74: "mmm-yy", 75: "h:mm",
    76: "h:mm:ss", 77: ISO_TIME, 78: "mm:ss", 79: "[h]:mm:ss", 80: "mm:ss.0", 81: ISO_DATE,
}  # fmt: skip
# Dates or times of Chinese, Japanese and Korean programs, each with another meaning of a number.
EAST_ASIAN = frozenset((*range(27, 37), *range(50, 59)))
# Formats whose look is the program's choice, not the file's.
LOCAL = EAST_ASIAN | {14, 22}
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*+(-?[0-9.]{1,30})")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
LONGEST_CODE = 255
NEGATIVE, ZERO, TEXT = 1, 2, 3


class Format:
    """A number format, ready to show values."""

    def __init__(self, code: str) -> None:
        found = sections_of(code[:LONGEST_CODE])
        self.sections = [Section(tokens) for tokens in found[: TEXT + 1]]
        self.is_plain = code.strip().lower() in {"", "general"}

    def shown(self, value: float, shift: int = 0) -> str:
        """A number as it is shown; a hidden one without its format, for it is there.

        Days are counted from `shift` days after those of common files.
        """
        if self.is_plain:
            return general(value)
        section, is_signed = self.section_for(value)
        text = section.shown(value, shift)
        if text is None or not text.strip():
            return general(value)
        is_negative = value < 0 and is_signed and any(sign in text for sign in "123456789")
        return f"-{text.strip()}" if is_negative else text.strip()

    def section_for(self, value: float) -> tuple[Section, bool]:
        """The section for a number, and whether a negative one keeps its sign there."""
        numbers = self.sections[:TEXT]
        for section in numbers:
            if section.condition:
                sign, bound = section.condition
                if COMPARISONS[sign](value, bound):
                    return section, bound > 0 or sign not in {"<", "<="}
        if any(section.condition for section in numbers):
            return numbers[-1], True
        if value < 0 and len(numbers) > NEGATIVE:
            return numbers[NEGATIVE], False
        if value == 0 and len(numbers) > ZERO:
            return numbers[ZERO], True
        return numbers[0], True

    def shown_text(self, text: str) -> str:
        """A text with what its section puts around it."""
        section = self.sections[-1] if len(self.sections) in {1, TEXT + 1} else None
        if section is None or not section.has_text:
            return text
        return "".join(
            text if token.kind == "@" else visible(token) for token in section.tokens
        ).strip()


class Section:
    """One section of a format: for positive, negative numbers, zero or texts."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.condition = next((found for token in tokens if (found := condition(token))), None)
        kinds = {token.kind for token in tokens}
        self.has_text = "@" in kinds
        self.is_general = "general" in kinds or self.has_text
        is_date = bool(kinds & {"date", "elapsed", "clock"})
        self.date = DateSection(tokens) if is_date else None
        self.number = NumberSection(tokens)

    def shown(self, value: float, shift: int) -> str | None:
        """A number without its sign; none when it cannot be shown so."""
        if self.is_general:
            number = general(abs(value))
            return "".join(
                number if token.kind in {"general", "@"} else visible(token)
                for token in self.tokens
            )
        return self.date.shown(value, shift) if self.date else self.number.shown(value)


def condition(token: Token) -> tuple[str, float] | None:
    """When a section is used, as `[>=100]` says."""
    found = CONDITION.fullmatch(token.text) if token.kind == "bracket" else None
    try:
        return (found.group(1), float(found.group(2))) if found else None
    except ValueError:
        return None


class AnyDate(Format):
    """A date or a time, whichever a number is, in the order of ISO 8601."""

    def __init__(self) -> None:
        super().__init__("yyyy-mm-dd hh:mm:ss")
        self.date, self.time = Format("yyyy-mm-dd"), Format("hh:mm:ss")

    def shown(self, value: float, shift: int = 0) -> str:
        """The date, the time, or both."""
        if 0 <= value < 1:
            return self.time.shown(value)
        is_day = value == int(value)
        return self.date.shown(value, shift) if is_day else super().shown(value, shift)


@lru_cache(maxsize=10_000)
def shown_number(style: Format, value: float, shift: int) -> str:
    """A number in a format; sheets repeat what they hold."""
    return style.shown(value, shift)


@lru_cache(maxsize=1000)
def format_of(code: str) -> Format:
    """The format of a code."""
    return Format(code)


@lru_cache(maxsize=100)
def built_in(number: int) -> Format:
    """The format that is known by a number."""
    return AnyDate() if number in EAST_ASIAN else Format(BUILT_IN.get(number, GENERAL))
