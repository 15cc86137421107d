"""Prompts as the strictest chat templates take them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from chat.agent.types import ChatMessage, ToolCall
from chat.llm.openai.conversation import ONLY_CALLS
from chat.llm.openai.request_format import (
    IMAGES,
    SEVERAL_CALLS,
    SYSTEM_ROLE,
    TEXT_OF_CALLS,
    messages_json,
)

IMAGE = "data:image/jpeg;base64,aGk="
SYSTEM = ChatMessage("system", "Be brief.")


def user(text="Why?"):
    return ChatMessage("user", text)


def answer(text="Because.", *calls):
    made = [ToolCall(name, "semantic__query", {"query": name}) for name in calls]
    return ChatMessage("assistant", text, tool_calls=made)


def result(name, text="found"):
    return ChatMessage("tool", text, tool_call_id=name, tool_name="semantic__query")


def picture(name, image="id"):
    """A result with an image, and the words that stand for it."""
    return replace(result(name), images=[image], unseen=f"(words in {name})")


CONVERSATIONS = {
    "one question": [SYSTEM, user()],
    "an answer that failed": [SYSTEM, user("a"), user("b")],
    "three that failed": [SYSTEM, user("a"), user("b"), user("c"), user("d")],
    "an empty answer": [SYSTEM, user("a"), answer(""), user("b")],
    "an answer of blanks": [SYSTEM, user("a"), answer(" \n"), user("b")],
    "two answers": [SYSTEM, user("a"), answer("b"), answer("c"), user("d")],
    "a question of blanks": [SYSTEM, user(" ")],
    "no question": [SYSTEM],
    "an answer first": [SYSTEM, answer("a"), user("b")],
    "calls first": [SYSTEM, answer("", "c1"), result("c1")],
    "a result first": [SYSTEM, result("c1"), user("b")],
    "no system": [user("a"), answer("b"), user("c")],
    "an empty system": [ChatMessage("system", ""), user("a")],
    "system in between": [SYSTEM, user("a"), ChatMessage("system", "Be kind."), user("b")],
    "calls without words": [SYSTEM, user(), answer("", "c1"), result("c1")],
    "calls with words": [SYSTEM, user(), answer("Let me see.", "c1"), result("c1")],
    "two calls": [SYSTEM, user(), answer("", "c1", "c2"), result("c1"), result("c2")],
    "two rounds": [SYSTEM, user(), answer("", "a"), result("a"), answer("", "b"), result("b")],
    "a picture in a result": [SYSTEM, user(), answer("", "a"), picture("a")],
    "pictures before an answer": [
        user(),
        answer("", "a", "b"),
        picture("a"),
        result("b"),
        answer(),
    ],
    "pictures in two rounds": [
        user(),
        answer("", "a"),
        picture("a"),
        answer("", "b"),
        picture("b"),
    ],
    "a picture before a question": [user(), answer("", "a"), picture("a"), user("b")],
    "results the other way round": [user(), answer("", "a", "b"), result("b"), result("a")],
    "a result that never came": [SYSTEM, user(), answer("", "c1", "c2"), result("c1"), user("b")],
    "no result at all": [SYSTEM, user(), answer("", "c1"), user("b")],
    "an empty result": [SYSTEM, user(), answer("", "c1"), result("c1", "")],
    "a result of nobody": [SYSTEM, user(), answer("b"), result("c9")],
    "a second result of one call": [SYSTEM, user(), answer("", "c"), result("c"), result("c")],
    "calls with one id": [SYSTEM, user(), answer("", "c", "c"), result("c"), result("c")],
    "calls without ids": [SYSTEM, user(), answer("", "", ""), result(""), result("")],
    "stopped after the results": [SYSTEM, user(), answer("", "c1"), result("c1"), user("b")],
    "answers of one turn": [SYSTEM, user(), answer("b"), answer("", "c1"), result("c1")],
}
KNOWN = {"system", "user", "assistant", "tool"}


def check_strictly(messages):
    """Refuse what the templates of Mistral, Gemma, Llama and Qwen, or their servers, refuse."""
    assert all(message["role"] in KNOWN for message in messages)
    for message in messages:
        assert isinstance(message["content"], str), "LM Studio refuses null"
        assert message["content"].strip(), "Bedrock and others refuse blank text"
    assert "system" not in [message["role"] for message in messages[1:]]
    spoken = messages[1:] if messages[0]["role"] == "system" else messages
    # Mistral: user and assistant alternate, where calls and results are not looked at.
    plain = [one["role"] for one in spoken if one["role"] != "tool" and "tool_calls" not in one]
    assert plain == (["user", "assistant"] * len(plain))[: len(plain)]
    waiting: list[str] = []
    for before, message in itertools.pairwise([{"role": "system"}, *spoken]):
        if message["role"] == "tool":
            assert message["tool_call_id"] in waiting, "OpenAI: a result follows its call"
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting, "OpenAI: each call has a result"
        assert not (before["role"] == "tool" and message["role"] == "user"), "Mistral"
        waiting = [call["id"] for call in message.get("tool_calls", [])]
        assert all(waiting)
        assert len(set(waiting)) == len(waiting)
    assert not waiting


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_every_conversation_is_one_that_strict_templates_take(name):
    check_strictly(messages_json(CONVERSATIONS[name]))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_models_without_tools_or_a_system_role_read_turns_that_alternate(name):
    for refused in ({"tools"}, {"tools", SYSTEM_ROLE}):
        found = messages_json(CONVERSATIONS[name], refused=refused)

        check_strictly(found)
        roles = [one["role"] for one in found if one["role"] != "system"]
        assert set(roles) <= {"user", "assistant"}
        assert all(one != other for one, other in itertools.pairwise(roles))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_calls_that_are_told_one_by_one_have_their_results_behind_them(name):
    found = messages_json(CONVERSATIONS[name], refused={SEVERAL_CALLS})

    check_strictly(found)
    assert all(len(one.get("tool_calls", ["one"])) == 1 for one in found)
    whole = messages_json(CONVERSATIONS[name])
    assert sum(one["role"] == "tool" for one in found) == sum(
        one["role"] == "tool" for one in whole
    )


def test_nothing_that_was_said_is_lost_and_what_is_missing_is_named():
    found = messages_json([SYSTEM, user("first"), user("second"), answer(""), user("third")])

    assert [(one["role"], one["content"]) for one in found] == [
        ("system", "Be brief."),
        ("user", "first"),
        ("assistant", "(no answer)"),
        ("user", "second"),
        ("assistant", "(no answer)"),
        ("user", "third"),
    ]


def test_a_conversation_that_is_well_is_sent_as_it_is():
    said = [SYSTEM, user("a"), answer("b"), user("c"), answer("Hm.", "c1"), result("c1", "d")]

    found = messages_json(said)

    assert [one["content"] for one in found] == ["Be brief.", "a", "b", "c", "Hm.", "d"]
    assert found[4]["tool_calls"][0]["id"] == found[5]["tool_call_id"] == "c1"


def test_a_system_role_that_is_refused_goes_to_the_head_of_the_first_question():
    found = messages_json([SYSTEM, user("a"), answer("b"), user("c")], refused={SYSTEM_ROLE})

    assert [one["content"] for one in found] == ["Be brief.\n\na", "b", "c"]


def test_words_beside_calls_that_are_refused_are_left_out():
    found = messages_json([user(), answer("", "c1"), result("c1")], refused={TEXT_OF_CALLS})

    assert "content" not in found[1]


def test_a_model_without_tools_does_not_read_stand_ins():
    found = messages_json([user(), answer("", "c1"), result("c1")], refused={"tools"})

    assert ONLY_CALLS not in str(found)
    assert found[2]["content"] == "Result of semantic__query:\nfound"


def test_pictures_of_results_follow_these_and_name_their_calls():
    said = [user(), answer("", "a", "b"), picture("a", IMAGE), result("b"), answer("Red.")]

    sent = messages_json(said)

    assert [one["role"] for one in sent[1:]] == [
        "assistant",
        "tool",
        "tool",
        "assistant",
        "user",
        "assistant",
    ]
    assert sent[2]["content"] == "found"
    words, image = sent[5]["content"]
    assert "semantic__query (a)" in words["text"]
    assert "(b)" not in words["text"]
    assert image["image_url"]["url"].startswith("data:image/jpeg")


def test_a_server_that_refuses_images_reads_the_words_of_a_result_s_picture():
    sent = messages_json([user(), answer("", "a"), picture("a", IMAGE)], refused={IMAGES})

    assert sent[-1]["content"].endswith("(words in a)")


def test_a_model_that_does_not_see_reads_the_words_in_the_result_itself():
    blind = replace(picture("a"), images=[])

    sent = messages_json([user(), answer("", "a"), blind])

    assert [one["role"] for one in sent] == ["user", "assistant", "tool"]
    assert sent[-1]["content"] == "found\n\n(words in a)"
