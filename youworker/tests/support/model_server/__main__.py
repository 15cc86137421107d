"""`python -m youworker.tests.support.model_server --port 9000 --tokens 500 --rate 30`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from youworker.tests.support.model_server.server import ModelServer
from youworker.tests.support.model_server.turns import Turn


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="model_server", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 = any free one")
    parser.add_argument("--tokens", type=int, default=100, help="length of an answer")
    parser.add_argument("--rate", type=float, default=0, help="tokens a second; 0 = unpaced")
    parser.add_argument("--first-token-ms", type=float, default=0, help="wait before the first")
    parser.add_argument("--stamp", action="store_true", help="tokens say when they were sent")
    parser.add_argument("--models", default="double", help="names, separated by commas")
    parser.add_argument("--dimensions", type=int, default=384, help="length of an embedding")
    return parser.parse_args()


async def main() -> None:
    """Serve until interrupted."""
    given = arguments()
    turn = Turn(
        tokens=given.tokens, rate=given.rate, first_ms=given.first_token_ms, stamp=given.stamp
    )
    server = ModelServer(
        default=turn,
        models=tuple(given.models.split(",")),
        dimensions=given.dimensions,
        port=given.port,
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(server.started.wait)
    sys.stdout.write(f"ready {server.base_url}\n")
    sys.stdout.flush()
    await serving


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
