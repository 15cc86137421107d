"""A double of an OpenAI-compatible model server: real HTTP, scripted behaviour and faults."""

from __future__ import annotations

from youworker.testing.model_server.server import ModelServer
from youworker.testing.model_server.state import Recorded
from youworker.testing.model_server.turns import Call, Turn, turn_from_spec

__all__ = ["Call", "ModelServer", "Recorded", "Turn", "turn_from_spec"]
