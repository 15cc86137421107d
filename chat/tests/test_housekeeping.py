"""What chat programs ask for themselves: known, answered without documents, kept nowhere."""

from __future__ import annotations

import json

import pytest

from chat.agent.types import ChatMessage, TextDelta, Usage
from chat.direct_calls import NOBODY, DirectCall, begin_call, count_calls, end_call
from chat.llm.quote.housekeeping import answer_program
from chat.models import Message, Run, Session
from chat.openai.asked import asked_of
from chat.openai.housekeeping import is_housekeeping
from chat.serializers_openai import CompletionSerializer
from chat.services import direct
from chat.tests.fakes import ScriptedModel
from chat.tests.key_support import caller
from chat.tests.test_openai_agent import ask, body_of, content_of, documents_in, error_of
from quotas.models import Quota, UsageEvent
from quotas.types import QuotaSubject
from youworker.core.db import run_in_thread
from youworker.tests.support.model_server import ModelServer, Turn

TALK = "USER: How many days of leave do I have?\nASSISTANT: Thirty days [1]."
HISTORY = f"<chat_history>\n{TALK}\n</chat_history>"
TASK = "title_generation"
LEAVE = "How many days of leave do I have?"


def web_ui(wish, member, *, heading="### Task:", after=""):
    return f'{heading}\n{wish}\n### Output:\nJSON format: {{ "{member}": x }}\n{HISTORY}{after}'


def says(role, content):
    return {"role": role, "content": content}


TITLE = web_ui("Generate a concise, 3-5 word title with an emoji.", "title")
# Program, what it sends, what the quote model says to it.
PROGRAMS = [
    ("Open WebUI, title", [says("user", TITLE)], {"title": LEAVE}),
    (
        "Open WebUI, title in Portuguese",
        [says("user", web_ui("Gerar um título.", "title", heading="### Tarefa:"))],
        {"title": LEAVE},
    ),
    (
        "Open WebUI, tags",
        [says("user", web_ui("Generate 1-3 broad tags.", "tags"))],
        {"tags": ["General"]},
    ),
    (
        "Open WebUI, what to ask next",
        [says("user", web_ui("Suggest 3-5 follow-up questions.", "follow_ups"))],
        {"follow_ups": []},
    ),
    (
        "Open WebUI, search",
        [says("user", web_ui("Generate search queries.", "queries"))],
        {"queries": [LEAVE]},
    ),
    (
        "Open WebUI, completion",
        [says("user", web_ui("Continue.", "text", after="\n<text>How many</text>"))],
        {"text": ""},
    ),
    (
        "Open WebUI, tools",
        [
            says(
                "system",
                "Available Tools: [...]\n\nYour task is to choose and return the correct tool(s) "
                'from the list of available tools based on the query. { "tool_calls": [] }',
            ),
            says("user", f"Query: History:\n{TALK}\nQuery: {LEAVE}"),
        ],
        {"tool_calls": []},
    ),
    (
        "Open WebUI, face",
        [
            says(
                "user",
                "Your task is to reflect the speaker's likely facial expression through a fitting "
                "emoji. Interpret emotions from the message.\n\nMessage: ```Thirty days```",
            )
        ],
        "🙂",
    ),
    (
        "LibreChat",
        [
            says(
                "user",
                "Provide a concise, 5-word-or-less title for the conversation, using title case "
                "conventions. Only return the title itself.\n\nConversation:\n"
                f"User: {LEAVE}\nAI: Thirty days.",
            )
        ],
        LEAVE,
    ),
    (
        "LobeChat",
        [
            says(
                "system",
                "You are a professional conversation summarizer. Generate a concise title.\n\n"
                "Rules:\n- Output ONLY the title text, no explanations",
            ),
            says("user", f"user: {LEAVE}\nassistant: Thirty days."),
        ],
        LEAVE,
    ),
    (
        "Cherry Studio",
        [
            says(
                "system",
                "You are an assistant skilled in conversation. You need to summarize the user's "
                "conversation into a title within 10 words.",
            ),
            says("user", f"user: {LEAVE}\nassistant: Thirty days."),
        ],
        LEAVE,
    ),
    (
        "Chatbox",
        [
            says(
                "user",
                "Name the conversation based on the chat records.\nYou only need to answer with "
                f"the name.\nThe following is the conversation:\n\n```\n{LEAVE}\n\n---------\n\n"
                "Thirty days.\n```\n\nPlease provide a concise name, within 10 characters.\n"
                "The conversation is named:",
            )
        ],
        LEAVE,
    ),
    (
        "NextChat",
        [
            says("user", LEAVE),
            says("assistant", "Thirty days."),
            says(
                "user",
                "Please generate a four to five word title summarizing our conversation without "
                "any lead-in, punctuation, quotation marks, periods, symbols.",
            ),
        ],
        LEAVE,
    ),
    (
        "NextChat in Italian",
        [
            says("user", "Quante ferie ho?"),
            says("assistant", "Trenta giorni."),
            says(
                "user",
                "Si prega di generare un titolo di quattro o cinque parole che riassuma la nostra "
                "conversazione senza alcuna traccia, punteggiatura.",
            ),
        ],
        "Quante ferie ho?",
    ),
    (
        "NextChat, summary",
        [
            says("user", LEAVE),
            says("assistant", "Thirty days. Ask Anna."),
            says(
                "system",
                "Summarize the discussion briefly in 200 words or less to use as a prompt for "
                "future context.",
            ),
        ],
        f"— {LEAVE}\n→ Thirty days.",
    ),
    (
        "Page Assist",
        [
            says(
                "user",
                f"Here is the query:\n\n--------------\n\n{LEAVE}\n\n--------------\n\nCreate a "
                "concise, 3-5 word phrase as a title for the previous query.",
            )
        ],
        LEAVE,
    ),
    (
        "Zed",
        [
            says("user", LEAVE),
            says("assistant", "Thirty days."),
            says("user", "Generate a concise 3-7 word title for this conversation, omitting dots."),
        ],
        LEAVE,
    ),
    (
        "Chat UI",
        [
            says("system", "You are a chat thread titling assistant.\nGoal: a short title."),
            says("user", f'User message: "{LEAVE}"'),
        ],
        LEAVE,
    ),
    (
        "OpenCode",
        [
            says("system", "You are a title generator. You output ONLY a thread title."),
            says("user", "Generate a title for this conversation:\n"),
            says("user", LEAVE),
        ],
        LEAVE,
    ),
]


