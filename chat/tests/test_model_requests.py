"""What a model server is sent in whole runs: histories, tools, and what it refuses of them."""

from __future__ import annotations

import orjson
import pytest
from asgiref.sync import sync_to_async

from chat import services
from chat.enums import RunStatus
from chat.models import Run
from chat.runs.manager import launch
from chat.tests.factories import SessionFactory
from chat.tests.test_llm_conversation import check_strictly
from chat.tests.test_runs import watched
from mcp.services import sync_builtin_servers
from mcp.tests.factories import ServerFactory, ToolFactory
from youworker.tests.support.model_server import Call, ModelServer, Turn

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Does one of the many things that a server can do with the records of a company. " * 8


@pytest.fixture
def server(configured):
    with ModelServer() as running:
        configured("llm", base_url=running.base_url, chat_model="double", context_tokens=8192)
        configured("retry", attempts=1)
        yield running


@pytest.fixture
async def session():
    return await sync_to_async(SessionFactory)()


async def ask(session, text):
    posted = await sync_to_async(services.post_message)(session, text=text, actor=session.user)
    await launch(posted.run_id)
    return await Run.objects.aget(pk=posted.run_id), await watched(posted.run_id)


def messages_of(request):
    return [(one["role"], one["content"]) for one in request.body["messages"][1:]]


def offered(request):
    return [tool["function"]["name"] for tool in request.body.get("tools", [])]


def told(events):
    return [data["message"] for _, kind, data in events if kind == "log"]


@pytest.mark.parametrize("failing", [Turn(status=400, message="No."), Turn(text="")])
async def test_a_question_after_one_without_an_answer_is_no_second_one_in_a_row(
    server, session, failing
):
    server.script(failing, Turn(text="Fine."))

    await ask(session, "first")
    run, _ = await ask(session, "second")

    await run.arefresh_from_db()
    assert run.status == RunStatus.SUCCEEDED
    assert messages_of(server.chats[-1]) == [
        ("user", "first"),
        ("assistant", "(no answer)"),
        ("user", "second"),
    ]


async def test_a_turn_of_calls_only_is_sent_back_with_words_and_all_results(server, session):
    calls = (Call("datetime__now", {}), Call("datetime__now", {"time_zone": "UTC"}))
    server.script(Turn(calls=calls), Turn(text="Noon."))

    await ask(session, "What time is it?")

    assert len(server.chats) == 2
    check_strictly(server.chats[-1].body["messages"])
    roles = [one["role"] for one in server.chats[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool"]


def add_tools(count, **fields):
    sync_builtin_servers()
    server = ServerFactory(slug="crm")
    for number in range(count):
        about = {"local_name": f"invoice_{number}" if number % 10 == 0 else f"task_{number}"}
        ToolFactory(server=server, description=TEXT, **about, **fields)


async def test_of_150_tools_those_that_fit_the_window_are_sent(server, session):
    await sync_to_async(add_tools)(150)
    server.script(Turn(text="Fine."))

    _, events = await ask(session, "Which invoices are due?")

    (request,) = server.chats
    assert {"semantic__query", "datetime__now"} <= set(offered(request))
    foreign = [name for name in offered(request) if name.startswith("crm__")]
    assert foreign
    assert all("invoice" in name for name in foreign)
    assert len(orjson.dumps(request.body)) < 8192 * 3.5
    (notice,) = told(events)
    assert notice.endswith("of 166 tools: more do not fit.")


async def test_one_tool_the_server_refuses_does_not_end_the_chat_and_the_run_says_so(
    server, session
):
    await sync_to_async(add_tools)(2)
    refusal = "Invalid schema for function 'crm__task_1': array schema missing items."
    server.script(Turn(status=400, message=refusal), Turn(text="Fine."))

    run, events = await ask(session, "Which invoices are due?")

    await run.arefresh_from_db()
    assert run.status == RunStatus.SUCCEEDED
    assert "semantic__query" in offered(server.chats[-1])
    assert "crm__task_1" not in offered(server.chats[-1])
    (notice,) = told(events)
    assert "crm.task_1" in notice


async def test_shapes_a_strict_server_refuses_are_not_sent(server, session):
    schema = {"properties": {"a": {"type": "array"}, "b": {"type": ["string", "null"]}}}
    await sync_to_async(add_tools)(1, input_schema=schema)
    server.script(Turn(text="Fine."))

    await ask(session, "Which invoices are due?")

    (tool,) = [
        one["function"]
        for one in server.chats[0].body["tools"]
        if one["function"]["name"].startswith("crm__")
    ]
    assert tool["parameters"]["type"] == "object"
    assert "items" in tool["parameters"]["properties"]["a"]
    assert tool["parameters"]["properties"]["b"] == {"type": "string"}
