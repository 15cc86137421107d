"""The containers of `deploy/` behind nginx, without an engine: see `support.containers`."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import orjson
import psutil
import pytest

from youworker.tests.bench.chat import model_double
from youworker.tests.bench.raw import connect, read_headers, send_request
from youworker.tests.bench.sse import read_events
from youworker.tests.bench.websocket import open_socket
from youworker.tests.support.containers import DEPLOY, USER, Container, Host, can_contain
from youworker.tests.support.outside_servers import (
    Nginx,
    make_certificate,
    outside_postgres,
    outside_redis,
    pooler,
)
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until, wait_until_async

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SCOPES = "chat,documents.read,documents.write,account,admin"
# On a machine that does other things, too.
PATIENT = {"timeout": 60}
HALF, PIECE = 128 * 1024 * 1024, 1024 * 1024
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
}


@dataclass
class Deployment:
    """What runs, and how it is asked."""

    host: Host
    settings: dict[str, str]
    ports: list[int]
    webs: list[Container]
    proxy: Nginx
    gathering: Nginx
    password: str
    key: str = ""

    @property
    def login(self):
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def address(self):
        return ("127.0.0.1", self.proxy.port)

    def start_web(self, number):
        """Start one of the two web processes, or start it again, and wait until it is ready."""
        port = self.ports[number]
        web = self.host.run(f"web{number + 1}", PORT=str(port), **self.settings)
        url = f"http://127.0.0.1:{port}/health/ready"
        wait_until(lambda: httpx2.get(url).is_success, despite=(httpx2.HTTPError,), seconds=120)
        return web

    def serving(self, number):
        """How many connections one of them has."""
        found = psutil.Process(self.webs[number].program.pid).net_connections("tcp")
        port = self.ports[number]
        return sum(each.status == "ESTABLISHED" and each.laddr.port == port for each in found)

    def stored_bytes(self):
        """What the web processes have stored of bodies, in files that have no names."""
        size = 0
        for web in self.webs:
            for link in Path(f"/proc/{web.program.pid}/fd").iterdir():
                if str(link.readlink()).startswith(str(self.host.folder / "tmp")):
                    size += link.stat().st_size
        return size


@pytest.fixture(scope="module")
def folder():
    # Not pytest's own, whose folders are for nobody else: containers have a user of their own.
    path = Path(tempfile.mkdtemp(prefix="youworker-deploy-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def deployment(folder):
    with ExitStack() as stack:
        shutil.copy(DEPLOY / "make_secrets.sh", folder)
        subprocess.run(["/bin/sh", "make_secrets.sh"], cwd=folder, check=True, capture_output=True)
        secrets = folder / "secrets"
        secrets.chmod(0o755)
        make_certificate(secrets)
        postgres = stack.enter_context(outside_postgres(folder / "postgres", secrets))
        pool = stack.enter_context(pooler(folder / "pool", secrets, postgres))
        redis = stack.enter_context(outside_redis(folder / "redis", secrets))
        model = stack.enter_context(model_double())
        replaced = {
            "postgres:5432/youworker": f"127.0.0.1:{pool}/youworker"
            f"?sslmode=verify-full&sslrootcert={secrets}/tls_certificate",
            "redis:6379": f"127.0.0.1:{redis}",
            "/run/secrets": str(secrets),
            "/run/youworker": str(folder / "sockets"),
            "172.30.77.10": "127.0.0.1",
        }
        settings = {
            "YOUWORKER_HOST": "127.0.0.1",
            "LLM_BASE_URL": f"http://127.0.0.1:{model}/v1",
            "WORKER_PROCESSES": "1",
            "AGENT_TITLES": "0",
            "RATE_LIMITS_ENABLED": "0",
            "RUN_LEASE_SECONDS": "5",
            # As somebody has it who forgot that a proxy is in front which is believed.
            "SSO_USER_HEADER": "X-Authentik-Username",
            "HOST": "127.0.0.1",
        }
        host = Host(folder, replaced)
        stack.callback(host.stop)
        ports = [free_port(), free_port()]
        proxies = [
            stack.enter_context(
                Nginx(folder / name, ports, secrets=secrets, gathers=gathers).running()
            )
            for name, gathers in (("proxy", False), ("gathering", True))
        ]
        password = (secrets / "admin_password").read_text().strip()
        made = Deployment(host, settings, ports, [], *proxies, password)
        prepare(made)
        for service in ("embed", "worker", "beat"):
            host.run(service, **(settings if service != "embed" else {}))
        made.webs += [made.start_web(0), made.start_web(1)]
        yield made


def prepare(deployment):
    """Prepare the new database twice at once, while a third one waits for it."""
    host, settings = deployment.host, deployment.settings
    waiting = host.run("prepare", "prepare", "--wait", "120", **settings)
    both = [host.run("prepare", **settings) for _ in range(2)]
    codes = [each.wait(180) for each in (*both, waiting)]
    said = "".join(each.said() for each in (*both, waiting))
    assert codes == [0, 0, 0], said
    assert said.count("superuser 'admin' created") == 1
    assert deployment.password not in said
    made = host.run(
        "web1", "create_api_key", "admin", "--name", "test", "--scopes", SCOPES, **settings
    )
    assert made.wait(60) == 0, made.said()
    deployment.key = made.said().split()[-1]


def test_containers_run_behind_nginx(deployment):
    check_containers(deployment)
    check_who_calls(deployment)
    check_what_is_published(deployment)
    asyncio.run(check_sockets(deployment))
    asyncio.run(check_streams(deployment))
    asyncio.run(check_uploads(deployment))
    check_documents(deployment)
    check_backups(deployment)
    check_a_killed_process(deployment)
    check_a_rolling_restart(deployment)
    check_the_end(deployment)


def check_backups(deployment):
    """The database takes TLS only, and its certificate is verified."""
    host, folder = deployment.host, str(deployment.host.folder / "tmp" / "backups")
    for command in ("backup", "verify_backup"):
        done = host.run("worker", command, folder, **deployment.settings)
        assert done.wait(120) == 0, done.said()


def check_containers(deployment):
    """Each is the image's user, whose environment holds no secret, and says how it is."""
    host, settings, port = deployment.host, deployment.settings, deployment.ports[0]
    probes = [
        host.run("web1", "ready", PORT=str(port), **settings),
        host.run("web1", "ready", PORT=str(free_port()), **settings),
        host.run("worker", "working", **settings),
    ]
    assert [probe.wait() for probe in probes] == [0, 1, 0], [probe.said() for probe in probes]
    secrets = [path.read_text().strip() for path in (host.folder / "secrets").glob("*_*")]
    for container in host.running:
        told = " ".join(container.environment.values())
        assert [secret for secret in secrets if secret in told] == []
    if can_contain():
        for container in [*deployment.webs, *host.running[-7:-4]]:
            assert set(container.program.uids()) == {USER}
            status = Path(f"/proc/{container.program.pid}/status").read_text()
            assert "CapBnd:\t0000000000000000" in status
            assert "NoNewPrivs:\t1" in status


