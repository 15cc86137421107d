"""Names of time zones, also those that nobody knows."""

import pytest

from youworker.core.zones import find_zone, zone_or_utc


def test_a_zone_is_found_by_its_name():
    assert find_zone("Europe/Rome").key == zone_or_utc("Europe/Rome").key == "Europe/Rome"


# `Europe` is a folder of the database.
@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "a\x00b"])
def test_a_zone_that_is_not_known_any_more_is_that_of_greenwich(name):
    assert find_zone(name) is None
    assert zone_or_utc(name).key == "UTC"
