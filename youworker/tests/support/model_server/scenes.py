"""Every fault a model server can have, and how an answer that meets it has to end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import orjson

from youworker.tests.support.model_server.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

# The clock of the model's server that ends the answer; empty where the fault itself does.
ClockName = Literal["", "first_token", "idle", "total"]

TOKEN = "tok "
# More than one event may have.
LARGE = 10_000_000


@dataclass(frozen=True)
class Scene:
    """A fault; the end it leads to: status and code of the run, its text, a part of the reason."""

    turn: Turn
    code: str
    text: str = ""
    said: str = ""
    clock: ClockName = ""

    @property
    def status(self) -> str:
        """How the run ends."""
        return "failed" if self.code else "succeeded"


def token_event(text: str) -> bytes:
    """One token as server-sent event."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


def cut_at(number: int) -> Scene:
    """The connection is lost after so many tokens of nine."""
    said = "broke off" if number else "cannot be reached"
    return Scene(Turn(tokens=9, cut=number), "model_unavailable", TOKEN * number, said)


SCENES = {
    "429": Scene(
        Turn(status=429, message="too many"), "model_unavailable", said="status 429: too many"
    ),
    "500": Scene(
        Turn(status=500, message="no memory"), "model_unavailable", said="status 500: no memory"
    ),
    "hangs before the first byte": Scene(
        Turn(hang="headers"), "model_unavailable", said="did not begin", clock="first_token"
    ),
    "hangs before the first token": Scene(
        Turn(hang="first"), "model_unavailable", said="did not begin", clock="first_token"
    ),
    "stalls": Scene(
        Turn(tokens=8, hang="middle"),
        "model_unavailable",
        TOKEN * 4,
        "said nothing",
        clock="idle",
    ),
    "a byte a second from the beginning": Scene(
        Turn(raw=token_event("slow "), drip=0.3),
        "model_unavailable",
        said="did not begin",
        clock="first_token",
    ),
    "endless text": Scene(
        Turn(tokens=1_000_000, rate=20),
        "model_unavailable",
        said="answer took",
        text=TOKEN,
        clock="total",
    ),
    "endless reasoning": Scene(
        Turn(thoughts=1_000_000, rate=20), "model_unavailable", said="answer took", clock="total"
    ),
    "garbage": Scene(Turn(text="still said", garbage=True), "", "still said"),
    "nothing but garbage": Scene(
        Turn(raw=b"\xff\x00 nonsense {[\n" * 1000),
        "model_unavailable",
        said="did not answer but said",
    ),
    "half JSON": Scene(
        Turn(raw=token_event(TOKEN) + token_event(TOKEN)[:40]),
        "model_unavailable",
        TOKEN,
        "broke off",
    ),
    "no end mark": Scene(Turn(text="All said.", done=False), "", "All said."),
    "no end at all": Scene(
        Turn(text="All said.", done=False, finish=False, usage=False),
        "model_unavailable",
        "All said.",
        "broke off",
    ),
    "a chunk of 10 MB": Scene(
        Turn(raw=token_event(TOKEN) + token_event("x" * LARGE)), "answer_too_large", TOKEN
    ),
    **{f"lost at token {number}": cut_at(number) for number in (0, 1, 5, 9)},
}


def paced_scenes(factor: float) -> Iterator[tuple[str, Scene]]:
    """The scenes whose slow ones are as much slower or faster."""
    for name, scene in SCENES.items():
        turn = replace(scene.turn, drip=scene.turn.drip * factor, rate=scene.turn.rate / factor)
        yield name, replace(scene, turn=turn)
