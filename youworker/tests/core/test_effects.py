"""Effects that may fail."""

from __future__ import annotations

import pytest
from django.db import transaction
from redis.exceptions import TimeoutError as RedisTimeout

from youworker.core import effects
from youworker.core.effects import RedisRest, after_commit


def failing():
    raise RedisTimeout("away")


@pytest.mark.django_db(transaction=True)
def test_an_effect_that_fails_neither_fails_the_act_nor_the_next_effect(caplog):
    done = []

    with transaction.atomic():
        after_commit(failing)
        after_commit(lambda: done.append(1))

    assert done == [1]
    assert "away" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_effect_waits_for_the_commit():
    done = []

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        after_commit(lambda: done.append(1))
        raise ZeroDivisionError

    assert done == []


def test_an_outage_is_waited_for_once(monkeypatch, caplog):
    now, calls = [100.0], []
    monkeypatch.setattr(effects.time, "monotonic", lambda: now[0])
    redis_rest = RedisRest()

    def call():
        calls.append(now[0])
        failing()

    for _ in range(5):
        assert redis_rest.attempt("a test", call) is None
    now[0] += effects.REST_SECONDS
    assert redis_rest.attempt("a test", call) is None
    now[0] += effects.REST_SECONDS
    assert redis_rest.attempt("a test", lambda value: value, 7) == 7

    assert calls == [100.0, 102.0]
    assert caplog.text.count("a test") == 2


def test_other_mistakes_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        RedisRest().attempt("a test", lambda: 1 / 0)
