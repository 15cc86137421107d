"""Every role on every route: a cell that is missing or different fails."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import transaction

from youworker.tests.matrix.access import expected
from youworker.tests.matrix.discovery import routes
from youworker.tests.matrix.routes import ROWS
from youworker.tests.matrix.world import ROLES


@pytest.fixture
def ask(world, client_as):
    """Asks a route in a role, and gives the answer; nothing of it stays."""

    def asked(row, role, *, absent=False):
        url = url_of(row, world, absent=absent)
        with transaction.atomic():
            form = {"format": "multipart"} if row.is_page and row.method != "get" else {}
            answer = getattr(client_as(role), row.method)(url, row.body, **form)
            if not answer.streaming:
                answer.content  # noqa: B018 -- rendered before the rows go
            transaction.set_rollback(True)
        return answer

    return asked


def test_every_route_and_method_has_exactly_one_row():
    listed = [(row.method, row.path) for row in ROWS]

    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == routes()


def test_every_role_has_a_cell_in_every_row():
    assert all(set(expected(row)) == set(ROLES) for row in ROWS)


def url_of(row, world, *, absent=False):
    """The path of a row with the id of its thing, or with an id of nothing."""
    path = "/" + row.path
    for name in re.findall("<uuid:([a-z_]+)>", row.path):
        thing = row.things.get(name, row.thing)
        identifier = uuid.uuid4() if absent else getattr(world, thing).pk
        path = path.replace(f"<uuid:{name}>", str(identifier))
    for kind, value in (("slug:language", "it"), ("path:page", "asking"), ("int:number", "1")):
        path = path.replace(f"<{kind}>", value)
    return path


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_role_gets_what_the_table_says(row, ask):
    found = {role: ask(row, role).status_code for role in ROLES}

    assert found == expected(row)


HIDDEN = [row for row in ROWS if 404 in expected(row).values() and "<" in row.path]


@pytest.mark.parametrize("row", HIDDEN, ids=lambda row: row.name)
def test_a_refused_answer_is_that_of_an_absent_thing(row, ask):
    refused = ask(row, "stranger")
    absent = ask(row, "stranger", absent=True)

    assert refused.status_code == absent.status_code == 404
    if row.is_page:
        assert refused.content == absent.content
    else:
        assert refused.json() == absent.json()
