"""One server of models: where it is, what opens it, what it can, and what it may cost us."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from youworker.upstream.address import address_of


class Capability(StrEnum):
    """What a server is asked for."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    HEARING = "hearing"
    SPEAKING = "speaking"


@dataclass(frozen=True)
class Timeouts:
    """Seconds that parts of one exchange may take."""

    connect: float = 5.0
    first_token: float = 60.0
    idle: float = 60.0
    total: float = 60.0


@dataclass(frozen=True)
class Limits:
    """How much of one answer is read."""

    answer_bytes: int = 16_777_216
    line_bytes: int = 1_048_576
    tool_calls: int = 64
    argument_chars: int = 262_144


@dataclass(frozen=True)
class Sampling:
    """How much a model reads and writes in one turn, in tokens, and how boldly."""

    context_tokens: int = 8192
    max_output_tokens: int = 2048
    temperature: float = 0.2


@dataclass(frozen=True)
class Endpoint:
    """One server that speaks OpenAI's protocol; hashable, so that it names its connections."""

    url: str
    # Belongs to this address: nobody else is ever sent it, and no message shows it.
    key: str = field(default="", repr=False)
    capability: Capability = Capability.CHAT
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    sampling: Sampling = Sampling()
    # The Unix socket that leads there, where the address's host is only a name.
    socket: str = ""
    # How operators call it; and how many answers it makes at a time, where that was said for it.
    label: str = ""
    max_runs: int | None = None
    # The window an operator named for all its models, in tokens; 0 = none was.
    window: int = 0
    # Named in the console, not on the machine: its addresses are checked before they are asked.
    is_guarded: bool = False

    @cached_property
    def address(self) -> str:
        """Host, port and path, without user and password: what is stored of it."""
        return address_of(self.url)

    @cached_property
    def name(self) -> str:
        """How logs and messages call it."""
        if self.label:
            return self.label
        try:
            return urlsplit(self.url).hostname or self.url
        except ValueError:
            return self.url

    def address_of(self, path: str) -> str:
        """The URL of one of its functions, such as `models`."""
        return f"{self.url.rstrip('/')}/{path}"
