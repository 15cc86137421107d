"""Answers of the agent that their askers want nothing kept of (`store: false`)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.utils import timezone

from chat import tasks
from chat.enums import UNKEPT, RunStatus
from chat.models import Attachment, Message, Run, Session, SessionCollection
from chat.tests.fakes import answered
from chat.tests.key_support import caller
from chat.tests.pictures import picture_of_text
from chat.tests.test_openai_agent import (
    ask,
    assistant_says,
    body_of,
    content_of,
    documents_in,
    error_of,
    image_of,
    user_says,
)
from groups.models import LegalHold
from ingestion.models import IngestionItem
from quotas.models import UsageEvent
from youworker.core.db import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)

FILES = (Attachment, SessionCollection, IngestionItem)
LISTS = ("/v1/sessions", "/v1/sessions?origin=openai", "/v1/sessions?origin=openai&search=days")


def end_long_ago():
    """Let the minute after the ends of all answers be over."""
    Run.objects.filter(finished_at__isnull=False).update(
        finished_at=timezone.now() - timedelta(minutes=2)
    )


def erase():
    """What the schedule does, after a minute."""
    end_long_ago()
    return tasks.erase_unkept()


async def sessions_of(path, headers):
    answer = await AsyncClient().get(path, headers=headers)
    return answer.json()["results"]


@pytest.mark.parametrize("stream", [False, True])
async def test_nothing_stays_of_an_answer_but_what_it_used(spoken_by, stream):
    spoken_by(answered("Thirty days."))
    user, headers = await caller()

    answer = await ask(headers, user_says("How many days?"), store=False, stream=stream)

    if stream:
        documents = documents_in(await body_of(answer))
        said = "".join(one["choices"][0]["delta"].get("content") or "" for one in documents)
        assert said == "Thirty days."
    else:
        assert content_of(answer) == "Thirty days."
    for path in LISTS:
        assert await sessions_of(path, headers) == []
    # Whoever lost the answer reads it again for a minute.
    assert await run_in_thread(tasks.erase_unkept) == 0
    run = await AsyncClient().get(f"/v1/runs/{answer['X-Run-ID']}", headers=headers)
    assert run.json()["status"] == "succeeded"

    assert await run_in_thread(erase) == 1

    again = await AsyncClient().get(f"/v1/runs/{answer['X-Run-ID']}", headers=headers)
    assert again.status_code == 404
    for model in (Session.all_objects, Run.objects, Message.objects):
        assert await model.acount() == 0
    used = await UsageEvent.objects.aget(user=user, kind="run")
    assert (used.tokens_in, used.tokens_out) == (3, 2)


async def test_images_of_an_unkept_question_go_too(spoken_by, configured):
    configured("agent", attachment_seconds=0.0)
    spoken_by(answered("A zebra."))
    _, headers = await caller()
    parts = [{"type": "text", "text": "What is it?"}, image_of(picture_of_text("zebra"))]
    asked = await ask(headers, {"role": "user", "content": parts}, store=False)
    had = [await model.objects.acount() for model in FILES]

    assert await run_in_thread(erase) == 1

    assert content_of(asked) == "A zebra."
    assert had == [1, 1, 1]
    assert [await model.objects.acount() for model in FILES] == [0, 0, 0]


async def test_only_what_shall_not_be_kept_goes(spoken_by):
    spoken_by(answered("One.", "Two.", "Three."))
    _, headers = await caller()
    await ask(headers, user_says("First?"))
    await ask(headers, user_says("Second?"), store=True)
    await ask(headers, user_says("Third?"), store=False)

    assert await run_in_thread(erase) == 1

    kept = await sessions_of("/v1/sessions?origin=openai", headers)
    assert sorted(row["title"] for row in kept) == ["First?", "Second?"]


async def test_an_unkept_question_joins_no_conversation_and_none_joins_it(spoken_by):
    spoken_by(answered("One.", "Two.", "Three."))
    _, headers = await caller()
    talk = [user_says("First?")]
    kept = await ask(headers, *talk)
    talk += [assistant_says("One."), user_says("Second?")]

    unkept = await ask(headers, *talk, store=False)
    talk += [assistant_says("Two."), user_says("Third?")]
    later = await ask(headers, *talk)

    sessions = [answer["X-Session-ID"] for answer in (kept, unkept, later)]
    assert len(set(sessions)) == 3
    assert await run_in_thread(erase) == 1
    assert not await Session.all_objects.filter(pk=unkept["X-Session-ID"]).aexists()


async def test_a_session_that_is_named_keeps_its_answers(spoken_by):
    spoken_by(answered("One."))
    _, headers = await caller()
    session = (await ask(headers, user_says("First?")))["X-Session-ID"]

    for named in ({"metadata": {"session_id": session}}, {}):
        headed = headers if named else {**headers, "X-Session-ID": session}
        refused = await ask(headed, user_says("Second?"), store=False, **named)

        assert error_of(refused) == (400, "invalid", "store")
    assert await Run.objects.acount() == 1


async def test_an_answer_in_the_making_is_not_erased(spoken_by):
    spoken_by(answered("One."))
    _, headers = await caller()
    await ask(headers, user_says("First?"), store=False)
    await Run.objects.aupdate(status=RunStatus.QUEUED, finished_at=None)

    assert await run_in_thread(erase) == 0
    assert await Run.objects.acount() == 1


async def test_who_goes_on_with_an_unkept_conversation_keeps_it(spoken_by):
    spoken_by(answered("One."))
    _, headers = await caller()
    session = (await ask(headers, user_says("First?"), store=False))["X-Session-ID"]
    run = await Run.objects.aget(thread=UNKEPT)
    status, question = RunStatus.SUCCEEDED, run.question_id
    await Run.objects.acreate(
        session_id=session, user_id=run.user_id, question_id=question, status=status
    )

    assert await run_in_thread(erase) == 0
    assert await sessions_of("/v1/sessions", headers) == []
    for path in LISTS[1:]:
        assert [row["id"] for row in await sessions_of(path.replace("days", "First"), headers)] == [
            session
        ]


async def test_a_legal_hold_keeps_it(spoken_by):
    spoken_by(answered("One."))
    user, headers = await caller()
    await ask(headers, user_says("First?"), store=False)
    await LegalHold.objects.acreate(user=user, reason="A case")

    assert await run_in_thread(erase) == 0


async def test_a_repeated_request_is_answered_once(spoken_by):
    model = spoken_by(answered("One."))
    _, headers = await caller()
    keyed = {**headers, "Idempotency-Key": "once"}
    first = await ask(keyed, user_says("First?"), store=False)
    again = await ask(keyed, user_says("First?"), store=False)
    other = await ask(keyed, user_says("First?"))
    await run_in_thread(erase)
    late = await ask(keyed, user_says("First?"), store=False)

    assert content_of(again) == content_of(first) == "One."
    assert (other.status_code, late.status_code) == (422, 404)
    assert len(model.seen) == 1
