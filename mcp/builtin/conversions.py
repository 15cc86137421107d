"""Converting quantities from one unit to another."""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext_noop

from mcp.builtin.unit_names import EXPRESSION, LONGEST, OURS, in_symbols, is_currency
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from pint import UnitRegistry

MONEY = gettext_noop(
    "Currencies cannot be converted here: their rates change every day. Search for today's rate."
)
# Without its degree sign a scale of temperature is the coulomb or the farad.
SCALES = {"c": "degC", "f": "degF", "k": "kelvin"}
DIGITS = 10
# Degrees may miss zero kelvin by the error of their sum.
ROUNDING = 1e-9
NO_NUMBER = gettext_noop("The result is not a number.")
NOTHING_COLDER = gettext_noop("There is no temperature below absolute zero.")
DIFFERENT = gettext_noop(
    "%(unit)s cannot be converted to %(other)s: they measure different things."
)


class Converted(NamedTuple):
    """A quantity in another unit; the units in the words of the registry."""

    value: float
    from_unit: str
    to_unit: str
    # In symbols, for reading.
    text: str


def convert_quantity(value: float, from_unit: str, to_unit: str) -> Converted:
    """The quantity in the other unit; raises `InvalidInput` when there is no such conversion."""
    if is_currency(from_unit) or is_currency(to_unit):
        raise InvalidInput(MONEY)
    pair = from_unit.strip().lower(), to_unit.strip().lower()
    if all(each in SCALES or each.startswith(("°", "deg")) for each in pair):
        from_unit, to_unit = SCALES.get(pair[0], from_unit), SCALES.get(pair[1], to_unit)
    source, target = unit_called(from_unit), unit_called(to_unit)
    quantity = registry().Quantity(value, source)
    found = in_unit(quantity, target)
    text = f"{shown(value)} {source:~P} = {shown(found)} {target:~P}"
    return Converted(found, str(source), str(target), text)


def in_unit(quantity: Any, target: Any) -> float:
    """The quantity in a unit; consumption may be told per length or per volume."""
    dimension = registry().Quantity(1, target).dimensionality
    try:
        if quantity.check("[temperature]"):
            require_real_temperature(quantity)
        same = quantity if quantity.dimensionality == dimension else 1 / quantity
        if same.dimensionality != dimension:
            raise InvalidInput(DIFFERENT, unit=f"{quantity.units:P}", other=f"{target:P}")
        found = float(same.to(target).magnitude)
    except ArithmeticError as error:
        raise InvalidInput(NO_NUMBER) from error
    if not isfinite(found):
        raise InvalidInput(NO_NUMBER)
    return found


def require_real_temperature(quantity: Any) -> None:
    """Raise `InvalidInput` for a temperature that there cannot be."""
    if quantity.to("kelvin").magnitude < -ROUNDING:
        raise InvalidInput(NOTHING_COLDER)


def unit_called(text: str) -> Any:
    """The unit of a name, a symbol or a product of them; raises `InvalidInput`."""
    import pint  # noqa: PLC0415 -- half a second, and seldom needed

    unknown = InvalidInput(
        "The unit %(unit)r is not known; try a symbol such as km/h.", unit=text[:LONGEST]
    )
    wanted = in_symbols(text) if 0 < len(text.strip()) <= LONGEST else ""
    if not EXPRESSION.fullmatch(wanted):
        raise unknown
    for wording in dict.fromkeys((wanted, wanted.lower(), with_powers(wanted))):
        try:
            return registry().parse_units(wording)
        except (pint.PintError, ArithmeticError, AttributeError, ValueError, TypeError):
            continue
    raise unknown


def with_powers(text: str) -> str:
    """`m2` and `km3` as powers."""
    return " ".join(
        f"{word[:-1]}**{word[-1]}" if word[-1:] in {"2", "3"} and word[-2:-1].isalpha() else word
        for word in text.replace("/", " / ").split()
    )


def shown(value: float) -> str:
    """A number for reading."""
    return f"{value:.{DIGITS}g}"


@cache
def registry() -> UnitRegistry[float]:
    """The units there are, loaded on first use."""
    import pint  # noqa: PLC0415 -- half a second, and seldom needed

    known: UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in OURS:
        known.define(definition)
    return known
