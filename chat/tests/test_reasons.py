"""Why an answer failed, as its reader understands it."""

import ast
from pathlib import Path

import pytest
from django.utils.translation import override

from chat import agent, llm
from chat.agent import exceptions
from chat.agent.sentences import (
    BROKEN_HERE,
    FAILED_WITH_STATUS,
    REFUSED_REQUEST,
    UNKNOWN_MODEL,
    VARYING,
)
from chat.reasons import reason_of

ERRORS = {name for name in vars(exceptions) if isinstance(vars(exceptions)[name], type)}
ROOMS = [Path(str(room.__file__)).parent for room in (agent, llm)]


def raised_sentences() -> list[tuple[str, ast.expr]]:
    """What errors of the agent and of its models are made with, and where."""
    found = []
    for path in (path for room in ROOMS for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                found += [(f"{path.name}:{node.lineno}", each) for each in node.args[:1]]
    return found


def test_no_failure_is_worded_where_translators_do_not_see_it() -> None:
    raised = raised_sentences()
    assert len(raised) > 20
    assert not [place for place, sentence in raised if isinstance(sentence, ast.JoinedStr)]


@pytest.mark.parametrize("sentence", VARYING)
def test_every_sentence_is_told_in_italian_with_what_it_varies_in(sentence: str) -> None:
    class Parts(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return f"<{name} 17 {{0}}>"

    parts = Parts()
    stored = sentence.format_map(parts)
    with override("en"):
        assert reason_of(stored) == stored
    with override("it"):
        told = reason_of(stored)
    assert told != stored
    assert told.count("17 {0}>") == stored.count("17 {0}>") > 0


def test_what_a_server_said_stays_in_its_own_words() -> None:
    said = "CUDA error: out of memory\nsee {device} %(log)s"
    with override("it"):
        told = reason_of(FAILED_WITH_STATUS.format(status=500, reason=said))
    assert told.endswith(said)
    assert "500" in told
    assert not told.startswith("The model")


def test_a_longer_beginning_is_not_taken_for_a_shorter_one() -> None:
    with override("it"):
        refused = reason_of(REFUSED_REQUEST.format(reason="no"))
        unknown = reason_of(UNKNOWN_MODEL.format(name="'a/b:c'"))
    assert "the request" not in refused
    assert "'a/b:c'" in unknown


@pytest.mark.parametrize("detail", ["", "Something nobody worded.", "%(name)s {0}"])
def test_what_is_no_sentence_of_ours_stays_as_it_is(detail: str) -> None:
    with override("it"):
        assert reason_of(detail) == detail


def test_a_mistake_of_ours_keeps_its_number() -> None:
    with override("it"):
        assert "(abc-1)" in reason_of(BROKEN_HERE.format(id="abc-1"))
