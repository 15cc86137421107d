"""Reasoning, wherever a server leaves it: in fields, in parts, in the text itself."""

from __future__ import annotations

import itertools

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.agent.exceptions import ModelUnavailable
from chat.agent.types import Retraction
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.stream_reader import AnswerReader, Habits, Question
from chat.llm.openai.text_markers import THOUGHTS
from chat.tests.llm_support import SEARCH, calls_of, reasoning_of, text_of
from youworker.upstream.endpoint import Limits


def line(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


def heard(events):
    """Reasoning and text as a viewer has them at the end, who follows retractions."""
    text, thought = "", ""
    for event in events:
        if isinstance(event, Retraction):
            text, thought = "", thought + text
        text, thought = text + text_of([event]), thought + reasoning_of([event])
    return thought, text


def read_pieces(pieces, *, habits=None, finish="stop"):
    """What is heard of content that comes in these pieces, each in a read of its own."""
    made = AnswerReader(Limits(), Question(habits=habits or Habits()))
    blocks = [line({"content": piece}) for piece in pieces] + [line({}, finish)]
    return [event for block in blocks for event in made.feed(block)] + made.end({})


TAGGED = [
    *(
        (f"{opening}six < seven{closing}\n\n42", "six < seven", "42")
        for opening, closing in THOUGHTS.items()
    ),
    ("<THINK>a</Think>b", "a", "b"),
    ("[THINK]a[/THINK]b", "a", "b"),
    ("\n\n<think>\n\n</think>\n\nNo thoughts.", "\n\n", "No thoughts."),
    ("<think>one</think><think>two</think>three", "onetwo", "three"),
    ("<think>`</think>` ends it</think>ok", "`</think>` ends it", "ok"),
    # The beginning stood in the prompt.
    ("It is 4.\n</think>\n\nFour.", "It is 4.\n", "Four."),
    ("2. Answer briefly.</think>391", "2. Answer briefly.", "391"),
    ("They said so. </think> Yes.", "They said so. ", "Yes."),
    ("thinking…◁/think▷Done.", "thinking…", "Done."),
    ("hm\n</thinking>\nA", "hm\n", "A"),
    ("</think>\n\nOnly the end.", "", "Only the end."),
    # Tags with blanks and attributes, and with the end of their neighbour.
    ("<think >a</think >b", "a", "b"),
    ("<think\n>a</think\n>\n\nb", "a", "b"),
    ('<thinking type="deep" id=1>a</thinking>b', "a", "b"),
    ("hm\n</think >\n\nb", "hm\n", "b"),
    ("<thinking>a</think>b", "a", "b"),
    ("<think>a</thinking>b", "a", "b"),
    # Behind a word or a sentence, where nobody would talk about it.
    ("<think>a</think>One<think>b</think>Two", "ab", "OneTwo"),
    ("One.<think >a</think >\n\nTwo.", "a", "One.\n\nTwo."),
    ("Only thoughts.\n</think>\n\n", "Only thoughts.\n", ""),
    # gpt-oss.
    (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hi!"
        "<|return|>",
        "Hm.",
        "Hi!",
    ),
    ("<|start|>assistant<|channel|>final<|message|>Hi, a < b", "", "Hi, a < b"),
    (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>"
        "Let me see. <|end|><|start|>assistant<|channel|>final<|message|>b",
        "a",
        "Let me see. b",
    ),
    ("We think.<|end|><|start|>assistant<|channel|>final<|message|>Hi", "We think.", "Hi"),
    # In the middle.
    ("Sure.\n<think>\nhm\n</think>\nDone.", "\nhm\n", "Sure.\nDone."),
    ("Sure.\n<think>hm</think>\n\nDone.", "hm", "Sure.\n\nDone."),
    ("Sure.\n\n<think>hm</think>\n\nDone.", "hm", "Sure.\n\nDone."),
    ("Sure.<think>hm</think> Done.", "hm", "Sure. Done."),
    ("- a\n<think>hm</think>\n  - b", "hm", "- a\n  - b"),
    ("Sure.\n<think>hm</think>\n\n", "hm", "Sure.\n"),
]
TALK = [
    "a <think>b</think>",
    "The </think> tag closes the thoughts.",
    "The tag `</think>` closes `<think>`.",
    'Write "</think>" at the end.',
    "Use (</think>).",
    "It is called </think>.",
    "Look:\n```\nhm\n</think>\n\nanswer\n```\nThat is all.",
    "```xml\n<think>\nhm\n</think>\n```",
    "~~~\n</think>\n~~~\nok",
    "A list\n<think>\nthat never ends",
    "`<think>` is how it begins.",
    "if a < b and b <t: print([THIN)",
    "<thin",
    "<think about it, a tag <think and </think",
    "a <think >b</think >",
    "One.<think>that never ends",
    "List<Thought> thoughts = all(); and </Thought> ends it.",
    'say"<think>"and"</think>"loudly',
    "<table><tr><th>1</th></tr></table>",
    "tokens like <|channel|> and <|message|> are special",
    "◁ a triangle ▷",
]
WAYS = [("whole", 10**6), ("by tens", 10), ("by threes", 3), ("by characters", 1)]


@pytest.mark.parametrize("size", [size for _, size in WAYS], ids=[name for name, _ in WAYS])
@pytest.mark.parametrize(("content", "thought", "answer"), TAGGED)
def test_reasoning_in_the_text_is_told_apart(size, content, thought, answer):
    pieces = [content[start : start + size] for start in range(0, len(content), size)]

    told, text = heard(read_pieces(pieces))

    assert text == answer
    if "<|end|>" in content and "We think" in content:
        # Its end is a token of the same kind, known too late when it comes in pieces.
        told = told.replace("<|end|>", "")
    assert told == thought


@pytest.mark.parametrize("size", [size for _, size in WAYS], ids=[name for name, _ in WAYS])
@pytest.mark.parametrize("content", TALK)
def test_talk_about_tags_stays_text(size, content):
    pieces = [content[start : start + size] for start in range(0, len(content), size)]

    assert heard(read_pieces(pieces)) == ("", content)


@given(st.data())
def test_reasoning_is_the_same_wherever_the_text_is_cut(data):
    content, thought, answer = data.draw(
        st.sampled_from([case for case in TAGGED if "<|end|>" not in case[0]])
    )
    places = sorted({0, len(content), *data.draw(st.lists(st.integers(0, len(content))))})
    pieces = [content[start:end] for start, end in itertools.pairwise(places)]

    assert heard(read_pieces(pieces)) == (thought, answer)


@pytest.mark.parametrize("opening", [*THOUGHTS, "<|channel|>analysis<|message|>"])
def test_reasoning_that_never_ends_is_no_answer(opening):
    assert heard(read_pieces([opening, "and so ", "on"])) == ("and so on", "")


def test_whole_answers_are_told_apart_without_taking_anything_back():
    events = read_pieces(["Thinking.\n</think>\n\nYes."])

    assert not any(isinstance(event, Retraction) for event in events)


def test_a_model_that_thinks_unannounced_is_known_the_next_time():
    habits = Habits()
    read_pieces(["Let me ", "think.\n", "</think>", "\n\nYes."], habits=habits)

    events = read_pieces(["I see.", "\n</think>", "\n\nNo."], habits=habits)

    assert heard(events) == ("I see.\n", "No.")
    assert not any(isinstance(event, Retraction) for event in events)


def test_a_known_model_that_does_not_think_for_once_has_answered():
    habits = Habits(thinks_unannounced=True)

    _, text = heard(read_pieces(["Hello", " there."], habits=habits))

    assert text == "Hello there."
    assert heard(read_pieces(["Hello", " there."], habits=habits)) == ("", "Hello there.")


@pytest.mark.parametrize("size", [size for _, size in WAYS], ids=[name for name, _ in WAYS])
def test_a_known_model_that_announces_its_reasoning_has_spoken_before(size):
    habits = Habits(thinks_unannounced=True)
    content = "Sure.\n<think >\nhm\n</think>\nDone."
    pieces = [content[start : start + size] for start in range(0, len(content), size)]

    _, text = heard(read_pieces(pieces, habits=habits))

    assert text == "Sure.\nDone."
    assert not habits.thinks_unannounced


def test_a_known_model_that_only_calls_for_once_has_called():
    habits = Habits(thinks_unannounced=True)
    call = '<tool_call>{"name": "semantic_query", "arguments": {"query": "a"}}</tool_call>'
    made = AnswerReader(Limits(), Question(OfferedTools([SEARCH]), habits=habits))

    events = made.feed(line({"content": f"I look.\n{call}"}, "stop")) + made.end({})

    assert text_of(events) == "I look.\n"
    assert [(each.name, each.arguments) for each in calls_of(events)] == [
        ("semantic_query", {"query": "a"})
    ]


def test_a_known_model_that_is_cut_while_it_thinks_has_not_answered():
    habits = Habits(thinks_unannounced=True)

    assert heard(read_pieces(["Hello", " the"], habits=habits, finish="length")) == (
        "Hello the",
        "",
    )


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"reasoning": "hm", "reasoning_content": "hm"},
        {"thinking": "hm"},
        {"reasoning_text": "hm"},
        {"reasoning": {"content": "hm"}},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "x"}]},
        {"content": [{"type": "thinking", "thinking": "hm"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "reasoning", "text": "hm"}]},
    ],
)
def test_reasoning_has_many_fields(delta):
    made = AnswerReader(Limits())
    blocks = line({"role": "assistant", "content": None, **delta}), line({"content": "ok"}, "stop")

    events = [event for block in blocks for event in made.feed(block)] + made.end({})

    assert heard(events) == ("hm", "ok")


