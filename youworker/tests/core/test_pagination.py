"""Pages of lists."""

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from youworker.core.api.pagination import StrictLimitOffsetPagination


class Rows:
    """So many numbers, as a queryset gives them."""

    def __init__(self, number):
        self.rows, self.counted = range(number), 0

    def __getitem__(self, part):
        return list(self.rows[part])

    def count(self):
        self.counted += 1
        return len(self.rows)


def page(**query):
    request = Request(APIRequestFactory().get("/", query))
    return StrictLimitOffsetPagination().paginate_queryset(list(range(300)), request)


def test_pages_have_fifty_rows_unless_asked_otherwise():
    assert page() == list(range(50))
    assert page(limit=200) == list(range(200))
    assert page(limit=2, offset=299) == [299]
    assert page(offset=2**31 - 1) == []


@pytest.mark.parametrize(
    ("number", "offset", "given", "counted"),
    [
        (0, 0, 0, 0),
        (9, 0, 9, 0),
        (10, 0, 10, 0),
        (11, 0, 10, 1),
        (11, 10, 1, 0),
        (20, 10, 10, 0),
        (21, 10, 10, 1),
        (10, 10, 0, 1),
        (10, 11, 0, 1),
        (0, 5, 0, 1),
    ],
)
def test_all_rows_are_counted_only_when_a_page_does_not_tell(number, offset, given, counted):
    rows = Rows(number)
    request = Request(APIRequestFactory().get("/", {"limit": 10, "offset": offset}))
    pages = StrictLimitOffsetPagination()

    found = pages.paginate_queryset(rows, request)
    answer = pages.get_paginated_response(found).data

    assert found == list(range(number))[offset : offset + 10]
    assert (len(found), answer["count"], rows.counted) == (given, number, counted)
    assert (answer["next"] is not None) == (offset + 10 < number)
    assert (answer["previous"] is not None) == (offset > 0)


@pytest.mark.parametrize("value", ["0", "-1", "201", "x", "1.0", "", "١٢", "9" * 30, "1e2", "NaN"])
def test_a_strange_limit_is_refused(value):
    with pytest.raises(ValidationError) as refusal:
        page(limit=value)

    assert set(refusal.value.detail) == {"limit"}


@pytest.mark.parametrize("value", ["-1", "x", "2147483648", "9" * 4400])
def test_a_strange_offset_is_refused(value):
    with pytest.raises(ValidationError) as refusal:
        page(offset=value)

    assert set(refusal.value.detail) == {"offset"}


def test_the_schema_names_the_ranges():
    limit, offset = StrictLimitOffsetPagination().get_schema_operation_parameters(None)

    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 200}
    assert offset["schema"] == {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
