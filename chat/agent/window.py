"""What of a run's messages a model's window holds; imports no Django."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from chat.agent.tokens import (
    TOKENS_PER_IMAGE,
    TOKENS_PER_MESSAGE,
    estimated_tokens,
    shortened,
    tokens_of_prompt,
)
from youworker.core.storable import storable_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage

LEFT_OUT = (
    "[This result was left out: the conversation is longer than the window. Call the tool again "
    "if it is needed.]"
)
SHORTENED = "\n[shortened]"
FENCE, FENCE_END = "<untrusted", "</untrusted>"
TOKENS_OF_END = estimated_tokens(f"{SHORTENED}\n{FENCE_END}") + 1
# However many results there are, each keeps its beginning.
FEWEST_TOKENS = 100


def fitted(messages: Sequence[ChatMessage], budget: int) -> Sequence[ChatMessage]:
    """The messages as far as `budget` tokens hold them: older results of tools are left out first.

    Every call keeps a result beside it: servers refuse one without the other.
    """
    over = sum(map(cost_of, messages)) - budget
    if over <= 0:
        return messages
    found = list(messages)
    places = [place for place, message in enumerate(found) if message.role == "tool"]
    latest = latest_results(found)
    for place in places:
        if over <= 0 or place >= latest:
            break
        over -= put(found, place, LEFT_OUT)
    share = room_for_each(found[latest:], over)
    for place in places:
        if over > 0 and place >= latest:
            over -= shorten(found, place, share)
    return found


def cost_of(message: ChatMessage) -> int:
    """About how many tokens a message comes to, with its files and the calls in it."""
    calls = sum(
        estimated_tokens(call.name + orjson.dumps(storable_json(call.arguments)).decode())
        for call in message.tool_calls
    )
    return tokens_of_prompt(message) + calls


def latest_results(messages: Sequence[ChatMessage]) -> int:
    """Where the results begin that the model has not read yet."""
    place = len(messages)
    while place and messages[place - 1].role == "tool":
        place -= 1
    return place


def room_for_each(results: Sequence[ChatMessage], over: int) -> int:
    """How many tokens each of the results may have, so that all become `over` tokens shorter."""
    if not results:
        return 0
    room = sum(map(cost_of, results)) - over
    return max(room // len(results) - TOKENS_PER_MESSAGE, FEWEST_TOKENS)


def put(messages: list[ChatMessage], place: int, text: str) -> int:
    """Say something shorter in place of a result and its images; how many tokens that saves."""
    former = messages[place]
    if len(text) >= len(former.content) and not former.images:
        return 0
    messages[place] = replace(former, content=text, images=[], unseen="")
    return cost_of(former) - cost_of(messages[place])


def shorten(messages: list[ChatMessage], place: int, share: int) -> int:
    """Keep as much of a result as `share` tokens hold; how many tokens that saves.

    Its images are kept as long as its words have some room beside them.
    """
    former = messages[place]
    kept = former.images[: max(share - FEWEST_TOKENS, 0) // TOKENS_PER_IMAGE]
    beside = max(TOKENS_PER_IMAGE * len(kept), estimated_tokens(former.unseen))
    text = cut(former.content, max(share - beside, FEWEST_TOKENS))
    shorter = text if len(text) < len(former.content) else former.content
    messages[place] = replace(former, content=shorter, images=kept)
    return cost_of(former) - cost_of(messages[place])


def cut(text: str, tokens: int) -> str:
    """The beginning of a result, with its fences closed."""
    if estimated_tokens(text) <= tokens:
        return text
    beginning = shortened(text, max(tokens - TOKENS_OF_END, 0))
    is_open = beginning.count(FENCE) > beginning.count(FENCE_END)
    return beginning + SHORTENED + (f"\n{FENCE_END}" if is_open else "")
