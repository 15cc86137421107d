"""How built-in tools refuse what they are called with."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field

from mcp.builtin.declare import Answer, Refused, tool_of


async def count(
    most: Annotated[int, Field(ge=1)], word: Annotated[str, Field(max_length=3)] = ""
) -> Answer:
    """Count."""
    return Answer(f"{most}{word}")


async def test_arguments_that_are_right_reach_the_function():
    assert await tool_of(count).run({"most": 2, "word": "a"}) == Answer("2a")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "The argument `most` is missing."),
        (
            {"most": 0},
            "The argument `most` is not right: it should be greater than or equal to 1.",
        ),
    ],
)
async def test_arguments_that_are_not_right_are_refused_in_sentences(arguments, words):
    with pytest.raises(Refused) as caught:
        await tool_of(count).run(arguments)

    assert str(caught.value) == words


async def test_what_was_sent_is_not_told_again():
    with pytest.raises(Refused) as caught:
        await tool_of(count).run({"most": "s3cret", "word": "abcd"})

    assert "s3cret" not in str(caught.value)
    assert "pydantic" not in str(caught.value)
    assert str(caught.value).count("The argument") == 2
