"""Somebody with a password, and clients that are signed in as browsers are."""

from __future__ import annotations

import threading

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client

from accounts.tests.factories import UserFactory

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(db):
    user = UserFactory(username="ada", display_name="Ada L.")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def login():
    def post(client=None, **changes):
        form = {"username": "ada", "password": PASSWORD, **changes}
        return (client or Client()).post("/v1/auth/login", form, content_type="application/json")

    return post


@pytest.fixture
def browser(ada, login):
    """A client with a session that was begun with the password."""
    client = Client()
    assert login(client).status_code == 200
    return client


@pytest.fixture
def actions():
    """The names of the audited acts, in order."""

    def read():
        return [entry.additional_data["action"] for entry in LogEntry.objects.order_by("pk")]

    return read


@pytest.fixture
def details():
    """What was audited under one name."""

    def read(action):
        entries = LogEntry.objects.order_by("pk")
        return [e.additional_data for e in entries if e.additional_data["action"] == action]

    return read


@pytest.fixture
def in_threads():
    """Run calls at the same moment, each on a connection of its own; results and errors."""

    def run(*calls):
        barrier, outcomes = threading.Barrier(len(calls)), []

        def work(call):
            barrier.wait()
            try:
                outcomes.append(call())
            except Exception as error:  # noqa: BLE001 -- an outcome, too
                outcomes.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    return run
