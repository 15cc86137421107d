"""A tool server that answers what it was told to, word for word; knows neither project nor SDK.

`RAW_LIST` is the result of `tools/list`, where `%d` counts the answers; the result of a call is its
argument `raw`.
"""

import json
import os
import sys

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "raw", "version": "1"},
}
ANSWERS = {
    "initialize": json.dumps(HELLO),
    "tools/list": os.environ.get("RAW_LIST", '{"tools": []}'),
}


def answer(request: dict, count: int) -> str:
    """The line that answers a request."""
    identifier = json.dumps(request["id"])
    arguments = request.get("params", {}).get("arguments") or {}
    result = ANSWERS.get(request["method"], arguments.get("raw"))
    if result is None:
        error = '{"code": -32601, "message": "no such method"}'
        return f'{{"jsonrpc": "2.0", "id": {identifier}, "error": {error}}}'
    result = result.replace("%d", str(count))
    return f'{{"jsonrpc": "2.0", "id": {identifier}, "result": {result}}}'


if __name__ == "__main__":
    for number, line in enumerate(sys.stdin):
        message = json.loads(line)
        if "id" in message:
            sys.stdout.write(answer(message, number) + "\n")
            sys.stdout.flush()
