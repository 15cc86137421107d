"""One of the people who use the product under load."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from youworker.tests.bench.soak.ledger import FINAL_STATUSES, LoadFault
from youworker.tests.bench.soak.log import SeenLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    import httpx2

    from youworker.tests.bench.product import Person, Product
    from youworker.tests.bench.soak.ledger import Ledger

Json = dict[str, Any]

SERVER_ERROR = 500
# Between two looks at something that goes on in the background, and for all looks.
PAUSE, PATIENCE = 0.3, 90.0


@dataclass(slots=True)
class User:
    """A person, their client, and what they have."""

    person: Person
    product: Product
    ledger: Ledger
    client: httpx2.AsyncClient
    # Ids of documents nobody is working with; taken from the left, put back at the right.
    documents: deque[str] = field(default_factory=deque)
    # Id and hash of an original of some megabytes.
    large: tuple[str, str] = ("", "")

    @property
    def address(self) -> tuple[str, int]:
        """Where the product listens."""
        return self.product.host, self.product.port

    @property
    def key(self) -> str:
        """The API key."""
        return self.person.api_key

    async def call(
        self, kind: str, method: str, path: str, *, expect: Collection[int] = (200,), **options: Any
    ) -> httpx2.Response:
        """Send a request; raise `LoadFault` when it is answered with another status."""
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        with self.ledger.time(kind):
            answer = await self.client.request(method, path, headers=headers, **options)
            if answer.status_code not in expect:
                says = "server error" if answer.status_code >= SERVER_ERROR else "unexpected"
                sentence = f"{kind}: {says} {answer.status_code} instead of {sorted(expect)}"
                raise LoadFault(sentence, answer.text[:200])
        return answer

    async def get(self, kind: str, path: str, **options: Any) -> Json:
        """Read a resource."""
        found: Json = (await self.call(kind, "GET", path, **options)).json()
        return found

    async def begin_session(self) -> str:
        """Create a conversation; its id."""
        made = await self.call("session create", "POST", "/v1/sessions", expect=(201,), json={})
        return str(made.json()["id"])

    async def delete_session(self, session: str) -> None:
        """Delete a conversation."""
        await self.call("session delete", "DELETE", f"/v1/sessions/{session}", expect=(204,))

    async def post(self, session: str, text: str) -> SeenLog:
        """Post a question; the log of its run, of which nothing was seen yet."""
        path = f"/v1/sessions/{session}/messages"
        posted = await self.call("message post", "POST", path, expect=(202,), json={"text": text})
        return self.open_log(posted.json()["run"]["id"])

    def open_log(self, run_id: str) -> SeenLog:
        """Begin to watch a run, which is asked for at the end if nobody sees its end."""
        self.ledger.open_runs[run_id] = self.key
        return SeenLog(run_id)

    async def check_answer(
        self, session: str, seen: SeenLog, statuses: Collection[str] = ("succeeded",)
    ) -> str:
        """Compare what a viewer saw with what is stored; the id of the answer."""
        for sentence in seen.faults():
            raise LoadFault(f"viewer: {sentence}", f"run {seen.run_id}")
        run = await self.get("run read", f"/v1/runs/{seen.run_id}")
        if run["status"] in FINAL_STATUSES:
            self.ledger.open_runs.pop(seen.run_id, None)
        if run["status"] not in statuses:
            raise LoadFault(f"run: {run['status']} ({run['error']})", f"run {seen.run_id}")
        listed = await self.get("messages list", f"/v1/sessions/{session}/messages?limit=200")
        stored = [row for row in listed["results"] if row["id"] == run["message_id"]]
        if [row["content"] for row in stored] != [seen.text]:
            raise LoadFault("run: the stored answer is not what was streamed", seen.run_id)
        return str(run["message_id"])

    async def poll(self, sentence: str, look: Callable[[], Awaitable[Any]]) -> Any:
        """Look until there is something; raise `LoadFault` with `sentence` when it never comes."""
        deadline = time.monotonic() + PATIENCE
        while not (found := await look()):
            if time.monotonic() > deadline:
                raise LoadFault(sentence)
            await asyncio.sleep(PAUSE)
        return found
