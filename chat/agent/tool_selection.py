"""Which tools a model is shown when there are more than it can read; imports no Django."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from chat.agent.prompt import tokens_of_schemas

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chat.agent.types import ToolSchema

# OpenAI and Groq refuse a request with more.
MOST_TOOLS = 128
# What the product is there for; it stays however small the window is.
SEARCH = "semantic.query"
WORD = re.compile(r"[^\W_]+")
SHORTEST_WORD = 3
# So much of a word is compared: "invoice" finds "invoices", in most languages with an alphabet.
STEM = 6
# A word of the name says more than one of the description.
NAME_WEIGHT = 2.0
LONGEST_QUESTION = 4000


def select_tools(
    tools: Sequence[ToolSchema],
    question: str,
    *,
    budget: int,
    used: Collection[str] = (),
    most: int = MOST_TOOLS,
) -> list[ToolSchema]:
    """Those of the tools whose descriptions fit into `budget` tokens, in their order.

    The search always, then the tools in `used`, our own, and the others by how many rare words
    they share with the question.
    """
    if len(tools) <= most and tokens_of_schemas(tools) <= budget:
        return list(tools)
    scores = relevance(tools, question)

    def rank(place: int) -> tuple[bool, bool, bool, float]:
        tool = tools[place]
        return (
            tool.qualified != SEARCH,
            tool.name not in used,
            not tool.is_builtin,
            -scores[place],
        )

    chosen: list[int] = []
    for place in sorted(range(len(tools)), key=rank):
        cost = tokens_of_schemas([tools[place]])
        is_search = tools[place].qualified == SEARCH
        if len(chosen) < most and (cost <= budget or is_search):
            chosen.append(place)
            budget -= cost
    return [tools[place] for place in sorted(chosen)]


def relevance(tools: Sequence[ToolSchema], question: str) -> list[float]:
    """How much each tool has to do with a question; words that few tools have count more."""
    wanted = stems(question[:LONGEST_QUESTION])
    names = [stems(tool.qualified or tool.name) for tool in tools]
    told = [
        stems(f"{tool.description} {' '.join(tool.parameters.get('properties', ()))}")
        for tool in tools
    ]
    known = Counter(stem for name, text in zip(names, told, strict=True) for stem in name | text)
    weights = {stem: math.log(1 + len(tools) / known[stem]) for stem in wanted if known[stem]}
    return [
        sum(
            weight * ((stem in text) + NAME_WEIGHT * (stem in name))
            for stem, weight in weights.items()
        )
        for name, text in zip(names, told, strict=True)
    ]


def stems(text: str) -> set[str]:
    """The beginnings of the words of a text."""
    words = WORD.findall(text.lower())
    return {word[:STEM] for word in words if len(word) >= SHORTEST_WORD or not word.isascii()}