def check_who_calls(deployment):
    """Nobody lends themselves an address or a name; the product knows the real address."""
    transport = httpx2.HTTPTransport(local_address="127.0.0.2")
    url, signed = deployment.proxy.url, {"X-Authentik-Username": "bob"}
    form = {"username": "admin", "password": deployment.password}
    with httpx2.Client(**PATIENT, base_url=url, transport=transport, headers=FORGED) as browser:
        begun = browser.post("/v1/auth/login", json=form)
        assert begun.status_code == 200, begun.text
        (session,) = browser.get("/v1/account/sessions").json()["results"]
        page = browser.get("/", follow_redirects=True)
    through = httpx2.post(f"{url}/v1/auth/sso", headers=signed, **PATIENT)
    past = httpx2.post(
        f"http://127.0.0.1:{deployment.ports[0]}/v1/auth/sso", headers=signed, **PATIENT
    )

    assert session["address"] == "127.0.0.2"
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/sign-in" not in str(page.url)
    assert (through.status_code, past.status_code) == (401, 200), (through.text, past.text)


def check_what_is_published(deployment):
    """Figures and details stay inside, however they are spelled; TLS is served beside it."""
    url, inside = deployment.proxy.url, f"http://127.0.0.1:{deployment.ports[0]}"
    hidden = ("/metrics", "//metrics", "/%6detrics", "/health/detailed", "/health//detailed")
    answers = [
        httpx2.get(url + path, headers=deployment.login, **PATIENT).status_code for path in hidden
    ]
    shown = [
        httpx2.get(f"{url}/health/{name}", **PATIENT).status_code for name in ("live", "ready")
    ]
    detailed = httpx2.get(f"{inside}/health/detailed", headers=deployment.login, **PATIENT)
    token = (deployment.host.folder / "secrets/metrics_token").read_text().strip()
    # As Prometheus does in a cluster: at the process itself, by an address that nobody listed.
    scrape = {"Host": "10.0.0.5:8000", "Authorization": f"Bearer {token}"}
    figures = httpx2.get(f"{inside}/metrics", headers=scrape, **PATIENT)
    guessed = httpx2.get(f"{inside}/metrics", headers={"Host": "10.0.0.5:8000"}, **PATIENT)
    trusted = ssl.create_default_context(cafile=deployment.host.folder / "secrets/tls_certificate")
    secure = f"https://127.0.0.1:{deployment.proxy.tls_port}/health/ready"

    assert answers == [404] * len(hidden)
    assert shown == [200, 200]
    assert (figures.status_code, guessed.status_code) == (200, 404), figures.text
    assert "youworker_database_up 1.0" in figures.text
    assert detailed.json()["worker"]["status"] == "ok"
    assert detailed.json()["database"]["version"].startswith("18")
    assert httpx2.get(secure, verify=trusted, **PATIENT).json() == {"status": "ok"}


