"""A double of an OpenAI-compatible model server: real HTTP, scripted behaviour and faults."""

from __future__ import annotations

from youworker.tests.support.model_server.server import ModelServer
from youworker.tests.support.model_server.state import Recorded
from youworker.tests.support.model_server.turns import Call, Turn, turn_from_spec

__all__ = ["Call", "ModelServer", "Recorded", "Turn", "turn_from_spec"]
