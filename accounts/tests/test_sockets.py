"""Who may open a WebSocket."""

from functools import partial

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts import services
from accounts.models import User
from accounts.sockets import SocketAuthentication
from accounts.tests.factories import UserFactory
from accounts.tickets import issue_ticket
from accounts.types import AccessGrant
from youworker.core.db import run_in_thread
from youworker.core.request_context import OriginASGI
from youworker.tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


async def accepting(scope, _receive, send):
    """An application that lets everybody in and says who it was."""
    known = {"user": scope["user"], "key": scope["api_key"], "grant": scope["grant"]}
    await send({"type": "websocket.accept", **known})


async def connect(*, query="", client="127.0.0.1", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "websocket",
        "path": "/ws/x",
        "query_string": query.encode(),
        "client": [client, 1234],
        "headers": [(b"host", b"testserver"), *pairs],
    }
    connection = ApplicationCommunicator(OriginASGI(SocketAuthentication(accepting)), scope)
    await connection.send_input({"type": "websocket.connect"})
    message = await connection.receive_output(PATIENCE_SECONDS)
    connection.stop(exceptions=False)
    return message


def session_of(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"sessionid={session.session_key}"


async def test_an_api_key_opens_a_socket():
    user = await run_in_thread(UserFactory)
    key, secret = await run_in_thread(
        services.create_api_key, user, name="k", scopes=["chat"], actor=user
    )

    by_bearer = await connect(authorization=f"Bearer {secret}")
    by_header = await connect(x_api_key=secret)

    grant = AccessGrant(user.pk, key_id=key.pk)
    assert by_bearer == {"type": "websocket.accept", "user": user, "key": key, "grant": grant}
    assert by_header == by_bearer


async def test_a_session_opens_a_socket():
    user = await run_in_thread(UserFactory)
    cookie = await run_in_thread(session_of, user)

    message = await connect(cookie=cookie)

    assert (message["user"], message["key"]) == (user, None)
    assert message["grant"].session_key == cookie.removeprefix("sessionid=")
    assert message["grant"].session_key not in repr(message["grant"])


async def test_a_ticket_opens_one_socket():
    user = await run_in_thread(UserFactory)
    key, _ = await run_in_thread(
        services.create_api_key, user, name="k", scopes=["chat"], actor=user
    )
    ticket = await run_in_thread(issue_ticket, AccessGrant(user.pk, key_id=key.pk))

    first = await connect(query=f"ticket={ticket}")
    second = await connect(query=f"ticket={ticket}")

    assert (first["user"], first["key"]) == (user, key)
    assert first["grant"] == AccessGrant(user.pk, key_id=key.pk)
    assert second["status"] == 401


async def test_a_ticket_has_no_more_rights_than_what_it_was_made_with():
    user = await run_in_thread(UserFactory)
    key, _ = await run_in_thread(
        services.create_api_key, user, name="k", scopes=["chat"], actor=user
    )
    ticket = await run_in_thread(issue_ticket, AccessGrant(user.pk, key_id=key.pk))
    await run_in_thread(services.revoke_api_key, key, actor=user)

    assert (await connect(query=f"ticket={ticket}"))["status"] == 401


async def test_a_ticket_of_a_session_carries_it_and_ends_with_it():
    user = await run_in_thread(UserFactory)
    session = SessionStore((await run_in_thread(session_of, user)).removeprefix("sessionid="))
    grant = services.grant_of(user, session=session)
    tickets = [await run_in_thread(issue_ticket, grant) for _ in range(3)]

    opened = await connect(query=f"ticket={tickets[0]}")
    await run_in_thread(User.objects.filter(pk=user.pk).update, password="another")
    after_a_new_password = await connect(query=f"ticket={tickets[1]}")
    await run_in_thread(User.objects.filter(pk=user.pk).update, password=user.password)
    await run_in_thread(session.delete)
    after_signing_out = await connect(query=f"ticket={tickets[2]}")

    assert opened["grant"] == grant
    assert after_a_new_password["status"] == after_signing_out["status"] == 401


async def test_a_key_opens_sockets_from_its_networks_only():
    user = await run_in_thread(UserFactory)
    make = partial(services.create_api_key, user, name="k", scopes=["chat"], actor=user)
    key, secret = await run_in_thread(make, allowed_networks=["192.0.2.0/24"])
    tickets = [
        await run_in_thread(issue_ticket, AccessGrant(user.pk, key_id=key.pk)) for _ in range(2)
    ]

    inside = await connect(client="192.0.2.7", authorization=f"Bearer {secret}")
    outside = await connect(client="198.51.100.7", authorization=f"Bearer {secret}")
    ticket_inside = await connect(client="192.0.2.7", query=f"ticket={tickets[0]}")
    ticket_outside = await connect(client="198.51.100.7", query=f"ticket={tickets[1]}")

    assert inside["key"] == ticket_inside["key"] == key
    assert outside["status"] == ticket_outside["status"] == 401


async def test_strangers_are_refused_before_they_are_accepted():
    user = await run_in_thread(UserFactory, is_active=False)
    cookie = await run_in_thread(session_of, user)
    ticket = await run_in_thread(issue_ticket, AccessGrant(user.pk))

    refusals = [
        await connect(),
        await connect(authorization="Bearer yw_wrong"),
        await connect(authorization="Basic yw_wrong"),
        await connect(cookie="sessionid=forged"),
        await connect(cookie=cookie),
        await connect(query=f"ticket={ticket}"),
        await connect(query="ticket=forged"),
    ]

    assert [refusal["type"] for refusal in refusals] == ["websocket.http.response.start"] * 7
    assert {refusal["status"] for refusal in refusals} == {401}


async def test_a_wrong_key_is_not_rescued_by_a_session():
    user = await run_in_thread(UserFactory)
    cookie = await run_in_thread(session_of, user)

    assert (await connect(cookie=cookie, x_api_key="yw_wrong"))["status"] == 401


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://testserver", True),
        ("https://trusted.example", True),
        ("https://evil.example", False),
        ("http://testserver.evil.example", False),
        ("http://testserver:8080", False),
        ("null", False),
        ("", False),
    ],
)
async def test_pages_of_other_sites_are_refused(origin, allowed, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    user = await run_in_thread(UserFactory)
    cookie = await run_in_thread(session_of, user)

    message = await connect(cookie=cookie, origin=origin)

    assert (message["type"] == "websocket.accept") is allowed
    assert message.get("status") == (None if allowed else 403)


async def test_a_host_that_is_not_ours_is_no_alibi():
    user = await run_in_thread(UserFactory)
    cookie = await run_in_thread(session_of, user)
    scope_host = "evil.example"

    message = await connect(cookie=cookie, origin=f"http://{scope_host}", host=scope_host)

    assert message["status"] == 403
