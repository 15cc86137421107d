"""The server for units of measurement."""

from __future__ import annotations

import math
import time

import pytest

from mcp.builtin.calling import call
from mcp.builtin.conversions import convert_quantity
from mcp.descriptions import Endpoint
from youworker.core.exceptions import InvalidInput

UNITS = Endpoint("units", "inprocess")


async def ask(value, from_unit, to_unit):
    arguments = {"value": value, "from_unit": from_unit, "to_unit": to_unit}
    return await call(UNITS, "convert", arguments, correlation_id="c")


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (1, "mi", "km", 1.609344),
        (20, "°C", "°F", 68),
        (-40, "C", "F", -40),
        (300, "K", "C", 26.85),
        (100, "gradi celsius", "gradi Fahrenheit", 212),
        (1, "degree Celsius", "kelvin", 274.15),
        (2.5, "chilogrammi", "libbre", 5.511556554621939),
        (3, "etti", "g", 300),
        (1, "quintale", "kg", 100),
        (1, "tonnellata", "kg", 1000),
        (50, "metri quadrati", "square feet", 538.1955208354861),
        (1, "m²", "cm2", 10_000),
        (1, "metro cubo", "litri", 1000),
        (1, "cubic metre", "l", 1000),
        (130, "chilometri orari", "mph", 80.778254),
        (10, "metri al secondo", "km/h", 36),
        (10, "m/s", "chilometri all'ora", 36),
        (5, "litri per 100 km", "mpg", 47.0429166),
        (40, "miles per gallon", "l/100km", 5.88036458),
        (1, "GiB", "MB", 1073.741824),
        (100, "Mbps", "MB/s", 12.5),
        (1, "kWh", "MJ", 3.6),
        (100, "cavalli", "kW", 73.54987),
        (2, "KM", "m", 2000),
        (2, "Km", "metri", 2000),
        (1, "cucchiaio", "ml", 14.786764782),
        (1, "imperial gallon", "litre", 4.54609),
        (30, "psi", "bar", 2.0684271879),
        (1, "ora", "minuti", 60),
        (1, "kg m2 / s2", "J", None),
    ],
)
async def test_convert(value, from_unit, to_unit, expected):
    outcome = await ask(value, from_unit, to_unit)

    if expected is None:
        assert outcome.is_error
        return
    assert not outcome.is_error, outcome.text
    assert math.isclose(outcome.structured["value"], expected, rel_tol=1e-7)
    assert f"= {outcome.structured['value']:.10g} " in outcome.text


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "words"),
    [
        (5, "kg", "m", "different things"),
        (5, "furlong-ish", "m", "is not known"),
        (5, "", "m", "is not known"),
        (5, "m", "   ", "is not known"),
        (100, "euro", "dollari", "Currencies"),
        (100, "€", "USD", "Currencies"),
        (-300, "degC", "degF", "absolute zero"),
        (-1, "kelvin", "degC", "absolute zero"),
        (1e308, "km", "nm", "not a number"),
        (0, "mpg", "l/100km", "not a number"),
        (1, "__import__('os')", "m", "is not known"),
        (1, "10**10**10 m", "m", "is not known"),
        (1, "m**999", "m", "is not known"),
        (1, "m" * 81, "m", "at most 80"),
    ],
)
async def test_what_cannot_be_converted_is_said(value, from_unit, to_unit, words):
    outcome = await ask(value, from_unit, to_unit)

    assert outcome.is_error
    assert words in outcome.text


async def test_only_finite_numbers_are_taken():
    assert (await ask("NaN", "m", "km")).is_error
    assert (await ask("12", "m", "km")).structured["value"] == 0.012


def test_hostile_units_cost_nothing():
    convert_quantity(1, "m", "km")
    began = time.perf_counter()

    for text in ("(" * 80, "m*" * 40, "m**99*" * 13, "square " * 11, "à" * 80, "1/" * 40):
        with pytest.raises(InvalidInput):
            convert_quantity(1, text, "m")

    assert time.perf_counter() - began < 1
