"""What the model of a run reads first, and how much it may use."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chat.agent.compaction import fits
from chat.agent.exceptions import MessageTooLong
from chat.agent.joining import messages_to_continue
from chat.agent.loop import AgentLimits
from chat.agent.prompt import system_prompt, trimmed
from chat.agent.sentences import MESSAGE_TOO_LONG
from chat.agent.state import AgentState
from chat.agent.tokens import BYTES_PER_TOKEN, estimated_tokens, tokens_of_prompt, tokens_of_schemas
from chat.llm.quote.model import NAME as QUOTE
from chat.runs.citations import passages_for_model
from chat.runs.compaction import Compactor, Uncompacted
from chat.runs.inputs import LONGEST_HISTORY, question_of
from youworker.core.config import config

if TYPE_CHECKING:
    from chat.agent.types import ChatMessage, LanguageModel
    from chat.runs.inputs import RunInput
    from chat.runs.log.run_log import RunLog
    from chat.runs.toolset import RecordingToolset

logger = logging.getLogger(__name__)

# Of a window, this share is left to the answer and to what the estimate gets wrong.
PROMPT_SHARE = 0.9
# Of that, this share may go to the descriptions of tools.
TOOLS_SHARE = 1 / 3
# The latest messages say which tools may be needed.
TOLD_MESSAGES = 5
# About what the product's own system prompt comes to.
SYSTEM_TOKENS = 250
# Of the room beside the question, these shares are for an answer that goes on, and for each of its
# passages and its calls; the rest is for the conversation.
ANSWER_SHARE, KNOWN_SHARE = 0.4, 0.1
# Each passage is shown with at least about so many characters.
PASSAGE_CHARACTERS = 400


class PromptMaker:
    """Makes the first prompt of a run fit its model."""

    def __init__(
        self,
        run_input: RunInput,
        state: AgentState,
        toolset: RecordingToolset,
        model: LanguageModel,
        log: RunLog,
    ) -> None:
        self.run_input, self.run, self.state = run_input, run_input.run, state
        self.toolset, self.model, self.log = toolset, model, log
        self.window = int(model.context_tokens * PROMPT_SHARE)
        self.reserve = min(config.llm.max_output_tokens, self.window // 2)

    def offer_tools(self) -> None:
        """Choose the tools the model is shown; the user is told when that is not all of them."""
        history = self.run_input.history_newest_first[:TOLD_MESSAGES]
        asked = [one.content for one in history if one.role == "user"] or [
            self.run.question.content
        ]
        used = {call.name for message in self.state.messages for call in message.tool_calls}
        total = len(self.toolset.schemas)
        # A long question counts more than many tools.
        free = self.window - self.reserve - SYSTEM_TOKENS - tokens_of_prompt(self.question())
        budget = max(min(int(self.window * TOOLS_SHARE), free), 0)
        hidden = self.toolset.offer("\n".join(asked), budget=budget, used=used)
        read = total - len(hidden)
        if hidden:
            logger.info("%d of %d tools fit the window of %s", read, total, self.model.name)
        # Ours are chosen among by the question, which nobody has to know.
        if self.run_input.state is None and any(not tool.is_builtin for tool in hidden):
            text = f"The model reads {read} of {total} tools: more do not fit."
            self.log.emit("log", {"level": "info", "message": text})

    def limits(self) -> AgentLimits:
        """What the run may use."""
        given = config.agent
        room = self.window - self.reserve - tokens_of_schemas(self.toolset.schemas)
        return AgentLimits(
            max_turns=given.max_iterations,
            max_chars=given.max_answer_chars,
            max_calls=given.max_calls,
            max_tokens=given.max_tokens,
            calls_at_once=given.calls_at_once,
            window=max(room, self.window // 4),
        )

    def question(self) -> ChatMessage:
        """The newest message, with what came along with it."""
        history = self.run_input.history_newest_first
        return history[0] if history else question_of(self.run)

    async def make(self) -> list[ChatMessage]:
        """System prompt and conversation, older parts of it as a summary where it is too long.

        Raises `MessageTooLong` for a question that leaves no room for an answer.
        """
        given = self.run_input
        own = self.run.session.system_prompt
        system = system_prompt(given.language, given.now, house=given.system_prompt, own=own)
        taken = tokens_of_schemas(self.toolset.schemas) + estimated_tokens(system.content)
        budget = max(self.window - taken - self.reserve, self.window // 4)
        asked = tokens_of_prompt(self.question())
        if asked > budget:
            raise MessageTooLong(MESSAGE_TOO_LONG.format(tokens=asked, room=budget))
        wish = self.wish_to_continue(budget - asked)
        budget = max(budget - sum(map(tokens_of_prompt, wish)), asked)
        return [system, *await self.make_conversation(budget), *wish]

    async def make_conversation(self, budget: int) -> list[ChatMessage]:
        """What was said, word for word or with a summary of its older part."""
        history = self.run_input.history_newest_first
        if len(history) < LONGEST_HISTORY and fits(history, budget):
            return trimmed(history, budget=budget)
        language = self.run_input.language
        compactor = Compactor(self.run, self.model, language=language, window=self.window)
        try:
            said = await compactor.make_conversation(history, budget)
        except Uncompacted:
            said = trimmed(history, budget=budget)
        finally:
            # Also of a summary that came to nothing, or that nobody waited for.
            self.state.tokens_in += compactor.spent.tokens_in
            self.state.tokens_out += compactor.spent.tokens_out
        self.log.emit("log", compactor.account())
        return said

    def wish_to_continue(self, free: int) -> list[ChatMessage]:
        """What stands behind the question of an answer that is to go on."""
        broken = self.run_input.broken_off
        # The built-in model gives the same answer again, of which only the rest is new.
        if broken is None or not broken.text or self.model.name == QUOTE:
            return []
        chars = int(free * KNOWN_SHARE * BYTES_PER_TOKEN)
        sources = broken.book.sources[: chars // PASSAGE_CHARACTERS]
        return messages_to_continue(
            broken.text,
            language=self.run_input.language,
            passages=passages_for_model(sources, limit=chars) if sources else "",
            calls=broken.calls,
            tokens=max(int(free * ANSWER_SHARE), 1),
            known_chars=chars,
        )


def begun_state(run_input: RunInput) -> AgentState:
    """What a new run begins with: nothing, or an answer that broke off."""
    return AgentState([]) if run_input.broken_off is None else run_input.broken_off.state()
