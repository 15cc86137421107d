"""Numbers as people read them."""

import pytest
from django.utils.translation import override

from youworker.core.numbers import shown_change, shown_decimal


@pytest.mark.parametrize(
    ("value", "english", "italian"),
    [(200 / 3, "66.7", "66,7"), (100 * 0.29, "29.0", "29,0"), (0.04, "0.0", "0,0")],
)
def test_decimals_are_rounded_not_cut_off(value, english, italian):
    with override("en"):
        assert shown_decimal(value) == english
    with override("it"):
        assert shown_decimal(value) == italian


def test_a_change_has_its_sign():
    with override("it"):
        assert [shown_change(one) for one in (0.0, 12.56, -0.25)] == ["+0,0", "+12,6", "-0,2"]
