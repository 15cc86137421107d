"""A tool server with one tool, which writes a line for each call; knows neither project nor SDK."""

import json
import sys
import time
from pathlib import Path

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "ledger", "version": "1"},
}
TOOL = {"name": "note", "description": "Note it.", "inputSchema": {"type": "object"}}


def note(seconds: float) -> dict:
    """Write a line, and take so long to say so."""
    with Path(sys.argv[1]).open("a") as ledger:
        ledger.write("called\n")
    time.sleep(seconds)
    return {"content": [{"type": "text", "text": "It is noted."}]}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        method = request["method"]
        if method == "tools/call":
            result = note(float(sys.argv[2]))
        else:
            result = HELLO if method == "initialize" else {"tools": [TOOL]}
        answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