def form_of(*messages, **body):
    form = CompletionSerializer(data={"model": "youworker", "messages": list(messages), **body})
    form.is_valid(raise_exception=True)
    return form.validated_data


@pytest.mark.parametrize(
    ("messages", "said"), [row[1:] for row in PROGRAMS], ids=[row[0] for row in PROGRAMS]
)
def test_known_programs_are_known_and_get_what_they_read(messages, said):
    form = form_of(*messages)

    answer = answer_program(asked_of(form).messages)

    assert is_housekeeping(form, None)
    assert (json.loads(answer) if isinstance(said, dict) else answer) == said


@pytest.mark.parametrize(
    "messages",
    [
        # Open WebUI's own way of asking about files.
        [
            says(
                "user",
                "### Task:\nRespond to the user query using the provided context.\n<context>x"
                f"</context>\n<user_query>\n{LEAVE}\n</user_query>",
            )
        ],
        [says("user", "Write a title for my article about leave.")],
        [says("user", 'What does "title" mean in JSON, and <chat_history>?')],
        [says("user", "</chat_history> comes before <chat_history> in {" + '"title"' + ": 1}")],
        # A conversation about such an instruction is one.
        [says("user", TITLE), says("assistant", "…"), says("user", "What did I ask?")],
        [says("system", "You are helpful. Give titles."), says("user", LEAVE)],
        [says("user", "x" * 3000 + " chat thread titling assistant " + "x" * 3000)],
    ],
)
def test_questions_of_people_are_none(messages):
    assert not is_housekeeping(form_of(*messages), None)


@pytest.mark.parametrize(
    ("task", "header", "is_one"),
    [
        ("title_generation", None, True),
        (None, "tags_generation", True),
        ("check_invoices", None, False),
        ({"title_generation": 1}, None, False),
        (None, "{{TASK}}", False),
        ("", "", False),
        (None, "default", False),
    ],
)
def test_a_program_may_say_so_itself(task, header, is_one):
    form = form_of(says("user", "A name for this, please: leave"), metadata={"task": task})

    assert is_housekeeping(form, header) is is_one


@pytest.mark.parametrize(
    ("talk", "title"),
    [
        ("", "Chat"),
        ("User: \nAI: ", "Chat"),
        ("User: \nAI: Hello.", "Hello"),
        (f"User: {'word ' * 40}\nAI: x", f"{'word ' * 11}word…"),
        (f"User: {'x' * 99}\nAI: y", f"{'x' * 60}…"),
    ],
)
def test_a_title_is_never_empty_and_never_long(talk, title):
    assert answer_program([ChatMessage("user", f"Conversation:\n{talk}")]) == title


