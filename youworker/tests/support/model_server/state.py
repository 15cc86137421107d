"""What the double knows: the script still to be played and the requests it was sent."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from youworker.tests.support.model_server.turns import Call, Turn, turn_from_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL_PREFIX = "double:"
# A load of an hour asks more often than anybody wants to look at.
MOST_REQUESTS = 2000


@dataclass
class Recorded:
    """One request as it arrived, and how it ended."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    tokens_sent: int = 0
    # The client went away before the answer was complete, and when that was.
    abandoned: threading.Event = field(default_factory=threading.Event)
    abandoned_at: float | None = None

    def abandon(self) -> None:
        """Note that the client went away."""
        self.abandoned_at = time.monotonic()
        self.abandoned.set()

    def as_json(self) -> dict[str, Any]:
        """The request as the control endpoint shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "headers": self.headers,
            "body": self.body,
            "tokens_sent": self.tokens_sent,
            "abandoned": self.abandoned.is_set(),
            "abandoned_at": self.abandoned_at,
        }


class State:
    """The script and the memory of one double."""

    def __init__(self, *, default: Turn, models: list[str], dimensions: int) -> None:
        self.default = default
        self.models = models
        self.dimensions = dimensions
        # A fault of the list of models: a status, or a body that is none.
        self.models_status = 200
        self.models_body = b""
        self.script: deque[Turn] = deque()
        # Turns with a name, which a message asks for by `[[scene=NAME]]`.
        self.scenes: dict[str, Turn] = {}
        self.requests: list[Recorded] = []
        # Streams that send tokens now, and the most there were at a time.
        self.streaming = self.most_streaming = 0
        # Set by the first request, so that a test may wait for it.
        self.arrived = threading.Event()

    def record(self, request: Recorded) -> None:
        """Remember a request, and forget the oldest of very many."""
        self.requests.append(request)
        del self.requests[:-MOST_REQUESTS]
        self.arrived.set()

    def reset(self) -> None:
        """Forget script and requests."""
        self.script.clear()
        self.requests.clear()
        self.most_streaming = self.streaming
        self.arrived.clear()

    @contextmanager
    def counted_stream(self) -> Iterator[None]:
        """Count a stream among those that share the server."""
        self.streaming += 1
        self.most_streaming = max(self.most_streaming, self.streaming)
        try:
            yield
        finally:
            self.streaming -= 1

    def next_turn(self, body: dict[str, Any]) -> Turn:
        """The next turn: scripted, or what the model's name or the last message asks for."""
        turn = self.wanted_turn(body)
        messages = body.get("messages") or [{}]
        if turn.tool and messages[-1].get("role") != "tool":
            return replace(turn, text="", tokens=0, calls=(Call(turn.tool, {}),))
        return turn

    def wanted_turn(self, body: dict[str, Any]) -> Turn:
        """The scripted turn; without one what the model's name or the last message asks for."""
        if self.script:
            return self.script.popleft()
        model = str(body.get("model", ""))
        if model.startswith(MODEL_PREFIX):
            return turn_from_spec(model.removeprefix(MODEL_PREFIX), self.default)
        said = last_content(body, "user")
        if "[[" in said and "]]" in said:
            spec = said.split("[[", 1)[1].split("]]", 1)[0]
            scene = self.scenes.get(spec.removeprefix("scene="))
            return scene or turn_from_spec(spec, self.default)
        return self.default

    def is_refused(self, turn: Turn, body: dict[str, Any]) -> bool:
        """Whether `turn` answers this request with its error status."""
        return bool(turn.status) and (not turn.refuses or turn.refuses in body)


def last_content(body: dict[str, Any], role: str) -> str:
    """The text of the newest message of `role`."""
    for message in reversed(body.get("messages") or []):
        if message.get("role") == role:
            return text_of(message.get("content"))
    return ""


def text_of(content: Any) -> str:
    """The text of a message whose content is a string or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def spoken(turn: Turn, body: dict[str, Any]) -> list[str]:
    """The tokens of `turn`, with `{tool}` and `{user}` replaced by what was last said."""
    if "{" not in turn.text:
        return turn.pieces
    text = turn.text.replace("{tool}", last_content(body, "tool"))
    text = text.replace("{user}", last_content(body, "user"))
    return Turn(text=text).pieces
