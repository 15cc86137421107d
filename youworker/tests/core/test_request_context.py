"""The id that follows a piece of work."""

import re
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from youworker.core import request_context
from youworker.core.request_context import (
    CorrelationASGI,
    CorrelationMiddleware,
    attach_to_message,
    correlation_id,
    forget,
    take_from_message,
)


@pytest.fixture(autouse=True)
def _fresh():
    token = request_context.current.set("")
    yield
    request_context.current.reset(token)


@pytest.mark.parametrize("sent", ["abc", "A-b_c.9", "x" * 64])
def test_a_plain_token_is_kept(sent):
    answer = Client().get("/health/live", headers={"X-Correlation-ID": sent})

    assert answer["X-Correlation-ID"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "two words", "é", "<script>", "a\tb", "a\n"])
def test_anything_else_is_replaced(sent):
    answer = Client().get("/health/live", headers={"X-Correlation-ID": sent})

    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Correlation-ID"])


async def test_the_asynchronous_path_does_the_same():
    seen = []

    async def view(_request):
        seen.append(correlation_id())
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Correlation-ID": "abc"})
    answer = await CorrelationMiddleware(view)(request)

    assert answer["X-Correlation-ID"] == "abc"
    assert seen == ["abc"]


async def test_sockets_have_one_too():
    seen = []

    async def consumer(_scope, _receive, _send):
        seen.append(correlation_id())

    wrapped = CorrelationASGI(consumer)
    await wrapped({"headers": [(b"X-Correlation-ID", b"abc")]}, None, None)
    await wrapped({"headers": []}, None, None)

    assert seen[0] == "abc"
    assert re.fullmatch(r"[0-9a-f]{32}", seen[1])


def test_tasks_continue_under_the_id_of_their_cause():
    request_context.current.set("cause-1")
    headers = {}
    attach_to_message(headers=headers)
    forget()
    assert correlation_id() == ""

    take_from_message(task=SimpleNamespace(request=SimpleNamespace(**headers)))

    assert correlation_id() == "cause-1"


def test_tasks_without_a_cause_get_an_id_of_their_own():
    take_from_message(task=SimpleNamespace(request=SimpleNamespace()))

    assert re.fullmatch(r"[0-9a-f]{32}", correlation_id())
