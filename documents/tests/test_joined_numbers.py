import pytest

from documents.joined_numbers import joined_numbers


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00 bei", "de89370400440532013000"),
        ("it60 x054 2811 1010 0000 0123 456 e", "it60x0542811101000000123456"),
        ("FR14-2004-1010-0505-0001-3M02-606", "fr1420041010050500013m02606"),
        ("+49 (0)30 / 123 45-67", "49301234567"),
        ("0049 30 1234567", "49301234567"),
        ("+49301234567", "49301234567"),
        ("(030) 123-4567", "0301234567"),
        ("4500-123-456", "4500123456"),
        ("RE-2024-0815", "re20240815"),
        ("1.234.567,89", "1234567"),
        ("12'345", "12345"),
        ("2026-11-01", "20261101"),
    ],
)
def test_numbers_in_groups_are_joined(text, joined):
    assert joined in joined_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        *("10.1.12.3", "10.11.2.3", "1.11.2026", "version 3.14.1"),
        *("1 of 2 or 3", "page 12, 13", "a 1 b 2", "12 34", "1234567"),
        "11 22 33 44 55 66 77 88 99 00 11 22",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert joined_numbers(text) == []


def test_an_account_ends_where_its_check_digits_say():
    text = "DE89 3704 0044 0532 0130 00 1234"

    assert "de89370400440532013000" in joined_numbers(text)
    assert "de893704004405320130001234" not in joined_numbers(text)


@pytest.mark.parametrize("text", ["000000000", "+00000000", "00 00 00 00", "(0) 00-00-00-00"])
def test_zeros_are_no_empty_number(text):
    assert "" not in joined_numbers(text)
