"""Each route is the only one of its address, and each name leads where it says."""

from collections import Counter

from django.urls import get_resolver, resolve, reverse

from youworker.tests.test_isolation import patterns


def test_no_address_is_that_of_two_routes():
    counted = Counter(patterns(get_resolver()))

    assert counted["account/tools"] == 1
    assert [path for path, count in counted.items() if count > 1] == []


def test_what_is_allowed_and_what_is_connected_are_two_pages():
    for name in ("account-grants", "account-tools"):
        assert resolve(reverse(name)).url_name == name
