"""Requests that may be sent twice."""

import hashlib
import threading
from datetime import timedelta

import orjson
import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from youworker.core.exceptions import IdempotencyMismatch, InvalidInput
from youworker.core.idempotency import IdempotentWrite
from youworker.core.models import IdempotentRequest


def ask(user, key="k", body=None, answer=None):
    with transaction.atomic():
        memory = IdempotentWrite(key, body or {"text": "hello"}, actor=user)
        found = memory.answer
        if found is None:
            memory.store_answer(answer or {"id": "first"})
        return found


def test_the_first_answer_is_given_again(ada):
    assert ask(ada) is None
    assert ask(ada, answer={"id": "second"}) == {"id": "first"}


def test_what_is_stored_does_not_let_anybody_try_out_texts(ada):
    ask(ada)

    guess = hashlib.sha256(orjson.dumps({"text": "hello"})).hexdigest()
    assert IdempotentRequest.objects.get().fingerprint != guess


def test_another_body_is_refused(ada):
    ask(ada)

    with pytest.raises(IdempotencyMismatch):
        ask(ada, body={"text": "other"})


def test_the_order_of_the_body_does_not_matter(ada):
    ask(ada, body={"a": 1, "b": 2})

    assert ask(ada, body={"b": 2, "a": 1}) == {"id": "first"}


def test_keys_belong_to_their_user(ada):
    other = get_user_model().objects.create_user("grace")
    ask(ada)

    assert ask(other, body={"text": "other"}) is None


def test_no_key_remembers_nothing(ada):
    assert ask(ada, key="") is None
    assert ask(ada, key="") is None
    assert not IdempotentRequest.objects.exists()


def test_a_day_later_everything_is_new(ada):
    ask(ada)
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert ask(ada, body={"text": "other"}, answer={"id": "second"}) is None
    assert ask(ada, body={"text": "other"}) == {"id": "second"}


@pytest.mark.parametrize("key", ["x" * 256, "x\0"])
def test_a_key_that_cannot_be_stored_is_refused(ada, key):
    with pytest.raises(InvalidInput):
        ask(ada, key=key)


@pytest.mark.django_db(transaction=True)
def test_a_failed_request_leaves_the_key_free():
    user = get_user_model().objects.create_user("ada")

    with pytest.raises(RuntimeError), transaction.atomic():
        IdempotentWrite("k", {"text": "hello"}, actor=user)
        raise RuntimeError

    assert ask(user, body={"text": "other"}) is None


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_for_the_first_and_gets_its_answer():
    user = get_user_model().objects.create_user("ada")
    claimed, seen = threading.Event(), []

    def first():
        with transaction.atomic():
            memory = IdempotentWrite("k", {"text": "hello"}, actor=user)
            claimed.set()
            threading.Event().wait(0.3)
            memory.store_answer({"id": "first"})
        connection.close()

    def twin():
        claimed.wait(5)
        seen.append(ask(user, answer={"id": "twin"}))
        connection.close()

    threads = [threading.Thread(target=work) for work in (first, twin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert seen == [{"id": "first"}]
    assert IdempotentRequest.objects.get().answer == {"id": "first"}