async def check_sockets(deployment):
    """A question is asked and answered over a WebSocket."""
    with httpx2.Client(
        **PATIENT, base_url=deployment.proxy.url, headers=deployment.login
    ) as client:
        session = client.post("/v1/sessions", json={}).json()["id"]
    path = f"/ws/chat/{session}"
    async with open_socket(deployment.address, path, deployment.key) as chat:
        await chat.send({"type": "text", "text": "[[tokens=30]]"})
        seen = []
        while (frame := await chat.receive()) is not None and frame["type"] != "done":
            seen.append(frame["type"])

    assert "token" in seen
    assert frame["status"] == "succeeded"


async def check_streams(deployment):
    """Events pass one by one, where an nginx without our configuration gathers them."""
    question = orjson.dumps({"text": "[[tokens=60,rate=30]]", "stream": True})
    spans = {}
    for proxy in (deployment.proxy, deployment.gathering):
        times = []
        address = ("127.0.0.1", proxy.port)
        async with send_request(address, "/v1/chat", deployment.login, body=question) as answer:
            assert "content-encoding" not in answer.headers
            async for _, kind, _ in read_events(answer):
                times += [asyncio.get_running_loop().time()] if kind == b"token" else []
        assert len(times) > 20
        spans[proxy] = times[-1] - times[0]

    assert spans[deployment.proxy] > 10 * spans[deployment.gathering]


async def check_uploads(deployment):
    """A body is at the product while it is sent, and never in a file of nginx."""
    async with half_an_upload(deployment, deployment.gathering) as _:
        await wait_until_async(lambda: deployment.gathering.held_bytes() > HALF * 0.9)
        assert deployment.stored_bytes() == 0
    await wait_until_async(lambda: deployment.gathering.held_bytes() == 0)
    async with half_an_upload(deployment, deployment.proxy) as (reader, writer, tail):
        await wait_until_async(lambda: deployment.stored_bytes() > HALF * 0.9)
        assert deployment.proxy.held_bytes() == 0
        await send_half(writer)
        writer.write(tail)
        await writer.drain()
        assert deployment.proxy.held_bytes() == 0
        status = int((await reader.readline()).split()[1])
        assert (await read_headers(reader))["content-type"] == "application/json"
        assert status == 413
    too_large = {**deployment.login, "Content-Type": "text/plain", "Content-Length": str(2**31)}
    path = "/v1/ingestion/uploads"
    async with send_request(deployment.address, path, too_large, body=None) as answer:
        refused = orjson.loads(await answer.reader.read())
    assert (answer.status, refused["errors"][0]["code"]) == (413, "too_large")


