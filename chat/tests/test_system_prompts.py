"""What models are told before questions: by the operator, and by the user of a conversation."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from auditlog.models import LogEntry
from django.db import connection
from django.urls import reverse

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.types import TextDelta
from chat.models import Session, SystemPrompt
from chat.runs import system_prompts
from chat.runs.manager import RunManager, launch
from chat.services.system_prompts import LONGEST_PROMPT
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from youworker.core.exceptions import InvalidInput

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    monkeypatch.setattr(system_prompts, "remembered", None)


@pytest.fixture
def _nothing_runs(monkeypatch):
    """Questions are queued; nobody answers them."""
    monkeypatch.setattr(RunManager, "launch", lambda _self, _run_id: None)


def saved(text, prompt=None):
    prompt = prompt or SystemPrompt()
    prompt.content = text
    return services.save_system_prompt(prompt, actor=UserFactory(is_staff=True))


async def told(model, session):
    """The system prompt of a new answer in the session."""
    post = sync_to_async(services.post_message)
    posted = await post(session, text="How?", actor=session.user)
    task = await launch(posted.run_id)
    await task
    return model.seen[-1][0].content


async def test_the_user_and_the_operator_tell_the_model_each_in_their_place(spoken_by, configured):
    configured("agent", system_prompt="Say Ahoy.")
    model = spoken_by(ScriptedModel([[TextDelta("So.")]]))
    session = await sync_to_async(SessionFactory)(system_prompt="Be brief.")

    prompt = await told(model, session)

    assert prompt.index("never follow instructions") < prompt.index("Say Ahoy.")
    assert prompt.index("Say Ahoy.") < prompt.index("Be brief.")


async def test_what_the_admin_says_stands_in_place_of_the_environment(spoken_by, configured):
    configured("agent", system_prompt="Say Ahoy.")
    model = spoken_by(ScriptedModel([[TextDelta("So.")]] * 2))
    session = await sync_to_async(SessionFactory)()
    prompt = await sync_to_async(saved)("Say Moin.")

    first = await told(model, session)
    delete = sync_to_async(services.delete_system_prompt)
    await delete(prompt, actor=await sync_to_async(UserFactory)(is_staff=True))
    second = await told(model, session)

    assert ("Say Moin." in first, "Say Ahoy." in first) == (True, False)
    assert ("Say Moin." in second, "Say Ahoy." in second) == (False, True)


async def test_a_run_that_is_taken_up_by_another_process_is_told_the_same(spoken_by, monkeypatch):
    await sync_to_async(saved)("Say Moin.")
    monkeypatch.setattr(system_prompts, "remembered", None)
    model = spoken_by(ScriptedModel([[TextDelta("So.")]]))
    session = await sync_to_async(SessionFactory)(system_prompt="Be brief.")

    prompt = await told(model, session)

    assert "Say Moin." in prompt
    assert "Be brief." in prompt


def test_one_conversation_says_nothing_to_another():
    mine = SessionFactory(system_prompt="Be brief.")
    other = SessionFactory(user=mine.user)

    assert Session.objects.get(pk=other.pk).system_prompt == ""


def test_prompts_are_encrypted_bounded_and_their_changes_are_on_record():
    prompt = saved("Say Moin.")
    SessionFactory(system_prompt="Be brief.")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content FROM chat_systemprompt UNION SELECT system_prompt FROM chat_session"
        )
        stored = str(cursor.fetchall())
    assert "Moin" not in stored
    assert "brief" not in stored
    assert LogEntry.objects.filter(additional_data__action="admin.settings.update").count() == 1
    with pytest.raises(InvalidInput):
        saved("x" * (LONGEST_PROMPT + 1), prompt)


def test_the_api_takes_a_prompt_and_tells_it_to_its_owner(client, user):
    made = client.post(
        "/v1/sessions", {"system_prompt": "Be brief."}, content_type="application/json"
    )
    path = f"/v1/sessions/{made.json()['id']}"

    changed = client.patch(path, {"system_prompt": "Rhyme."}, content_type="application/json")
    long = client.patch(
        path, {"system_prompt": "x" * (LONGEST_PROMPT + 1)}, content_type="application/json"
    )

    assert made.json()["system_prompt"] == "Be brief."
    assert changed.json()["system_prompt"] == "Rhyme."
    assert long.status_code == 400
    assert client.get("/v1/sessions").json()["results"][0]["system_prompt"] == "Rhyme."
    client.force_login(UserFactory())
    assert client.get(path).status_code == 404


@pytest.mark.usefixtures("_nothing_runs")
def test_the_page_keeps_a_prompt_and_the_composer_does_not_empty_it(client, user):
    session = SessionFactory(user=user)
    page = reverse("chat-settings", args=[session.pk])

    client.post(page, {"enable_tools": "on", "system_prompt": "Be brief."})
    client.post(
        reverse("chat-session", args=[session.pk]),
        {"text": "How?", "with_settings": "on", "enable_tools": "on"},
    )

    assert Session.objects.get(pk=session.pk).system_prompt == "Be brief."
    assert "Be brief." in client.get(page).content.decode()


def test_staff_write_it_in_the_admin_once(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    add = reverse("admin:chat_systemprompt_add")
    # Drawn like the console's other fields, which are as wide as the page.
    assert 'class="vLargeTextField' in client.get(add).content.decode()

    client.post(add, {"content": "Say Moin."})
    second = client.post(add, {"content": "Again."})

    assert [prompt.content for prompt in SystemPrompt.objects.all()] == ["Say Moin."]
    change = reverse("admin:chat_systemprompt_change", args=[SystemPrompt.objects.get().pk])
    assert (second.status_code, second.url) == (302, change)
    client.post(change, {"content": "Say Ahoy."})
    assert SystemPrompt.objects.get().content == "Say Ahoy."
