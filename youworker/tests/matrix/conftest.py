"""The one world that the tests of a module look at; each undoes what it did."""

from __future__ import annotations

from copy import copy, deepcopy

import pytest
from django.db import transaction

from youworker.core.redis import sync_redis
from youworker.tests.matrix.routes import ROWS
from youworker.tests.matrix.world import ROLES, World


@pytest.fixture(scope="module")
def prepared(django_db_setup, django_db_blocker):
    """The one world of all rows, with everything they ask for, and a client for each role."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        for row in ROWS:
            for thing in filter(None, (row.thing, *row.things.values())):
                getattr(world, thing)
        yield world, {role: world.client(role) for role in ROLES}
        transaction.set_rollback(True)


@pytest.fixture
def world(prepared):
    """That world, for tests whose requests are rolled back."""
    yield prepared[0]
    sync_redis().flushdb()


@pytest.fixture
def client_as(prepared, world):
    """Give a client with the credentials of a role, whose cookies are its own."""

    def made(role):
        client = copy(prepared[1][role])
        # Whoever signs out has none afterwards.
        client.cookies = deepcopy(client.cookies)
        return client

    return made
