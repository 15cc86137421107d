"""The tools of `tiny` over stdio, without the SDK, which takes a second of CPU to load."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "plain", "version": "1"},
}
READING = {"readOnlyHint": True, "openWorldHint": False}
PICTURE = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
writing = threading.Lock()


def words(value: str) -> dict:
    """A result that is text."""
    return {"content": [{"type": "text", "text": value}]}


def data(value: dict) -> dict:
    """A result that is data, and text as well."""
    return {**words(json.dumps(value)), "structuredContent": value}


def error(value: str) -> dict:
    """A result that says what went wrong."""
    return {**words(value), "isError": True}


def sleep(seconds: float) -> dict:
    """Take so long."""
    time.sleep(seconds)
    return words("done")


def die() -> dict:
    """End without a word."""
    os._exit(3)


def surroundings() -> dict:
    """Where the program runs."""
    return data({"env": dict(os.environ), "cwd": str(Path.cwd()), "pid": os.getpid()})


# What each tool takes, and what it does.
TOOLS: dict[str, tuple[dict[str, str], Callable[..., dict]]] = {
    "echo": ({"text": "string"}, lambda text: words(text)),  # noqa: PLW0108 -- its name counts
    "add": ({"a": "integer", "b": "integer"}, lambda a, b: data({"sum": a + b})),
    "slow": ({"seconds": "number"}, sleep),
    "huge": ({"size": "integer"}, lambda size: words("é" * size)),
    "broken": ({}, lambda: error("The paper tray is empty.")),
    "die": ({}, die),
    "surroundings": ({}, surroundings),
    "picture": ({}, lambda: {"content": [*words("Look:")["content"], PICTURE]}),
    "headers": ({}, lambda: data({})),  # there are none in a pipe
}
TOOLS.pop(os.environ.get("TINY_WITHOUT", ""), None)


def described(name: str) -> dict:
    """A tool as it is listed."""
    properties = {key: {"type": kind} for key, kind in TOOLS[name][0].items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    described = {"name": name, "inputSchema": schema}
    if name == "echo":
        described["description"] = os.environ.get("TINY_DESCRIPTION", "Say it again.")
        described["annotations"] = READING
    return described


def call(name: str, arguments: dict) -> dict:
    """What a tool answers."""
    if name not in TOOLS or arguments.keys() != TOOLS[name][0].keys():
        return error(f"There is no {name} that takes {sorted(arguments)}.")
    return TOOLS[name][1](**arguments)


def answer(request: dict) -> None:
    """Write what a request is answered with."""
    method, given = request["method"], request.get("params", {})
    if method == "tools/call":
        told = {"result": call(given["name"], given.get("arguments") or {})}
    elif method == "tools/list":
        told = {"result": {"tools": [described(name) for name in TOOLS]}}
    elif method == "initialize":
        told = {"result": HELLO}
    else:
        told = {"error": {"code": -32601, "message": "no such method"}}
    line = json.dumps({"jsonrpc": "2.0", "id": request["id"], **told})
    with writing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["mute"]:
        time.sleep(600)
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            # A slow call holds up no other one.
            threading.Thread(target=answer, args=[request], daemon=True).start()
