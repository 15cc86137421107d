"""Every role on every socket, and every id a frame may carry."""

from __future__ import annotations

import uuid

import orjson
import pytest
from asgiref.sync import sync_to_async

from chat.realtime.consumers import ChatConsumer
from chat.tests.factories import MessageFactory, RunFactory, ToolRunFactory
from youworker.routing import routes, websockets
from youworker.tests.matrix.world import KEYS, PEOPLE, ROLES, World
from youworker.tests.support.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = {"anonymous": 401, "deactivated": 401}
OPEN = 101
# For each socket: the scope a key needs, and what everybody gets for the owner's id.
SOCKETS = {
    "ws/chat/<uuid:session_id>": (
        "chat",
        {**REFUSED, **dict.fromkeys(PEOPLE, 404), "owner": OPEN},
    ),
    # Everything else: nobody learns more than that there is nothing.
    "": (None, {**REFUSED, **dict.fromkeys((*PEOPLE, *KEYS, "staff_key:admin"), 404)}),
    "ws/ingestion": ("documents.read", {**REFUSED, **dict.fromkeys(PEOPLE, OPEN)}),
}


def expected(path):
    """The outcome for every role."""
    scope, people = SOCKETS[path]
    keys = dict.fromkeys((*KEYS, "staff_key:admin"), 403)
    if scope is not None:
        keys[f"key:{scope}"] = OPEN
    return {**keys, **people}


def test_every_socket_has_a_row_and_every_role_a_cell():
    assert {str(route.pattern) for route in routes.routes} == set(SOCKETS)
    assert all(set(expected(path)) == set(ROLES) for path in SOCKETS)


def credentials(world, role):
    """The headers a role opens a socket with."""
    if ":" in role:
        return [(b"authorization", f"Bearer {world.secret(role)}".encode())]
    client = world.client(role)
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]


async def outcome(path, headers):
    """The status of a handshake: 101 when the socket opens."""
    socket = Socket(websockets, path, headers=headers)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output()
    if answer["type"] == "websocket.accept":
        await socket.disconnect()
        return OPEN
    return answer.get("status", 403)


@pytest.mark.parametrize("path", SOCKETS)
async def test_every_role_gets_what_the_table_says(path):
    world = await sync_to_async(World)()
    session = await sync_to_async(lambda: world.session)()
    url = "/" + path.replace("<uuid:session_id>", str(session.pk))
    found = {}
    for role in ROLES:
        headers = []
        if role != "anonymous":
            headers = await sync_to_async(credentials)(world, role)
        found[role] = await outcome(url, headers)

    assert found == expected(path)


# For each kind of frame the ids it carries, and the code for one that is not of this session.
FRAMES = {
    "text": {"parent_id": "invalid"},
    "audio": {},
    "continue": {"message_id": "not_found"},
    "stop": {"run_id": "not_found"},
    "approve": {"tool_run_id": "not_found"},
    "resume": {"run_id": "not_found"},
    "ping": {},
}


FOREIGN = {
    "parent_id": MessageFactory,
    "message_id": MessageFactory,
    "tool_run_id": lambda: ToolRunFactory(
        run=RunFactory(status="waiting_approval"), status="waiting"
    ),
}


def test_every_kind_of_frame_has_a_row():
    assert set(ChatConsumer().handlers()) == set(FRAMES)


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [(kind, name, code) for kind, names in FRAMES.items() for name, code in names.items()],
)
async def test_ids_of_others_in_frames_are_as_good_as_unknown(kind, name, code):
    world = await sync_to_async(World)()
    session = await sync_to_async(lambda: world.session)()
    foreign = await sync_to_async(FOREIGN.get(name, RunFactory))()
    headers = await sync_to_async(credentials)(world, "key:chat")
    socket = Socket(websockets, f"/ws/chat/{session.pk}", headers=headers)
    await socket.connect()
    await socket.receive_from()
    said = []
    for identifier in (foreign.pk, uuid.uuid4()):
        frame = {"type": kind, "text": "x", name: str(identifier), "decision": "allow"}
        await socket.send_to(text_data=orjson.dumps(frame).decode())
        said.append(orjson.loads(await socket.receive_from()))
    await socket.disconnect()

    assert said[0] == said[1]
    assert (said[0]["type"], said[0]["code"]) == ("error", code)
