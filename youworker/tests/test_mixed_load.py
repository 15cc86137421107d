"""A crowd that watches answers and downloads slowly disturbs nobody, and nothing of it is lost."""

import asyncio
import hashlib
from collections import Counter
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial

import httpx2
import pytest

from youworker.tests.bench.product import create_key, make_people
from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.files import make_docx
from youworker.tests.bench.soak.log import SeenLog, view_by_socket, view_events
from youworker.tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

SSE_VIEWERS, SOCKETS, DOWNLOADS, QUESTIONS = 40, 40, 12, 150
ASKERS = 10
# Longer than the test; the runs are stopped when everything else was tried.
ENDLESS = "[[tokens=20000,rate=10]]"
SHORT = "[[tokens=5]]"
# More than the kernel keeps for a connection whose other end does not read.
ORIGINAL_BYTES = 12 * 2**20
PIECE_BYTES, PIECE_SECONDS = 2048, 0.2
# A bound, not a budget: a run that works does not wait for it.
CLOSING_SECONDS = 60


@pytest.fixture(scope="module")
def product(running_product):
    return running_product


@pytest.fixture(scope="module")
def keys(product):
    """Of those who ask, and last of somebody who has nothing to do with it."""
    return [person.api_key for person in make_people(product, ASKERS + 1)]


@pytest.fixture(scope="module")
def staff(product):
    return create_key(product.environment, "admin")


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class User:
    """A person with a client of their own, as their browser would be."""

    def __init__(self, product, key, client):
        self.address, self.key, self.client = (product.host, product.port), key, client

    async def begin(self):
        made = await self.client.post("/v1/sessions", json={})
        return made.json()["id"]

    async def post(self, session, text):
        return await self.client.post(f"/v1/sessions/{session}/messages", json={"text": text})

    async def begin_run(self, text):
        session = await self.begin()
        return self, session, (await self.post(session, text)).json()["run"]["id"]

    async def stop(self, run):
        return await self.client.post(f"/v1/runs/{run}/stop")

    async def has_answer(self, session):
        """Whether the short question was answered whole."""
        listed = await self.client.get(f"/v1/sessions/{session}/messages")
        last = listed.json()["results"][-1]
        return last["role"] == "assistant" and last["content"].split() == ["tok"] * 5

    async def has_idle_pool(self):
        """Whether nobody but this very request holds a connection."""
        try:
            pool = (await self.client.get("/health/detailed")).json()["database"]["pool"]
        except (httpx2.HTTPError, KeyError):
            return False
        return pool["in_use"] <= 1 and not pool["waiting"]

    async def upload(self, original):
        sent = await self.client.post(
            "/v1/ingestion/uploads", files={"files": ("large.docx", original)}
        )
        url = f"/v1/ingestion/runs/{sent.json()['id']}"

        async def is_over():
            return (await self.client.get(url)).json()["status"] == "succeeded"

        await wait_until_async(is_over)
        items = (await self.client.get(f"{url}/items")).json()["results"]
        return items[0]["document_id"]


@asynccontextmanager
async def user_of(product, key):
    async with httpx2.AsyncClient(
        base_url=product.base_url,
        headers=bearer(key),
        timeout=60,
        limits=httpx2.Limits(max_connections=None),
    ) as client:
        yield User(product, key, client)


async def status_of(request):
    """The status of an answer, or what came instead of one."""
    try:
        return (await request).status_code
    except httpx2.HTTPError as error:
        return type(error).__name__


@asynccontextmanager
async def asking_for_oneself(user):
    """Meanwhile somebody asks again and again who they are; gives the answers' statuses."""
    statuses = []

    async def ask():
        while True:
            statuses.append(await status_of(user.client.get("/v1/auth/me")))
            await asyncio.sleep(0.25)

    task = asyncio.create_task(ask())
    yield statuses
    task.cancel()


