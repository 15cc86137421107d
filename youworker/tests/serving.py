"""The web process as it really runs: a child process on a port of its own."""

import http.client
import os
import socket
import subprocess
import sys
from contextlib import closing, contextmanager, suppress

from youworker.core.config import BASE_DIR
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

START_SECONDS = 60
KEY = {"Authorization": "Bearer yw_good"}
LIMITS = {
    "INGESTION_MAX_UPLOAD_BYTES": "2000000",
    "API_MAX_BODY_BYTES": "1000000",
    "API_IDLE_SECONDS": "2",
    "API_BODY_SECONDS": "5",
}
# An application that is simpler than ours, in front of the same server.
PROGRAM = """
import asyncio, os, sys
import django
django.setup()
from asgiref.sync import async_to_sync
from youworker.server.web_server import WebServer
from youworker.server.__main__ import endpoint
from youworker.core.db import run_in_thread
from youworker.core.network import ProxyHeadersMiddleware
from youworker.core.per_loop import PerLoop, Stage
from youworker.core.realtime.consumer import deny_handshake
from youworker.server import connections, sockets
from youworker.server.access_middleware import AccessMiddleware

sent = {"pieces": 0, "frames": 0, "flooding": 0}

async def flood(path, receive, send):
    # More than anybody reads, and again with every frame of the client.
    async def say_much():
        while True:
            await send({"type": "websocket.send", "text": "x" * 65536})
            sent["frames"] += 1
            await asyncio.sleep(0)
    sent["flooding"] += 1
    telling = asyncio.create_task(say_much())
    try:
        if path == "/flood/close":
            await asyncio.sleep(0.5)
            telling.cancel()
            await send({"type": "websocket.close", "code": 4401})
        while (await receive())["type"] == "websocket.receive":
            telling.cancel()
            telling = asyncio.create_task(say_much())
    finally:
        sent["flooding"] -= 1
        telling.cancel()


async def write_for_ever():
    while True:
        await asyncio.sleep(0.05)

async def close_writer(task):
    print("writer", flush=True)
    task.cancel()

writers = PerLoop(lambda: asyncio.create_task(write_for_ever()), close=close_writer)

async def close_work(_):
    print("work", flush=True)
    await asyncio.sleep(0.1)
    print("in-vain" if writers.get().done() else "worked", flush=True)

works = PerLoop(object, close=close_work, stage=Stage.WORK)

def wait_for_loop():
    # As views and libraries do; one that is broken off asks for something else.
    for _ in range(6):
        try:
            async_to_sync(asyncio.sleep)(3600)
        except BaseException:
            print("broken-off", flush=True)

waiting_threads = []


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        if scope["path"].startswith("/deny/"):
            await deny_handshake(send, int(scope["path"][6:]))
            return
        if scope["path"] == "/crash":
            raise RuntimeError("secret")
        assert scope["extensions"] == {"websocket.http.response": {}}
        await send({"type": "websocket.accept"})
        if scope["path"].startswith("/close/"):
            await send({"type": "websocket.close", "code": int(scope["path"][7:])})
            return
        if scope["path"] == "/crash/later":
            raise RuntimeError("secret")
        if scope["path"].startswith("/flood"):
            await flood(scope["path"], receive, send)
            return
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(message["text"]))})
        return
    size, pieces = 0, 0
    while True:
        message = await receive()
        size, pieces = size + len(message["body"]), pieces + 1
        if not message["more_body"]:
            break
    if scope["path"] == "/crash":
        raise RuntimeError("secret")
    if scope["path"] == "/length":
        size = dict(scope["headers"])[b"content-length"].decode()
    if scope["path"] == "/root":
        size = repr(scope["root_path"])
    if scope["path"] == "/sent":
        size = sent["pieces"]
    if scope["path"] in {"/frames", "/flooding"}:
        size = sent[scope["path"][1:]]
    if scope["path"] == "/thread":
        waiting_threads.append(asyncio.create_task(run_in_thread(wait_for_loop)))
    stream = scope["path"] == "/stream"
    if stream:
        works.get(), writers.get()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/crash-late":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("secret")
    try:
        for n in range(1000 if scope["path"] == "/much" else 0):
            sent["pieces"] = n
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        for n in range(1000 if stream else 0):
            await send({"type": "http.response.body", "body": b"data\\n", "more_body": True})
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        print("saved", flush=True)
        raise
    await send({"type": "http.response.body", "body": f"{size} {pieces}".encode()})

async def recognises(key, session):
    if key == "yw_crash":
        raise RuntimeError("secret")
    return key == "yw_good" or session == "good"

connections.MOST_CONNECTIONS = 40
sockets.FRAMES_PER_SECOND = 100
sockets.CLOSING_SECONDS = float(os.environ.get("CLOSING_SECONDS", sockets.CLOSING_SECONDS))
gated = ProxyHeadersMiddleware(AccessMiddleware(application))
server = WebServer(gated, endpoint("127.0.0.1", int(sys.argv[1])), recognises)
server.run()
sys.exit(1 if server.failed else 0)
"""


def start(port, **settings):
    environment = {**os.environ, **LIMITS, **settings}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def serving(**settings):
    """A server process; gives its port."""
    chosen = free_port()
    process = start(chosen, **settings)
    wait_until(lambda: is_open(chosen))
    yield chosen
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def speak(port, *pieces):
    """Send bytes as they are and give everything that comes back until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as client:
        answer = b""
        with suppress(ConnectionError):
            for piece in pieces:
                client.sendall(piece)
        with suppress(ConnectionResetError):
            while received := client.recv(65536):
                answer += received
    return answer


def ask(port, path="/", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, received, answer.read()
