"""A call of a tool: who asks, what came back, and its context for built-in servers."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.enums import Effect, Policy
from youworker.core.exceptions import DomainError, Forbidden
from youworker.core.storable import storable_text
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from mcp.progress import Progress


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool that somebody may use now; `safe_name` is what models are shown.

    `input_schema` is in the part of JSON Schema that every model server takes.
    """

    id: UUID
    name: str
    safe_name: str
    description: str
    input_schema: dict[str, Any]
    server: str
    policy: str = "auto"
    effects: tuple[str, ...] = ()
    is_builtin: bool = False
    # Whether an admin of a group is asked, where the policy is to ask.
    needs_admin: bool = False
    # Whether a call changes something or carries data outside.
    has_consequences: bool = False
    # What consent is given to: the tool's form at its server's address.
    form_hash: str = ""
    # Whether its users sign in at its server for themselves.
    signs_in: bool = False

    @property
    def needs_consent(self) -> bool:
        """Whether somebody may have to be asked about a call."""
        return self.policy == Policy.ASK or self.has_consequences

    @property
    def only_reads(self) -> bool:
        """Whether a call neither changes nor sends anything; only our own servers' word counts."""
        return self.is_builtin and set(self.effects) == {Effect.READ.value}


@dataclass(frozen=True, slots=True)
class CallContext:
    """On whose behalf a tool is called; the model can change nothing of it.

    Searches stay in the `collections`, if there are any or none; None does not limit them.
    The documents that are `attached` to the conversation are searched before all others.
    `approved` says that this very call was allowed, by `approver_id`, when the tool had the form
    `form_hash`: tools with the policy `ask` need it, and so do tools with consequences when the
    model read what others may have written, which `is_tainted` tells in a thread.
    """

    user_id: UUID
    correlation_id: str
    session_id: UUID | None = None
    run_id: UUID | None = None
    language: str = "en"
    time_zone: str = "UTC"
    collections: tuple[UUID, ...] | None = None
    approved: bool = False
    approver_id: UUID | None = None
    form_hash: str = ""
    is_tainted: Callable[[], bool] | None = None
    # Who wants to know how far the call is.
    tell_progress: Callable[[Progress], object] | None = None
    # The API key behind the run, for what is counted by key.
    key_id: UUID | None = None
    attached: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolFile:
    """A picture, sound or other file in a tool's answer, in base64 as it came: nobody looked at it.

    The name and the type are the server's words; the name may be empty.
    """

    name: str
    mime: str
    encoded: str


@dataclass(slots=True)
class ToolOutcome:
    """What a tool answered: text for the model, and the same as data when it gave any.

    `denied` says that the user may not call the tool, so that it was never asked; `builtin` that
    a server of ours answered, inside this process: nobody else's data may be believed. `trusted`
    says that nothing of it can have been written by others; `signs_in` is the server at which the
    user has to sign in first. The text names the `files` that came along. Of an error, `code` says
    of which kind it is, and `said` what readers are told where the words are ours.
    """

    text: str
    structured: Any = None
    is_error: bool = False
    denied: bool = False
    builtin: bool = False
    trusted: bool = False
    signs_in: str = ""
    files: tuple[ToolFile, ...] = ()
    code: str = ""
    said: Sentence | None = None


def failure(sentence: Sentence, code: str, **about: Any) -> ToolOutcome:
    """What a call that failed is told as: to the model in English, to readers in their language."""
    text = storable_text(sentence.in_english())
    return ToolOutcome(text, is_error=True, code=code, said=sentence, **about)


def refusal(error: DomainError, **about: Any) -> ToolOutcome:
    """The same of a refusal."""
    return failure(Sentence.of(error), error.code, **about)


current: ContextVar[CallContext | None] = ContextVar("mcp_call_context", default=None)


@contextmanager
def use_call_context(context: CallContext) -> Iterator[None]:
    """Run the calls inside on behalf of the context's user."""
    token = current.set(context)
    try:
        yield
    finally:
        current.reset(token)


def current_call_context() -> CallContext:
    """The context of this call; raises `Forbidden` when nobody is known to have made it."""
    context = current.get()
    if context is None:
        raise Forbidden("This tool works only on behalf of a signed-in user.")
    return context
