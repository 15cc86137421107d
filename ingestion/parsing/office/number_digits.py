"""Numbers by a section of a format: digits, groups, percent, fractions, powers of ten."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.parsing.office.number_tokens import Token

# Spreadsheets compute with 15 digits; what a float has beyond them is noise.
PRECISION = 15
EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
MOST_DECIMALS = 30
MOST_SCALED = 10
FIGURES = set("123456789")
MOST_OF_DENOMINATOR = 5
LARGEST_PLAIN, SMALLEST_PLAIN = 21, -10


def general(value: float) -> str:
    """A number without a format; powers of ten only when it is very large or small."""
    number = Decimal(f"{value:.15g}")
    if number == 0:
        return "0"
    if SMALLEST_PLAIN < number.adjusted() < LARGEST_PLAIN:
        plain = f"{number:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{value:.15G}"


class NumberSection:
    """One section of a format for numbers."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        kinds = [token.kind for token in tokens]
        self.percents = kinds.count("%")
        self.power = kinds.index("E") if "E" in kinds else None
        self.bar = bar_of(tokens) if self.power is None else None
        end = len(tokens) if self.power is None else self.power
        self.point = kinds.index(".") if "." in kinds[:end] else None
        self.decimals = end if self.point is None else self.point
        places = [place for place, kind in enumerate(kinds[: self.decimals]) if kind == "digit"]
        self.last = places[-1] if places else -1
        self.thousands = scaling(kinds[:end], self.last, self.decimals)
        self.grouped = "," in kinds[places[0] : self.last] if places else False
        self.count = min(kinds[self.decimals : end].count("digit"), MOST_DECIMALS)

    def shown(self, value: float) -> str:
        """The number without its sign; nothing of it is shown when no digit is asked for."""
        number = Decimal(f"{abs(value):.15g}")
        scale = min(self.percents, MOST_SCALED) * 2 - min(self.thousands, MOST_SCALED) * 3
        number = number.scaleb(scale, EXACT)
        if self.bar is not None:
            return self.as_fraction(number)
        if self.power is not None:
            return self.as_power(number)
        return self.as_digits(number, self.tokens)

    def as_digits(self, number: Decimal, tokens: list[Token]) -> str:
        """Digits at the places that ask for them, and what stands between."""
        digits = f"{number.quantize(Decimal(1).scaleb(-self.count), context=EXACT):f}"
        whole, _, fraction = digits.partition(".")
        shown = self.before_point(whole.lstrip("0"), tokens[: self.decimals])
        return shown + self.behind_point(fraction, tokens[self.decimals :])

    def before_point(self, digits: str, tokens: list[Token]) -> str:
        """The whole part, filled from the right; the first place takes all that is left."""
        pieces: list[str] = []
        left, count = list(digits), 0
        places = sum(token.kind == "digit" for token in tokens)
        for token in reversed(tokens):
            if token.kind == "digit":
                places -= 1
                taken = 1 if places else max(1, len(left))
                for _ in range(taken):
                    digit = left.pop() if left else {"0": "0", "?": " "}.get(token.text, "")
                    if self.grouped and digit.isdigit() and count and count % 3 == 0:
                        pieces.append(",")
                    count += digit.isdigit()
                    pieces.append(digit)
            elif token.kind != ",":
                pieces.append(visible(token))
        return "".join(reversed(pieces))

    def behind_point(self, digits: str, tokens: list[Token]) -> str:
        """The decimals; places that may be empty are when nothing follows."""
        needed = len(digits.rstrip("0"))
        pieces: list[str] = []
        place = 0
        for token in tokens:
            if token.kind == "digit":
                is_needed = place < needed or token.text == "0"
                blank = " " if token.text == "?" else ""
                pieces.append(digits[place : place + 1] if is_needed else blank)
                place += 1
            else:
                pieces.append(visible(token))
        return "".join(pieces)

    def as_power(self, number: Decimal) -> str:
        """A number with a power of ten, whose exponent may go in steps."""
        assert self.power is not None  # noqa: S101 -- asked for by who calls
        head, tail = self.tokens[: self.power], self.tokens[self.power + 1 :]
        step = max(1, sum(token.kind == "digit" for token in head[: self.decimals]))
        exponent = number.adjusted() // step * step if number else 0
        rounded = number.scaleb(-exponent, EXACT).quantize(
            Decimal(1).scaleb(-self.count), context=EXACT
        )
        if rounded.adjusted() >= step:
            exponent += step
            rounded = rounded.scaleb(-step, EXACT)
        sign = "-" if exponent < 0 else "+" if self.tokens[self.power].text == "+" else ""
        width = sum(token.kind == "digit" for token in tail)
        rest = "".join(visible(token) for token in tail if token.kind == "text")
        return f"{self.as_digits(rounded, head)}E{sign}{abs(exponent):0{min(width, 9)}d}{rest}"

    def as_fraction(self, number: Decimal) -> str:
        """A whole number and a fraction with a denominator of so many digits, or a given one."""
        assert self.bar is not None  # noqa: S101 -- asked for by who calls
        before, after = self.tokens[: self.bar], self.tokens[self.bar + 1 :]
        first = next((n for n, token in enumerate(before) if token.kind == "digit"), len(before))
        end = next((n for n, token in enumerate(after) if not is_figure(token)), len(after))
        groups = "".join("0" if token.kind == "digit" else " " for token in before).split()
        below = "".join(token.text for token in after[:end]).strip("#?")[:9]
        given = int(below) if below.isdecimal() else 0
        shown = in_parts(number, is_mixed=len(groups) > 1, given=given, width=end)
        head = "".join(visible(token) for token in before[:first])
        return head + shown + "".join(visible(token) for token in after[end:])


