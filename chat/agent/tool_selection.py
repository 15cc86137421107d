"""Which tools a model is shown when there are more than it can read; imports no Django."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from chat.agent.tokens import tokens_of_schemas

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chat.agent.types import ToolSchema

# OpenAI and Groq refuse a request with more.
MOST_TOOLS = 128
# What the product is there for; it stays however small the window is.
SEARCH = "semantic.query"
# Of the room, our own tools go before others' with this share.
OWN_SHARE = 0.5
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

    The search always, then the tools in `used`, our own as far as they leave half of the room, and
    all others by how many rare words they share with the question.
    """
    if len(tools) <= most and tokens_of_schemas(tools) <= budget:
        return list(tools)
    costs = [tokens_of_schemas([tool]) for tool in tools]
    scores = relevance(tools, question)
    own_left = int(budget * OWN_SHARE)

    def rank(place: int) -> tuple[bool, bool, float]:
        tool = tools[place]
        return tool.qualified != SEARCH, tool.name not in used, -scores[place]

    places = sorted(range(len(tools)), key=rank)
    favoured: set[int] = set()
    for place in places:
        tool = tools[place]
        if tool.qualified == SEARCH or tool.name in used:
            favoured.add(place)
        elif tool.is_builtin and costs[place] <= own_left:
            favoured.add(place)
            own_left -= costs[place]
    chosen: list[int] = []
    for place in sorted(places, key=lambda place: place not in favoured):
        is_search = tools[place].qualified == SEARCH
        if len(chosen) < most and (costs[place] <= budget or is_search):
            chosen.append(place)
            budget -= costs[place]
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
