"""Asking a model three small questions: does it call tools, does it see, and how fast is it?"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chat.agent.exceptions import AgentError, ModelRefused
from chat.agent.tokens import size_of, tokens_of_bytes
from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, ToolCall, ToolSchema, Usage
from chat.llm.admission import batch_slot
from chat.llm.openai.direct import DirectModel
from chat.llm.openai.request_format import tools_json
from youworker.upstream.errors import sentence_of

if TYPE_CHECKING:
    from chat.llm.openai.model import OpenAICompatibleModel

# A model that is loaded for the question takes its time.
ANSWER_SECONDS = 300.0
ROOM_SECONDS = 30.0
# Models that think do so before they call anything.
TOOL_TOKENS, SIGHT_TOKENS, SPEED_TOKENS = 512, 256, 96
# Fewer tokens say nothing about speed.
FEWEST_TOKENS = 8
REPORT = ToolSchema(
    "report_number",
    "Reports a number.",
    {
        "type": "object",
        "properties": {"number": {"type": "integer"}},
        "required": ["number"],
    },
)
CALL_IT = "Call the tool report_number with the number 7. Say nothing else."
COUNT = "Count from one to one hundred in words, separated by commas."
WHICH_COLOUR = "Which colour is this picture? Answer with one word."
# A square of 32 by 32 points, all of them pure red.
RED_SQUARE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASy"
    "p6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC"
)


@dataclass(frozen=True)
class Tried:
    """What a model showed when it was asked; None is what it did not come to show."""

    tools: bool | None = None
    reasoning: bool | None = None
    vision: bool | None = None
    tokens_per_second: float | None = None
    first_token_ms: int | None = None
    error: str = ""


@dataclass
class Answer:
    """What a model said to one question, and when."""

    began: float = field(default_factory=time.monotonic)
    first: float = 0.0
    last: float = 0.0
    text: str = ""
    thought: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None

    @property
    def tokens(self) -> int:
        """How many tokens it has, as told or by its length."""
        if self.usage is not None and self.usage.tokens_out:
            return self.usage.tokens_out
        return tokens_of_bytes(size_of(self.text) + size_of(self.thought))

    @property
    def speed(self) -> float | None:
        """Tokens per second after the first one."""
        seconds = self.last - self.first
        if self.tokens < FEWEST_TOKENS or seconds <= 0:
            return None
        return round((self.tokens - 1) / seconds, 1)


async def try_model(model: OpenAICompatibleModel) -> Tried:
    """Ask a model the questions, when nobody else needs its server."""
    found = Tried()
    try:
        # The first one may load the model, so speed is measured by the last one.
        found = await try_tools(model)
        found = replace(found, vision=await try_sight(model))
        counted = await ask_once(model, COUNT, SPEED_TOKENS)
    except (AgentError, TimeoutError) as error:
        told = error.message if isinstance(error, AgentError) else "It took too long."
        return replace(found, error=sentence_of(told, key=model.endpoint.key))
    return replace(
        found,
        reasoning=found.reasoning or bool(counted.thought),
        tokens_per_second=counted.speed,
        first_token_ms=int((counted.first - counted.began) * 1000) if counted.first else None,
    )


async def try_tools(model: OpenAICompatibleModel) -> Tried:
    """Whether a model calls a tool when it is told to, and whether it thinks aloud."""
    try:
        answer = await ask_once(model, CALL_IT, TOOL_TOKENS, tools=tools_json([REPORT]))
    except ModelRefused:
        # Raises again when it was not about the tools.
        answer = await ask_once(model, CALL_IT, TOOL_TOKENS)
        return Tried(tools=False, reasoning=bool(answer.thought))
    called = any(call.name == REPORT.name for call in answer.calls)
    return Tried(tools=called, reasoning=bool(answer.thought))


async def try_sight(model: OpenAICompatibleModel) -> bool:
    """Whether a model tells the colour of a picture; some servers drop pictures silently."""
    picture = {"type": "image_url", "image_url": {"url": RED_SQUARE}}
    content = [{"type": "text", "text": WHICH_COLOUR}, picture]
    try:
        answer = await ask_once(model, content, SIGHT_TOKENS)
    except ModelRefused:
        return False
    return "red" in answer.text.lower()


async def ask_once(model: OpenAICompatibleModel, content: Any, most: int, **asked: Any) -> Answer:
    """A model's answer to one message."""
    body = {"messages": [{"role": "user", "content": content}], "max_tokens": most, **asked}
    once = replace(model.retry, attempts=1)
    direct = DirectModel(model.name, model.endpoint, once, asked={**body, "temperature": 0})
    tools = [REPORT] if "tools" in asked else []
    answer = Answer()
    async with batch_slot(model, seconds=ROOM_SECONDS), asyncio.timeout(ANSWER_SECONDS):
        answer.began = time.monotonic()
        stream = direct.stream([ChatMessage("user", str(content))], tools=tools)
        async with aclosing(stream) as events:
            async for event in events:
                take(answer, event)
    return answer


def take(answer: Answer, event: Any) -> None:
    """Keep one event of an answer."""
    if isinstance(event, Usage):
        answer.usage = event
        return
    answer.last = time.monotonic()
    answer.first = answer.first or answer.last
    if isinstance(event, TextDelta):
        answer.text += event.text
    elif isinstance(event, ReasoningDelta):
        answer.thought += event.text
    elif isinstance(event, ToolCall):
        answer.calls.append(event)
