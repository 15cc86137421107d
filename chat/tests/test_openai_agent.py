"""The agent as OpenAI's clients ask it: which session keeps what, and what it refuses."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
from django.test import AsyncClient, Client
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.exceptions import LimitReached, ModelUnavailable
from chat.agent.types import TextDelta
from chat.events import Event, encoded
from chat.models import Attachment, Message, Run, Session, SessionCollection
from chat.openai.agent_answers import GO_ON, ending_of, failure_of, pieces_of
from chat.openai.wire import Wire
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel, answered
from chat.tests.key_support import caller
from chat.tests.pictures import picture_of_text
from documents.tests.factories import DocumentFactory, write
from ingestion.models import IngestionItem
from youworker.core.db import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)

COMPLETIONS = "/v1/chat/completions"


def user_says(text):
    return {"role": "user", "content": text}


def assistant_says(text):
    return {"role": "assistant", "content": text}


async def ask(headers, *messages, model="youworker", **body):
    body = {"model": model, "messages": list(messages), **body}
    return await AsyncClient().post(
        COMPLETIONS, body, content_type="application/json", headers=headers
    )


def content_of(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["choices"][0]["message"]["content"]


def error_of(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


async def body_of(answer):
    return b"".join([part async for part in aiter(answer)]).decode()


def documents_in(body):
    lines = [line[6:] for line in body.split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_an_answer_is_kept_in_a_session_that_lists_leave_out(spoken_by):
    spoken_by(answered("Thirty days."))
    user, headers = await caller()

    answer = await ask(headers, user_says("How many days of leave?"))

    body = answer.json()
    assert content_of(answer) == "Thirty days."
    assert body["model"] == "youworker"
    assert body["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert body["choices"][0]["message"]["citations"] == []
    session = await Session.objects.aget(user=user)
    assert (session.origin, session.title) == ("openai", "How many days of leave?")
    assert answer["X-Session-ID"] == body["session_id"] == str(session.pk)
    assert answer["X-Run-ID"] == body["run_id"]
    usual = (await AsyncClient().get("/v1/sessions", headers=headers)).json()
    theirs = (await AsyncClient().get("/v1/sessions?origin=openai", headers=headers)).json()
    assert usual["results"] == []
    assert [(row["id"], row["origin"]) for row in theirs["results"]] == [
        (str(session.pk), "openai")
    ]
    run = await AsyncClient().get(f"/v1/runs/{body['run_id']}", headers=headers)
    assert run.json()["status"] == "succeeded"


async def test_a_conversation_that_is_sent_whole_each_time_is_one_session(spoken_by):
    model = spoken_by(answered("One.", "Two.", "Three."))
    user, headers = await caller()
    talk = []

    for question in ("First?", "Second?", "Third?"):
        talk.append(user_says(question))
        talk.append(assistant_says(content_of(await ask(headers, *talk))))

    session = await Session.objects.aget(user=user)
    said = [row.content async for row in Message.objects.filter(session=session).in_order()]
    assert said == ["First?", "One.", "Second?", "Two.", "Third?", "Three."]
    seen = [(one.role, one.content) for one in model.seen[-1][1:]]
    assert seen == [(one["role"], one["content"]) for one in talk[:-1]]


async def test_an_answer_that_is_asked_for_again_is_another_branch(spoken_by):
    spoken_by(answered("One.", "Two.", "Other."))
    user, headers = await caller()
    talk = [user_says("First?"), assistant_says("One."), user_says("Second?")]
    await ask(headers, talk[0])
    await ask(headers, *talk)

    again = await ask(headers, *talk)

    assert content_of(again) == "Other."
    session = await Session.objects.aget(user=user)
    first = await Message.objects.aget(session=session, role="assistant", parent__parent=None)
    assert await Message.objects.filter(parent=first).acount() == 2


@pytest.mark.parametrize(
    "talk",
    [
        [user_says("First?"), assistant_says("Never said."), user_says("Second?")],
        [user_says("Changed?"), assistant_says("One."), user_says("Second?")],
        [user_says("First?"), user_says("Second?")],
        [assistant_says("Welcome."), user_says("First?"), assistant_says("One."), user_says("Go")],
    ],
)
async def test_what_was_not_said_here_begins_another_session_with_that_history(spoken_by, talk):
    model = spoken_by(answered("One.", "Two."))
    user, headers = await caller()
    await ask(headers, user_says("First?"))

    await ask(headers, *talk)

    assert await Session.objects.filter(user=user).acount() == 2
    newest = await Session.objects.filter(user=user).order_by("-created_at").afirst()
    rows = [
        (row.role, row.content) async for row in Message.objects.filter(session=newest).in_order()
    ]
    told = [(one["role"], one["content"]) for one in talk]
    assert rows == [*told, ("assistant", "Two.")]
    # A prompt begins with the user.
    seen = [(one.role, one.content) for one in model.seen[-1][1:]]
    assert seen == told[1 if told[0][0] == "assistant" else 0 :]


async def test_nobody_goes_on_with_the_session_of_somebody_else(spoken_by):
    spoken_by(answered("One.", "Two.", "Three."))
    owner, headers = await caller()
    _, others = await caller()
    first = await ask(headers, user_says("First?"))
    talk = [user_says("First?"), assistant_says("One."), user_says("Second?")]

    guessed = await ask(others, *talk)
    named = await ask(others, *talk, metadata={"session_id": first.json()["session_id"]})
    absent = await ask(others, *talk, metadata={"session_id": str(uuid4())})

    assert guessed.json()["session_id"] != first.json()["session_id"]
    assert error_of(named) == error_of(absent) == (404, "not_found", None)
    assert await Message.objects.filter(session__user=owner).acount() == 2


@pytest.mark.parametrize("by", ["header", "metadata"])
async def test_a_session_that_is_named_keeps_the_answer(spoken_by, by):
    spoken_by(answered("One.", "Two."))
    user, headers = await caller()
    session = await run_in_thread(SessionFactory, user=user, enable_tools=False)
    named = {"metadata": {"session_id": str(session.pk), "other": "x"}} if by == "metadata" else {}
    if by == "header":
        headers["X-Session-ID"] = str(session.pk)

    first = await ask(headers, user_says("First?"), **named)
    talk = [user_says("First?"), assistant_says("One."), user_says("Second?")]
    second = await ask(headers, *talk, **named)

    assert first.json()["session_id"] == second.json()["session_id"] == str(session.pk)
    assert await Session.objects.acount() == 1
    question = await Message.objects.aget(
        session=session, parent__parent__isnull=False, role="user"
    )
    assert question.content == "Second?"


# OpenCode's header, and what traces are called by.
OWN_NAMES = [
    ({"X-Session-ID": "ses_de0e606e9ffeLtr4Ncj4Qk9fCb"}, {}),
    ({}, {"metadata": {"session_id": "chat-42", "trace_user_id": "ada"}}),
    ({}, {"metadata": {"session_id": 42}}),
]


@pytest.mark.parametrize(("header", "body"), OWN_NAMES)
async def test_what_a_program_calls_its_own_conversation_names_none_of_ours(
    spoken_by, header, body
):
    spoken_by(answered("One.", "Two."))
    user, headers = await caller()
    talk = [user_says("First?"), assistant_says("One."), user_says("Second?")]

    await ask(headers | header, talk[0], **body)
    answer = await ask(headers | header, *talk, **body)

    assert content_of(answer) == "Two."
    assert answer["X-Session-ID"] == str((await Session.objects.aget(user=user)).pk)


async def test_a_session_that_was_deleted_is_not_gone_on_with(spoken_by):
    spoken_by(answered("One.", "Two."))
    user, headers = await caller()
    first = await ask(headers, user_says("First?"))
    session = await Session.objects.aget(user=user)
    await run_in_thread(services.delete_session, session, actor=user)

    talk = [user_says("First?"), assistant_says("One."), user_says("Second?")]
    second = await ask(headers, *talk)

    assert content_of(second) == "Two."
    assert second.json()["session_id"] != first.json()["session_id"]


async def test_what_is_said_as_the_system_has_not_its_authority(spoken_by):
    model = spoken_by(answered("Ja."))
    user, headers = await caller()
    parts = [{"type": "text", "text": "Answer in German."}]

    await ask(headers, {"role": "system", "content": parts}, user_says("Is it?"))

    system, *rest = model.seen[-1]
    assert system.role == "system"
    assert "German" not in system.content
    assert [(one.role, one.content) for one in rest] == [
        ("user", "Answer in German."),
        ("user", "Is it?"),
    ]
    assert (await Session.objects.aget(user=user)).title == "Is it?"


async def test_an_answer_that_a_program_wants_continued_goes_on_behind_it(spoken_by):
    model = spoken_by(answered("and ten of sickness."))
    user, headers = await caller()

    answer = await ask(headers, user_says("How many days?"), assistant_says("Thirty of leave"))

    assert content_of(answer) == "and ten of sickness."
    assert [(one.role, one.content) for one in model.seen[-1][1:]] == [
        ("user", "How many days?"),
        ("assistant", "Thirty of leave"),
        ("user", GO_ON),
    ]
    assert (await Session.objects.aget(user=user)).title == "How many days?"


async def test_the_list_of_files_before_a_question_is_not_its_text(spoken_by):
    model = spoken_by(answered("A bill.", "4711 euros."))
    user, headers = await caller()
    listed = '<attached_files>\n<file type="file" id="1" name="pic.png"/>\n</attached_files>\n\n'
    parts = [{"type": "text", "text": listed}, {"type": "text", "text": "What is it?"}]
    first = {"role": "user", "content": parts}

    await ask(headers, first)
    await ask(headers, first, assistant_says("A bill."), user_says("How much?"))

    assert [(one.role, one.content) for one in model.seen[-1][1:]] == [
        ("user", "What is it?"),
        ("assistant", "A bill."),
        ("user", "How much?"),
    ]
    assert (await Session.objects.aget(user=user)).title == "What is it?"


RESULT = {"role": "tool", "tool_call_id": "call_1", "content": '{"current_timestamp": 1795817130}'}
CALL = {"name": "get_current_timestamp", "arguments": "{}"}
CALLING = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "call_1", "type": "function", "function": CALL}],
}
SEEN = {
    "role": "tool",
    "tool_call_id": "call_2",
    "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}],
}


async def test_calls_that_another_model_made_earlier_are_not_the_agents(spoken_by):
    model = spoken_by(answered("Thirty days."))
    _, headers = await caller()
    earlier = [user_says("What time is it?"), CALLING, RESULT, SEEN, assistant_says("Ten.")]

    answer = await ask(headers, *earlier, user_says("And how many days of leave?"))

    assert content_of(answer) == "Thirty days."
    assert [(one.role, one.content) for one in model.seen[-1][1:]] == [
        ("user", "What time is it?"),
        ("assistant", "Ten."),
        ("user", "And how many days of leave?"),
    ]


FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize("choice", [{}, {"tool_choice": None}, {"tool_choice": "auto"}])
async def test_tools_that_a_caller_only_offers_are_left_alone(spoken_by, choice):
    model = spoken_by(answered("Thirty days."))
    _, headers = await caller()

    answer = await ask(headers, user_says("How many?"), tools=[FUNCTION], **choice)

    assert content_of(answer) == "Thirty days."
    assert answer.json()["choices"][0]["finish_reason"] == "stop"
    assert "f" not in {tool.name for tool in model.offered[-1]}


REFUSED = [
    ({"tools": [FUNCTION], "tool_choice": "required"}, "tools"),
    ({"tools": [FUNCTION], "tool_choice": {"type": "function", "function": FUNCTION}}, "tools"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"stop": "a"}, "stop"),
    ({"messages": [user_says("a"), RESULT]}, "messages.1.role"),
    ({"messages": [assistant_says("b")]}, "messages.0.role"),
    ({"messages": [user_says("  ")]}, "text"),
    ({"messages": [user_says("a" * 200_001)]}, "text"),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
                    ],
                }
            ]
        },
        "messages.0.content",
    ),
]


@pytest.mark.parametrize(("body", "param"), REFUSED)
def test_what_the_agent_does_not_do_is_refused(body, param):
    client = APIClient()
    client.force_authenticate(UserFactory())

    answer = client.post(COMPLETIONS, {"model": "youworker", "messages": [user_says("a")], **body})

    assert answer.status_code == 400
    assert param is None or error_of(answer)[2] == param
    assert not Session.objects.exists()


def image_of(data, mime="image/png"):
    """A part of a message with an image."""
    url = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


async def test_images_are_files_of_the_question(spoken_by, configured):
    configured("agent", attachment_seconds=0.0)
    configured("llm", vision_models=("scripted",))
    model = spoken_by(answered("A zebra.", "Striped."))
    user, headers = await caller()
    parts = [{"type": "text", "text": "What is it?"}, image_of(picture_of_text("zebra"))]
    said = {"role": "user", "content": parts}

    first = await ask(headers, said, model="youworker")
    assert content_of(first) == "A zebra."
    again = await ask(headers, said, assistant_says("A zebra."), user_says("And?"))

    assert content_of(again) == "Striped."
    asked = [[one for one in seen if one.role == "user"] for seen in model.seen]
    assert asked[0][0].images[0].startswith("data:image/jpeg;base64,")
    # The whole conversation is sent each time, and found again with its image.
    assert asked[1][0].images == asked[0][0].images
    session = await Session.objects.aget(user=user)
    assert again.json()["session_id"] == str(session.pk)
    attachment = await Attachment.objects.select_related("item").aget()
    assert (attachment.session_id, attachment.name) == (session.pk, "image 1.png")
    found = await SessionCollection.objects.aget(session=session)
    assert found.user_id == user.pk


@pytest.mark.parametrize(
    "part",
    [
        image_of(b"no image"),
        image_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        {"type": "image_url", "image_url": {"url": "data:image/png,plain"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,!!"}},
        {"type": "image_url", "image_url": {"url": "http://10.0.0.1/a.png"}},
    ],
)
async def test_what_is_no_image_is_refused_before_anything_is_kept(part):
    user, headers = await caller()

    answer = await ask(headers, {"role": "user", "content": [part]})

    assert answer.status_code == 400
    assert "messages.0" in error_of(answer)[2]
    assert not await Session.objects.filter(user=user).aexists()
    assert not await SessionCollection.objects.filter(user=user).aexists()


async def test_how_a_model_speaks_is_the_operators_matter():
    _, headers = await caller()
    wishes = {"temperature": 1.5, "max_tokens": 5, "response_format": {"type": "text"}}

    answer = await ask(headers, user_says("Hello"), model="youworker/quote", **wishes)

    assert answer.status_code == 200
    assert answer.json()["model"] == "youworker/quote"


def assert_shows(url, user, title):
    """Open a link as its reader does."""
    browser = Client()
    browser.force_login(user)
    shown = browser.get(url.removeprefix("http://testserver"))
    assert shown.status_code == 200
    assert title in shown.content.decode()


async def test_citations_stand_in_the_text_and_beside_it():
    user, headers = await caller()

    def write_down():
        write(DocumentFactory(owner=user, title="Leave"), "Everybody has thirty days of leave.")

    await run_in_thread(write_down)

    whole = await ask(headers, user_says("How many days of leave?"), model="youworker/quote")
    streamed = await ask(
        headers,
        user_says("How many days of leave does everybody have?"),
        model="youworker/quote",
        stream=True,
        stream_options={"include_usage": True},
    )

    message = whole.json()["choices"][0]["message"]
    assert "thirty days of leave" in message["content"]
    assert "[1]" in message["content"]
    assert [(row["index"], row["title"]) for row in message["citations"]] == [(1, "Leave")]
    (link,) = message["annotations"]
    place = link["url_citation"]
    assert (link["type"], place["title"]) == ("url_citation", "1. Leave")
    assert message["content"][place["start_index"] : place["end_index"]] == "[1]"
    (cited,) = message["citations"]
    page = f"http://testserver/documents/{cited['document_id']}?chunk={cited['chunk_id']}"
    assert place["url"] == f"{page}&start={cited['start']}&end={cited['end']}"
    await run_in_thread(assert_shows, place["url"], user, "Leave")
    *pieces, last, counts = documents_in(await body_of(streamed))
    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert "[1]" in text
    choice = last["choices"][0]
    assert (choice["finish_reason"], choice["delta"]["citations"][0]["title"]) == ("stop", "Leave")
    assert choice["delta"]["annotations"][0]["url_citation"]["title"] == "1. Leave"
    assert counts["choices"] == []
    assert counts["usage"]["total_tokens"] > 0
    assert counts["session_id"] == streamed["X-Session-ID"]
    stored = await Run.objects.select_related("answer").aget(pk=streamed["X-Run-ID"])
    assert stored.answer.content == text


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_failed_is_an_error_however_much_was_said(spoken_by, stream):
    spoken_by(ScriptedModel([[TextDelta("Half"), ModelUnavailable("The server broke off.")]]))
    user, headers = await caller()

    answer = await ask(headers, user_says("Why?"), stream=stream)

    if stream:
        *_, last = documents_in(await body_of(answer))
        assert last["error"]["code"] == "model_failed"
    else:
        assert error_of(answer)[:2] == (503, "model_failed")
    kept = await Message.objects.aget(session__user=user, role="assistant")
    assert kept.content == "Half"


async def test_an_answer_that_reached_its_limit_says_that_it_was_cut(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Half"), LimitReached("Ended.")]]))
    _, headers = await caller()

    answer = await ask(headers, user_says("Why?"))

    assert answer.json()["choices"][0]["finish_reason"] == "length"


async def test_a_retry_with_the_same_key_is_one_question(spoken_by):
    spoken_by(answered("One."))
    _, headers = await caller()
    headers["Idempotency-Key"] = "again"

    first = await ask(headers, user_says("Why?"))
    second = await ask(headers, user_says("Why?"))
    other = await ask(headers, user_says("What?"))

    assert first.json()["run_id"] == second.json()["run_id"]
    assert content_of(second) == "One."
    assert error_of(other)[:2] == (422, "idempotency_key_reused")


async def test_a_retry_with_an_image_stores_it_once(spoken_by, configured):
    configured("agent", attachment_seconds=0.0)
    spoken_by(answered("A zebra."))
    _, headers = await caller()
    headers["Idempotency-Key"] = "again"
    said = {"role": "user", "content": [image_of(picture_of_text("zebra"))]}

    first = await ask(headers, said)
    second = await ask(headers, said)

    assert first.json()["run_id"] == second.json()["run_id"]
    assert await IngestionItem.objects.acount() == 1
    assert await SessionCollection.objects.acount() == 1


async def test_a_reader_who_leaves_leaves_the_run_alone(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("One "), 0.3, TextDelta("two.")]]))
    _, headers = await caller()
    answer = await ask(headers, user_says("Why?"), stream=True)
    stream = aiter(answer)
    await anext(stream)

    await stream.aclose()

    run = await AsyncClient().get(f"/v1/runs/{answer['X-Run-ID']}/events", headers=headers)
    events = b"".join([part async for part in run.streaming_content]).decode()
    assert "two." in events


def test_a_run_that_waits_for_its_user_says_so():
    waiting = Event(3, "run", encoded({"status": "waiting_approval"}))
    pieces, is_over = pieces_of([waiting], Wire("youworker"), [])

    assert is_over
    assert json.loads(pieces.split(b"\n\n")[0][6:])["error"]["code"] == "approval_needed"
    whole = failure_of({"status": "waiting_approval", "message": {}, "error": None}, "youworker")
    assert whole.status == 409


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        (["One "], "two."),
        ([], "One two."),
        (["One ", "two."], None),
        # A part of it turned out to be reasoning.
        (["Hm. ", "One two."], None),
    ],
)
def test_what_the_event_log_lost_is_sent_with_the_end(said, rest):
    message = {"content": "One two.", "citations": []}
    result = {"status": "succeeded", "message": message, "error": None}
    done = {**result, "usage": {"tokens_in": 3, "tokens_out": 2}}
    events = [Event(n, "token", encoded({"text": text})) for n, text in enumerate(said, 1)]
    events.append(Event(len(events) + 1, "done", encoded(done)))

    pieces, is_over = pieces_of(events, Wire("youworker"), [])

    sent = [piece["choices"][0]["delta"].get("content") for piece in documents_in(pieces.decode())]
    assert sent == [*said, *([rest] if rest else []), None]
    assert is_over


def test_an_answer_that_was_removed_is_an_error():
    ending = ending_of({"status": "interrupted", "message": None}, Wire("youworker"), "")

    assert b"model_failed" in ending


def test_conversations_of_programs_have_a_list_of_their_own(client):
    user = UserFactory()
    client.force_login(user)
    SessionFactory(user=user, title="Held here")
    SessionFactory(user=user, title="Held elsewhere", origin="openai")
    SessionFactory(title="Of somebody else", origin="openai")

    usual = client.get("/chat/list").content.decode()
    theirs = client.get("/chat/list?origin=openai").content.decode()
    found = client.get("/chat/list?origin=openai&search=elsewhere").content.decode()

    assert ("Held here" in usual, "Held elsewhere" in usual) == (True, False)
    assert ("Held here" in theirs, "Held elsewhere" in theirs) == (False, True)
    assert "Held elsewhere" in found
    assert "Of somebody else" not in theirs
    assert client.get("/chat/list?origin=nonsense").status_code == 400
