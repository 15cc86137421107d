"""A model id is whatever its server says: a path, with everything that paths may have."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import pytest
from django.test import AsyncClient, Client
from django.urls import resolve, reverse
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat.models import Message, Run
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.key_support import key_of
from quotas.enums import UsageKind, UsageOutcome
from quotas.models import UsageEvent
from youworker.core.db import run_in_thread
from youworker.tests.support.model_server import ModelServer

pytestmark = pytest.mark.django_db(transaction=True)

IDS = (
    "/srv/models/qwen3 8b.gguf",
    "org/name:7b-q4_K_M",
    "a.b.c:latest",
    "50%25 off 100%",
    "ünïcode/模型",
    "youworker/inner",
    "a?b#c&d=e;f+g",
    "a/../b",
    "a//b",
    "..",
    'it\'s "<b>quoted</b>"',
    "C:\\models\\a",
    "{brace} $HOME `x`",
    "x" * 200,
)
CHAT, COMPLETIONS = "/v1/chat", "/v1/chat/completions"


@pytest.fixture(scope="module")
def server():
    with ModelServer(models=IDS) as running:
        yield running


@pytest.fixture
def models(server, configured):
    """A model server with all these ids."""
    server.state.reset()
    configured("llm", base_url=server.base_url)
    return server


@pytest.fixture
async def program():
    """A program of a user, by its key: `program(path, body)` posts, without a body it reads."""
    user = await run_in_thread(UserFactory)
    headers = await key_of(user, "chat", "account")
    client = AsyncClient()

    async def send(path, body=None, method="post"):
        if body is None:
            return await client.get(path, headers=headers)
        kind = "application/json"
        return await getattr(client, method)(path, body, content_type=kind, headers=headers)

    send.user = user
    return send


async def test_every_id_is_listed_by_itself_and_as_the_agents(models, program):
    rows = (await program("/v1/models")).json()["data"]

    listed = [row["id"] for row in rows]
    assert [name for name in IDS if name not in listed] == []
    assert [name for name in IDS if f"youworker/{name}" not in listed] == []


@pytest.mark.parametrize("name", IDS)
async def test_an_id_is_looked_up_and_asked_over_openais_routes(models, program, name):
    said = [{"role": "user", "content": "Hello"}]

    # Django's client does not decode what is not ASCII as servers do; the product's test has that.
    if name.isascii():
        found = [await program(f"/v1/models/{quote(name, safe=safe)}") for safe in ("", "/:")]
        agent = await program(f"/v1/models/{quote('youworker/' + name)}")
        assert [one.json()["id"] for one in found] == [name, name]
        assert agent.json()["id"] == f"youworker/{name}"
    answer = await program(COMPLETIONS, {"model": f"youworker/{name}", "messages": said})

    assert resolve(f"/v1/models/{name}").kwargs == {"name": name}
    assert answer.status_code == 200
    assert answer.json()["model"] == f"youworker/{name}"
    assert models.chats[-1].body["model"] == name
    run = await Run.objects.aget(pk=answer.json()["run_id"])
    assert run.model == name
    events = [event.name async for event in UsageEvent.objects.filter(kind=UsageKind.RUN)]
    assert events == [name]


# One that begins like the agent's names means the agent.
@pytest.mark.parametrize("name", [name for name in IDS if not name.startswith("youworker/")])
async def test_an_id_is_asked_without_the_agent(models, program, name):
    said = [{"role": "user", "content": "Hello"}]

    answer = await program(COMPLETIONS, {"model": name, "messages": said})

    assert (answer.status_code, answer.json()["model"]) == (200, name)
    assert models.chats[-1].body["model"] == name


@pytest.mark.parametrize("name", IDS)
async def test_an_id_is_a_sessions_a_questions_and_another_answers_model(models, program, name):
    made = (await program("/v1/sessions", {"model": name})).json()
    await program(f"/v1/sessions/{made['id']}", {"model": ""}, "patch")
    changed = (await program(f"/v1/sessions/{made['id']}", {"model": name}, "patch")).json()
    answer = (await program(CHAT, {"text": "Hello", "session_id": made["id"]})).json()
    named = await program(CHAT, {"text": "Hello", "model": name})
    message = await Message.objects.filter(run_id=answer["run_id"], role="assistant").aget()
    again = await program(f"/v1/messages/{message.pk}/regenerate", {"model": name})

    assert (made["model"], changed["model"]) == (name, name)
    assert message.model == name
    assert (named.status_code, again.status_code) == (200, 202)
    runs = [run.model async for run in Run.objects.all()]
    assert runs == [name] * 3


@pytest.mark.parametrize("name", IDS)
async def test_the_menus_of_the_page_have_the_id_as_value_and_words(models, program, name):
    session = await run_in_thread(SessionFactory, user=program.user, model=name)
    client = AsyncClient()
    await client.aforce_login(program.user)
    # The page waits half a second for a list, and no longer.
    await program("/v1/models")

    page = (await client.get(reverse("chat-session", args=[session.pk]))).content.decode()
    shown = escape(name)

    assert f'<option value="{shown}" selected>{shown}</option>' in page
    await session.__class__.objects.filter(pk=session.pk).aupdate(model="")
    saved = await client.post(reverse("chat-settings", args=[session.pk]), {"model": name})
    assert saved.status_code < 400
    await session.arefresh_from_db()
    assert session.model == name


@pytest.mark.parametrize("name", IDS)
def test_analytics_and_the_admin_tell_the_id(name):
    staff = UserFactory(is_staff=True, is_superuser=True)
    run = RunFactory(session__user=staff, user=staff, model=name)
    UsageEvent.objects.create(
        user=staff, kind=UsageKind.RUN, name=name, outcome=UsageOutcome.SUCCEEDED, tokens_out=5
    )
    program, browser = APIClient(), Client()
    program.force_authenticate(staff)
    browser.force_login(staff)

    told = program.get("/v1/analytics/tokens-timeline").json()["models"]
    page = browser.get(reverse("admin:chat_run_change", args=[run.pk])).content.decode()

    assert [row["name"] for row in told] == [name]
    assert escape(name) in page
