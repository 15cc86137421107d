"""Sign-ins that a browser has begun."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.db import SessionStore

from youworker.core.pending import MOST
from youworker.sso import provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    store = SessionStore()
    store.create()
    return store


def test_each_has_secrets_of_its_own(session):
    begun = [provider.begin_sign_in(session, next_url="/x") for _ in range(3)]

    words = {word for state, each in begun for word in (state, each.nonce, each.verifier)}
    assert len(words) == 9
    assert {len(each.verifier) for _state, each in begun} == {64}
    assert provider.sign_ins.take(session, begun[1][0]) == begun[1][1]


def test_taking_one_is_stored_at_once(session):
    state, _ = provider.begin_sign_in(session, next_url="")
    session.save()

    assert provider.sign_ins.take(session, state) is not None
    assert provider.sign_ins.take(SessionStore(session.session_key), state) is None


def test_the_oldest_ones_are_forgotten(session):
    states = [provider.begin_sign_in(session, next_url="")[0] for _ in range(MOST + 2)]

    assert [provider.sign_ins.take(session, state) is not None for state in states] == [
        False
    ] * 2 + [True] * MOST


def test_they_run_out(session, monkeypatch):
    state, _ = provider.begin_sign_in(session, next_url="")
    monkeypatch.setattr("youworker.core.pending.SECONDS", -1)

    assert provider.sign_ins.take(session, state) is None


def test_a_session_that_ended_meanwhile_has_none(session):
    state, _ = provider.begin_sign_in(session, next_url="")
    session.save()
    SessionStore(session.session_key).delete()

    assert provider.sign_ins.take(session, state) is None