async def send_half(writer):
    """Send half of the file; in one piece, each step would move what is left of it in memory."""
    for _ in range(HALF // PIECE):
        writer.write(bytes(PIECE))
        await writer.drain()


class half_an_upload:  # noqa: N801 -- read as a function
    """Send half of a large file; gives what the rest is sent by."""

    def __init__(self, deployment, proxy):
        self.deployment, self.proxy = deployment, proxy

    async def __aenter__(self):
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\n\r\n'
        tail = b"\r\n--x--\r\n"
        reader, writer = await connect(("127.0.0.1", self.proxy.port), 0)
        self.writer = writer
        lines = [
            "POST /v1/ingestion/uploads HTTP/1.1",
            f"Host: 127.0.0.1:{self.proxy.port}",
            f"Authorization: Bearer {self.deployment.key}",
            "Content-Type: multipart/form-data; boundary=x",
            f"Content-Length: {len(head) + 2 * HALF + len(tail)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + head)
        await send_half(writer)
        return reader, writer, tail

    async def __aexit__(self, *_):
        self.writer.transport.abort()


def check_documents(deployment):
    """What is uploaded is parsed by the worker, with vectors of the process they share."""
    with httpx2.Client(
        **PATIENT, base_url=deployment.proxy.url, headers=deployment.login
    ) as client:
        files = {"files": ("leave.txt", b"Employees have 26 days of leave in a year.")}
        taken = client.post("/v1/ingestion/uploads", files=files)
        assert taken.status_code == 202, taken.text
        found = wait_until(
            lambda: client.post("/v1/search", json={"query": "how much holiday"}).json()["results"],
            seconds=120,
        )
    assert "26 days" in str(found[0])


def check_a_killed_process(deployment):
    """Who watched by a process that is killed goes on by the other one, and misses nothing."""
    with httpx2.Client(**PATIENT, base_url=f"http://127.0.0.1:{deployment.ports[0]}") as client:
        session = client.post("/v1/sessions", json={}, headers=deployment.login).json()["id"]
        posted = client.post(
            f"/v1/sessions/{session}/messages",
            json={"text": "[[tokens=300,rate=40]]"},
            headers=deployment.login,
        )
    whole, broken, seen = asyncio.run(
        watch_through_a_kill(deployment, f"/v1/runs/{posted.json()['run']['id']}/events")
    )

    assert 0 < len(broken) < len(whole)
    assert [number for number, _, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][1] == "done"
    texts = [orjson.loads(data)["text"] for _, kind, data in seen if kind == "token"]
    assert "".join(texts) == orjson.loads(seen[-1][2])["message"]["content"]
    assert "".join(texts).split() == ["tok"] * 300
    deployment.webs[1] = deployment.start_web(1)


async def watch_through_a_kill(deployment, path):
    """What two who watch a run are sent, the one by a process that is killed; and him, rejoined."""
    async with httpx2.AsyncClient(
        **PATIENT, base_url=deployment.proxy.url, headers=deployment.login
    ) as client:
        watching = [asyncio.create_task(watch_run(client, path)) for _ in range(2)]
        # nginx gives each process one of them, and only one makes the answer.
        await wait_until_async(lambda: [deployment.serving(0), deployment.serving(1)] == [1, 1])
        await asyncio.sleep(1)
        deployment.webs[1].kill()
        whole, broken = sorted(await asyncio.gather(*watching), key=len, reverse=True)
        return whole, broken, broken + await watch_run(client, path, after=broken[-1][0])


async def watch_run(client, path, after=0):
    """All whole events of a run after one of them, until the stream ends in whatever way."""
    seen, event = [], {}
    with suppress(httpx2.HTTPError):
        async with client.stream("GET", path, headers={"Last-Event-ID": str(after)}) as answer:
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                event[name] = value
                if not line and "data" in event:
                    seen.append((int(event["id"]), event["event"], event["data"]))
                    event = {}
    return seen


def check_a_rolling_restart(deployment):
    """Both processes are replaced while somebody works: nothing fails, and no question is lost."""
    with (
        httpx2.Client(**PATIENT, base_url=f"http://127.0.0.1:{deployment.ports[0]}") as first,
        httpx2.Client(**PATIENT, base_url=deployment.proxy.url, headers=deployment.login) as client,
        working_meanwhile(deployment) as outcomes,
    ):
        session = client.post("/v1/sessions", json={}).json()["id"]
        asked = {"text": "[[first_ms=4000,tokens=5]]"}
        path = f"/v1/sessions/{session}/messages"
        run = first.post(path, json=asked, headers=deployment.login).json()["run"]["id"]
        ends = []
        for number in (0, 1):
            ends.append(deployment.webs[number].stop())
            wait_until(lambda number=number: not is_open(deployment.ports[number]))
            deployment.webs[number] = deployment.start_web(number)
        ended = wait_until(
            lambda: (
                (found := client.get(f"/v1/runs/{run}").json())["status"] == "succeeded" and found
            )
        )
        answer = client.get(path).json()["results"][-1]["content"]

    assert ends == [0, 0]
    assert ended["status"] == "succeeded"
    assert answer.split() == ["tok"] * 5
    assert len(outcomes) > 20
    assert set(outcomes) == {200, 201}


@contextmanager
def working_meanwhile(deployment):
    """Somebody who reads and writes through nginx; the statuses of all answers."""
    outcomes, over = [], threading.Event()

    def work():
        with httpx2.Client(
            **PATIENT, base_url=deployment.proxy.url, headers=deployment.login
        ) as client:
            while not over.wait(0.05):
                try:
                    outcomes.append(client.get("/v1/sessions?limit=1").status_code)
                    outcomes.append(client.post("/v1/sessions", json={}).status_code)
                except httpx2.HTTPError as error:
                    outcomes.append(type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield outcomes
    finally:
        over.set()
        thread.join()


def check_the_end(deployment):
    """Every container ends when it is asked to; then people are told to come again."""
    last = [each for each in deployment.host.running if each.outer.poll() is None]
    ended = {each.service: each.stop() for each in last}
    away = httpx2.get(f"{deployment.proxy.url}/v1/account", headers=deployment.login, **PATIENT)

    # The embedding process has nothing to put in order: the signal ends it.
    assert ended == {"embed": 143, "worker": 0, "beat": 0, "web1": 0, "web2": 0}
    assert (away.status_code, away.json()["errors"][0]["code"]) == (503, "unavailable")
    assert away.headers["Retry-After"] == "5"
    assert os.listdir(deployment.host.folder / "proxy/body") == []
