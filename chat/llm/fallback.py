"""One model on several servers: before its first word, the next one takes over from who fails."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chat.agent.exceptions import AgentError, KeyNotTaken, ModelUnavailable, ModelUnknown
from chat.agent.sentences import ANSWERS_INSTEAD, NO_ROOM_ELSEWHERE, OUT_OF_REACH
from chat.agent.tokens import tokens_of_prompt
from chat.agent.types import Notice
from chat.llm.circuit import circuit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence

    from chat.agent.types import ChatMessage, ModelEvent, ToolSchema
    from chat.llm.openai.model import OpenAICompatibleModel
    from youworker.upstream.endpoint import Endpoint

logger = logging.getLogger(__name__)


async def enter_freely(_address: str) -> bool:
    """Take no room: for callers that are not counted."""
    return True


@dataclass
class FallbackModel:
    """Models of several servers that stand for each other, in the order in which they are asked.

    Belongs to one answer, whose later turns stay with the server that has spoken. `absent` names
    servers that would have come first.
    """

    candidates: Sequence[OpenAICompatibleModel]
    absent: Sequence[str] = ()
    # Takes room at a server, before it is asked instead of the one at which there is room already.
    enter: Callable[[str], Awaitable[bool]] = enter_freely
    current: OpenAICompatibleModel = field(init=False)
    has_told: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.current = in_order(self.candidates)[0]
        if self.current is not self.candidates[0]:
            self.absent = [*self.absent, self.candidates[0].endpoint.name]

    @property
    def name(self) -> str:
        """The id of the model that answers."""
        return self.current.name

    @property
    def context_tokens(self) -> int:
        """How much the model that answers can read, in tokens."""
        return self.current.context_tokens

    @property
    def endpoint(self) -> Endpoint:
        """The server that answers."""
        return self.current.endpoint

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue the conversation on the first server that begins to speak."""
        if self.absent and not self.has_told:
            self.has_told = True
            yield instead_of(", ".join(self.absent), OUT_OF_REACH, self.current)
        left = [self.current, *fitting(self.others(), messages)]
        failure: AgentError = ModelUnavailable(NO_ROOM_ELSEWHERE)
        while left:
            model = left.pop(0)
            if not await self.may_ask(model, is_last=not left):
                continue
            if model is not self.current:
                yield instead_of(self.current.endpoint.name, failure.message, model)
                self.current = model
            has_begun = False
            try:
                # The last one is asked as if it were alone.
                asked = asked_once(model) if left else model
                async with aclosing(asked.stream(messages, tools=tools)) as events:
                    async for event in events:
                        if not has_begun and not isinstance(event, Notice):
                            has_begun = True
                            circuit.note_answer(model.endpoint.address)
                        yield event
            except (ModelUnavailable, ModelUnknown, KeyNotTaken) as error:
                if has_begun:
                    raise
                note_failure(model, error)
                failure = error
            else:
                return
        raise failure

    async def may_ask(self, model: OpenAICompatibleModel, *, is_last: bool) -> bool:
        """Whether a server may be asked: it does not rest, and there is room or is taken now."""
        address = model.endpoint.address
        if not is_last and not circuit.may_try(address):
            return False
        return model is self.current or await self.enter(address)

    def others(self) -> list[OpenAICompatibleModel]:
        """The candidates that do not answer now, in their order."""
        return [model for model in in_order(self.candidates) if model is not self.current]


def in_order(models: Sequence[OpenAICompatibleModel]) -> list[OpenAICompatibleModel]:
    """Models in their order, those whose servers failed a moment ago last."""
    return sorted(models, key=lambda model: circuit.is_resting(model.endpoint.address))


def fitting(
    models: Iterable[OpenAICompatibleModel], messages: Sequence[ChatMessage]
) -> list[OpenAICompatibleModel]:
    """The models whose windows hold a prompt that was made for another one."""
    tokens = sum(map(tokens_of_prompt, messages))
    return [model for model in models if tokens < model.context_tokens]


def asked_once(model: OpenAICompatibleModel) -> OpenAICompatibleModel:
    """The same model, whose server is not asked again when it fails: another one is."""
    return replace(model, retry=replace(model.retry, attempts=1))


def note_failure(model: OpenAICompatibleModel, error: AgentError) -> None:
    """Leave a server alone for a while, unless it only lacks the model or does not let us in."""
    # What the server says may quote the conversation; it is told in the run.
    if isinstance(error, KeyNotTaken):
        # Only an operator can help.
        logger.error("%s does not take its key for the model %r", model.endpoint.name, model.name)
        return
    logger.warning("Model %r of %s failed: %s", model.name, model.endpoint.name, error.code)
    if isinstance(error, ModelUnavailable):
        circuit.note_failure(model.endpoint.address)


def instead_of(failed: str, reason: str, model: OpenAICompatibleModel) -> Notice:
    """What users are told when another server answers."""
    other = f"{model.name} ({model.endpoint.name})"
    return Notice(ANSWERS_INSTEAD.format(failed=failed, reason=reason, other=other))