def test_encrypted_reasoning_is_nothing_to_read():
    made = AnswerReader(Limits())
    made.feed(line({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}))

    assert heard(made.feed(line({"content": "ok"}, "stop"))) == ("", "ok")


def test_parts_of_both_kinds_are_kept_apart():
    parts = [{"type": "thinking", "thinking": "a"}, {"type": "text", "text": "b"}]
    made = AnswerReader(Limits())

    assert heard(made.feed(line({"content": parts}, "stop"))) == ("a", "b")


@pytest.mark.parametrize(
    "content",
    ["ok", ["o", "k"], [{"type": "text", "text": "ok"}], {"type": "text", "text": "ok"}],
)
def test_text_has_many_shapes(content):
    made = AnswerReader(Limits())
    blocks = line({"content": True}), line({"content": content}, "stop")

    assert heard([event for block in blocks for event in made.feed(block)]) == ("", "ok")


def test_tags_behind_reasoning_in_a_field_are_text():
    made = AnswerReader(Limits())
    blocks = [line({"reasoning": "hm"}), line({"content": "Close it.\n</think>\n"}, "stop")]

    events = [event for block in blocks for event in made.feed(block)] + made.end({})

    assert heard(events) == ("hm", "Close it.\n</think>\n")


def test_an_end_of_reasoning_that_a_server_forgot_in_front_is_dropped():
    made = AnswerReader(Limits())
    blocks = [line({"reasoning": "hm"}), line({"content": "</think>\n\nYes"}, "stop")]

    events = [event for block in blocks for event in made.feed(block)] + made.end({})

    assert heard(events) == ("hm", "Yes")


def test_what_was_held_back_is_given_when_the_answer_breaks_off():
    made = AnswerReader(Limits())
    made.feed(line({"content": "a"}))
    made.feed(line({"content": "<thi"}))

    assert text_of(made.end({})) == "<thi"
    with pytest.raises(ModelUnavailable, match="broke off"):
        made.feed(b"")


@pytest.mark.parametrize("content", ["<", "</think>", "<think>", "`", "[", "<|start|>", "◁/", "\n"])
def test_hostile_repetitions_end(content):
    pieces = [content] * 3000

    thought, text = heard(read_pieces(pieces))

    assert len(thought) + len(text) <= len(content) * 3000