class Crowd:
    """Viewers by SSE and by WebSocket, and people who download slowly."""

    def __init__(self):
        self.logs, self.viewers, self.downloads = [], [], []
        self.downloading = set()
        # Set when those who download may read as fast as they can.
        self.at_full_speed = asyncio.Event()

    def watch(self, user, session, run, *, by_socket):
        log = SeenLog(run)
        if by_socket:
            events = view_by_socket(user.address, user.key, session, log)
        else:
            events = view_events(user.address, user.key, log)
        self.logs.append(log)
        self.viewers.append(asyncio.create_task(read_all(events)))

    def download(self, user, document):
        self.downloads.append(asyncio.create_task(self.read_slowly(user, document)))

    async def read_slowly(self, user, document):
        """Read a few kilobytes a second; the hash of everything."""
        path, headers = f"/v1/documents/{document}/content", bearer(user.key)
        digest = hashlib.sha256()
        async with send_request(user.address, path, headers, receive_buffer=4096) as answer:
            assert answer.status == 200, answer.status
            while piece := await answer.reader.read(PIECE_BYTES):
                digest.update(piece)
                self.downloading.add(asyncio.current_task())
                if not self.at_full_speed.is_set():
                    await asyncio.sleep(PIECE_SECONDS)
        return digest.hexdigest()

    @property
    def begun(self):
        """How many viewers saw a token, and how many downloads go on."""
        return sum(bool(log.pieces) for log in self.logs), len(self.downloading)

    @property
    def is_complete(self):
        return self.begun == (len(self.logs), len(self.downloads))

    @property
    def unfinished(self):
        return sum(not task.done() for task in self.viewers + self.downloads)


async def read_all(events):
    async with aclosing(events):
        async for _ in events:
            pass


async def outcomes(tasks):
    """What each task gave, or why it gave nothing."""
    _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
    for task in late:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [repr(each) if isinstance(each, BaseException) else each for each in found]


async def ask_one(user, session, number):
    """One of the questions at once: half are posted, half wait for their answer."""
    if number % 2:
        return await status_of(user.post(session, SHORT))
    return await status_of(user.client.post("/v1/chat", json={"text": SHORT}))


def gather_crowd(runs, document):
    """Everybody, spread over the runs."""
    crowd = Crowd()
    for number in range(SSE_VIEWERS + SOCKETS):
        crowd.watch(*runs[number % len(runs)], by_socket=number >= SSE_VIEWERS)
    for _ in range(DOWNLOADS):
        crowd.download(runs[0][0], document)
    return crowd


async def test_a_crowd_disturbs_nobody(product, keys, staff):
    # Not in the loop, which is watched for what holds it up.
    original = await asyncio.to_thread(make_docx, "Nobody reads this.", padding=ORIGINAL_BYTES)
    async with AsyncExitStack() as opened:
        users = [await opened.enter_async_context(user_of(product, key)) for key in [*keys, staff]]
        *askers, bystander, operator = users
        document = await askers[0].upload(original)
        runs = [await user.begin_run(ENDLESS) for user in askers]
        quiet = [askers[n % ASKERS] for n in range(QUESTIONS)]
        sessions = [await user.begin() for user in quiet]

        async with asking_for_oneself(bystander) as statuses:
            crowd = gather_crowd(runs, document)
            await wait_until_async(lambda: crowd.is_complete)
            begun = crowd.begun
            asked = await asyncio.gather(*map(ask_one, quiet, sessions, range(QUESTIONS)))
            unfinished = crowd.unfinished
            stopped = [await status_of(user.stop(run)) for user, _, run in runs]
            viewed = await outcomes(crowd.viewers)
            crowd.at_full_speed.set()
            hashes = await outcomes(crowd.downloads)
        faults = [log.faults() for log in crowd.logs]
        # Of those that were posted; the others have waited for their answer.
        answered = await asyncio.gather(
            *(
                wait_until_async(partial(user.has_answer, session))
                for user, session in list(zip(quiet, sessions, strict=True))[1::2]
            )
        )
        pool = await wait_until_async(operator.has_idle_pool)

    assert begun == (SSE_VIEWERS + SOCKETS, DOWNLOADS), (Counter(viewed), Counter(hashes))
    assert Counter(asked) == {200: QUESTIONS // 2, 202: QUESTIONS // 2}
    assert answered == [True] * (QUESTIONS // 2)
    # Whoever was there before the questions was there during them.
    assert unfinished == SSE_VIEWERS + SOCKETS + DOWNLOADS
    assert stopped == [202] * ASKERS
    assert viewed == [None] * (SSE_VIEWERS + SOCKETS)
    assert faults == [[]] * (SSE_VIEWERS + SOCKETS)
    assert Counter(hashes) == {hashlib.sha256(original).hexdigest(): DOWNLOADS}
    assert set(statuses) == {200}
    assert pool
