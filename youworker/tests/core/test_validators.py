"""Decorators for service input."""

from enum import StrEnum

import pytest

from youworker.core.exceptions import InvalidInput
from youworker.core.validators import (
    validate_enum,
    validate_not_empty,
    validate_range,
    validate_service_input,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@validate_not_empty("name")
@validate_range("share", 0, 1)
@validate_range("count", 1, 9)
@validate_enum("colour", Colour)
def paint(name, *, count=1, share=0.5, colour="red"):
    """Paint."""
    return name, count, share, colour


def test_good_input_passes_unchanged():
    assert paint("a", count=2, share=1, colour=Colour.BLUE) == ("a", 2, 1, "blue")
    assert paint("a", count=None, share=None, colour=None) == ("a", None, None, None)
    assert paint.__doc__ == "Paint."


@pytest.mark.parametrize(
    ("arguments", "attr", "message"),
    [
        ({"name": ""}, "name", "This may not be empty."),
        ({"name": " \n"}, "name", "This may not be empty."),
        ({"name": []}, "name", "This may not be empty."),
        ({"name": "a", "count": 0}, "count", "This must be between 1 and 9."),
        ({"name": "a", "count": -1}, "count", "This must be between 1 and 9."),
        ({"name": "a", "share": 1.01}, "share", "This must be between 0 and 1."),
        ({"name": "a", "share": -0.1}, "share", "This must be between 0 and 1."),
        ({"name": "a", "share": float("nan")}, "share", "This must be between 0 and 1."),
        ({"name": "a", "colour": "green"}, "colour", "This must be one of red, blue."),
    ],
)
def test_bad_input_is_refused_by_name(arguments, attr, message):
    with pytest.raises(InvalidInput) as refusal:
        paint(**arguments)

    assert (refusal.value.attr, refusal.value.message) == (attr, message)


def test_positional_arguments_are_checked_too():
    with pytest.raises(InvalidInput):
        paint("")


def test_a_misspelt_argument_is_found_at_once():
    with pytest.raises(TypeError, match="nmae"):
        validate_not_empty("nmae")(paint)


def test_own_checks_can_be_given():
    def even(value, name):
        if value % 2:
            raise InvalidInput("odd", attr=name)

    halve = validate_service_input(number=even)(lambda number: number // 2)

    assert halve(4) == 2
    with pytest.raises(InvalidInput, match="odd"):
        halve(3)