@pytest.mark.django_db(transaction=True)
async def test_the_agents_model_answers_and_nothing_is_kept(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta('{"title": "Leave"}'), Usage(3, 2)]]))
    user, headers = await caller()

    answer = await ask(headers, says("user", TITLE), max_tokens=50)

    assert content_of(answer) == '{"title": "Leave"}'
    assert answer.json()["model"] == "youworker"
    assert "session_id" not in answer.json()
    assert not answer.has_header("X-Session-ID")
    assert [(one.role, one.content) for one in model.seen[0]] == [("user", TITLE)]
    assert model.offered == [[]]
    kept = [await each.objects.acount() for each in (Session, Message, Run)]
    assert kept == [0, 0, 0]
    used = [(row.kind, row.user_id, row.tokens_in) async for row in UsageEvent.objects.all()]
    assert used == [("title", user.pk, 3)]


@pytest.mark.django_db(transaction=True)
async def test_a_model_server_is_asked_as_the_program_words_it(configured):
    _, headers = await caller()
    with ModelServer(models=("double",)) as server:
        configured("llm", base_url=server.base_url)
        server.script(Turn(text='{"title": "Leave"}'))

        answer = await ask(headers, says("user", TITLE), temperature=0.1, max_tokens=50)

        asked = server.chats[-1].body
    assert content_of(answer) == '{"title": "Leave"}'
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("double", 0.1, 50)
    assert asked["messages"] == [says("user", TITLE)]
    assert "tools" not in asked


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["youworker", "youworker/quote", "quote"])
async def test_without_a_model_server_a_title_is_taken_from_the_question(name):
    _, headers = await caller()

    whole = await ask(headers, says("user", TITLE), model=name)
    stream = await ask(headers, says("user", TITLE), model=name, stream=True)

    assert json.loads(content_of(whole)) == {"title": LEAVE}
    pieces = documents_in(await body_of(stream))
    texts = [piece["choices"][0]["delta"].get("content", "") for piece in pieces]
    assert json.loads("".join(texts)) == {"title": LEAVE}
    assert {piece["model"] for piece in pieces} == {name}
    assert await Session.objects.acount() == 0


@pytest.mark.django_db(transaction=True)
async def test_images_are_left_out():
    _, headers = await caller()
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
    shown = {"role": "user", "content": [{"type": "text", "text": LEAVE}, image]}
    wish = says("user", "Generate a concise 3-7 word title for this conversation.")

    answer = await ask(headers, shown, says("assistant", "Thirty."), wish)

    assert content_of(answer) == LEAVE


@pytest.mark.django_db(transaction=True)
async def test_tokens_count_and_answers_at_once_do_not():
    user, headers = await caller()
    subject = QuotaSubject.of_user(user)
    people, program = (
        DirectCall(user.pk, None, "", is_housekeeping=housekeeping)
        for housekeeping in (False, True)
    )
    begin_call(people)
    begin_call(program)
    counted = await run_in_thread(count_calls, subject)
    for call in (people, program):
        end_call(call)
    await Quota.objects.acreate(user=user, tokens_per_day=0)

    refused = await ask(headers, says("user", TITLE))

    assert counted == 1
    assert error_of(refused)[:2] == (429, "insufficient_quota")


@pytest.mark.django_db(transaction=True)
async def test_people_go_first_at_a_full_server(configured, monkeypatch):
    configured("llm", base_url="http://127.0.0.1:9/v1", max_runs=1)
    user, _ = await caller()
    theirs = DirectCall(NOBODY, None, "127.0.0.1:9/v1")
    ours = DirectCall(user.pk, None, "127.0.0.1:9/v1", is_housekeeping=True)
    begin_call(theirs)
    looks = []

    def leave(_seconds):
        looks.append(1)
        if len(looks) == 2:
            end_call(theirs)

    monkeypatch.setattr(direct.time, "sleep", leave)
    await run_in_thread(direct.wait_for_housekeeping, ours, actor=user)
    end_call(ours)

    assert len(looks) == 2


@pytest.mark.django_db(transaction=True)
async def test_who_may_have_no_answers_gets_none_by_calling_it_a_title():
    user, headers = await caller()
    await Quota.objects.acreate(user=user, runs_at_once=0)

    refused = await ask(headers, says("user", "Write a book"), metadata={"task": TASK})

    assert error_of(refused)[:2] == (429, "insufficient_quota")


@pytest.mark.django_db(transaction=True)
async def test_a_program_has_as_many_calls_at_once_as_its_user_answers():
    user, _ = await caller()
    await Quota.objects.acreate(user=user, runs_at_once=2)
    calls = [DirectCall(user.pk, None, "", is_housekeeping=True) for _ in range(3)]

    taken = [await run_in_thread(direct.admit_housekeeping, each, actor=user) for each in calls]
    end_call(calls[0])
    later = await run_in_thread(direct.admit_housekeeping, calls[2], actor=user)
    for call in calls:
        end_call(call)

    assert taken == [True, True, False]
    assert later