def bar_of(tokens: list[Token]) -> int | None:
    """Where the bar of a fraction is: digits follow it; none when there is no such bar."""
    for place, token in enumerate(tokens):
        if token.kind == "/" and place + 1 < len(tokens) and is_figure(tokens[place + 1]):
            return place
    return None


def is_figure(token: Token) -> bool:
    """Whether a sign stands for a digit or is one."""
    return token.kind == "digit" or (token.kind == "text" and token.text in FIGURES)


def in_parts(number: Decimal, *, is_mixed: bool, given: int, width: int) -> str:
    """A number as a fraction, with the whole part before it when it is `is_mixed`."""
    if number.adjusted() >= PRECISION:
        return f"{number:f}"
    whole, rest = divmod(number, 1) if is_mixed else (Decimal(0), number)
    if given:
        below = given
        above = int((rest * below).to_integral_value(ROUND_HALF_UP))
    else:
        most = 10 ** min(max(width, 1), MOST_OF_DENOMINATOR) - 1
        above, below = Fraction(rest).limit_denominator(most).as_integer_ratio()
    if is_mixed and above == below:
        whole, above = whole + 1, 0
    if not above:
        return f"{whole:f}"
    return f"{whole:f} {above}/{below}" if whole else f"{above}/{below}"


def scaling(kinds: list[str], last: int, point: int) -> int:
    """How often a number is divided by a thousand: once per comma behind all its digits."""
    behind = kinds[last + 1 : point].count(",") if last >= 0 else 0
    digits = [place for place, kind in enumerate(kinds) if kind == "digit" and place > point]
    return behind + (kinds[digits[-1] :].count(",") if digits else 0)


def visible(token: Token) -> str:
    """What a sign that is no digit shows."""
    if token.kind == "bracket":
        return currency(token.text)
    return token.text if token.kind in {"text", ".", "%", "/"} else ""


def currency(inner: str) -> str:
    """The sign of `[$€-407]`; nothing for colours and conditions."""
    return inner[1:].partition("-")[0] if inner.startswith("$") else ""
