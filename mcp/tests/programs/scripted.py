"""A tool server that behaves as its first argument says; knows neither project nor SDK.

The argument is JSON: the action for a method is `exit`, `silence`, or the line that answers it, in
which `$ID` is the id of the request; of a list each one in turn, the last one for ever. What is not
there is answered as a server of before would. `stranger` is the action for everything that comes
before `initialize`. Each method is written to the file in `ASKED`.
"""

import json
import os
import sys
from pathlib import Path

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "scripted", "version": "1"},
}
TOOLS = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
FINE = {"content": [{"type": "text", "text": "fine"}]}
USUAL = {"initialize": HELLO, "tools/list": TOOLS, "tools/call": FINE}
UNKNOWN = '{"jsonrpc": "2.0", "id": $ID, "error": {"code": -32601, "message": "what?"}}'


def action_for(method: str, script: dict) -> str:
    """What to do about a method."""
    if method in script:
        steps = script[method]
        if isinstance(steps, list):
            return str(steps.pop(0) if len(steps) > 1 else steps[0])
        return str(steps)
    if method in USUAL:
        return f'{{"jsonrpc": "2.0", "id": $ID, "result": {json.dumps(USUAL[method])}}}'
    return UNKNOWN


def note(method: str) -> None:
    """Write down what was asked for."""
    if "ASKED" in os.environ:
        with Path(os.environ["ASKED"]).open("a") as asked:
            asked.write(method + "\n")


if __name__ == "__main__":
    played = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    known = "stranger" not in played
    for line in sys.stdin:
        message = json.loads(line)
        note(message.get("method", ""))
        if "id" not in message:
            continue
        known = known or message["method"] == "initialize"
        action = action_for(message["method"], played) if known else played["stranger"]
        if action == "exit":
            sys.exit(3)
        if action != "silence":
            reply = action.replace("$ID", json.dumps(message["id"])) + "\n"
            sys.stdout.buffer.write(reply.encode("latin-1"))
            sys.stdout.flush()
