"""Doubles of the programs that serve models, which tell of them in their own words."""

from __future__ import annotations

from typing import Any

from youworker.tests.support.model_server import ModelServer


class ProgramServer(ModelServer):
    """A model server with routes beside OpenAI's protocol: `{"GET /props": document or bytes}`.

    A route may be a function of the request; one that is a number is that status.
    """

    def __init__(
        self, listed: list[dict[str, Any]], routes: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(models=tuple(row["id"] for row in listed), **options)
        self.listed, self.routes = listed, routes

    def models_answer(self) -> dict[str, Any]:
        return {"object": "list", "data": self.listed}

    async def route(self, connection: Any, request: Any) -> None:
        answer = self.routes.get(f"{request.method} {request.path}")
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, int):
            connection.send_json({"error": {"message": "no"}}, answer)
        elif isinstance(answer, bytes):
            connection.send_body(answer, 200)
        elif isinstance(answer, tuple):
            connection.send_json({}, answer[0], **answer[1])
        elif answer is not None:
            connection.send_json(answer)
        else:
            await super().route(connection, request)


def llama_cpp(window: int = 4096, *, sees: bool = False, tools: bool = True) -> ProgramServer:
    """llama-server with one model."""
    name = "/models/SmolLM2-135M.Q8_0.gguf"
    meta = {"vocab_type": 2, "n_vocab": 49152, "n_ctx_train": 8192, "n_params": 134515008}
    props = {
        "default_generation_settings": {"id": 0, "n_ctx": window, "params": {"n_predict": -1}},
        "total_slots": 2,
        "model_path": name,
        "modalities": {"vision": sees, "audio": False},
        "chat_template": "{% for message in messages %}",
        "chat_template_caps": {"supports_tools": tools, "supports_tool_calls": tools},
        "build_info": "b6800-1234",
    }
    row = {"id": name, "object": "model", "created": 1, "owned_by": "llamacpp", "meta": meta}
    return ProgramServer([row], {"GET /props": props})


def vllm(window: int = 32768) -> ProgramServer:
    """vLLM with one model."""
    row = {
        "id": "Qwen/Qwen3-8B",
        "object": "model",
        "owned_by": "vllm",
        "root": "Qwen/Qwen3-8B",
        "max_model_len": window,
        "permission": [{"id": "modelperm-1", "object": "model_permission"}],
    }
    return ProgramServer([row], {})


def ollama(loaded: int | None = None, parameters: str = "") -> ProgramServer:
    """Ollama with a model that uses tools and one that sees; the first one may be loaded."""
    shown = {
        "qwen3:8b": {
            "parameters": parameters,
            "template": "{{ .Prompt }}",
            "details": {"family": "qwen3"},
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
            "capabilities": ["completion", "tools", "thinking"],
        },
        "llava:latest": {
            "model_info": {"general.architecture": "llama", "llama.context_length": 2048},
            "capabilities": ["completion", "vision"],
        },
    }
    running = (
        [{"name": "qwen3:8b", "model": "qwen3:8b", "context_length": loaded}] if loaded else []
    )
    rows = [{"id": name, "object": "model", "owned_by": "library"} for name in shown]
    routes = {
        "GET /api/version": {"version": "0.12.6"},
        "GET /api/ps": {"models": running},
        "POST /api/show": lambda request: shown.get(request.body["model"], 404),
    }
    return ProgramServer(rows, routes)


def lm_studio() -> ProgramServer:
    """LM Studio with a loaded model and one that is not."""
    rows = [
        {
            "id": "qwen2.5-vl-7b",
            "object": "model",
            "type": "vlm",
            "state": "loaded",
            "max_context_length": 128000,
            "loaded_context_length": 4096,
            "capabilities": ["tool_use"],
        },
        {"id": "gemma", "type": "llm", "state": "not-loaded", "max_context_length": 8192},
    ]
    listed = [{"id": row["id"], "owned_by": "organization_owner"} for row in rows]
    return ProgramServer(listed, {"GET /api/v0/models": {"object": "list", "data": rows}})
