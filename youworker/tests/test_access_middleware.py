"""Who is let in at all."""

import json
import logging

import pytest

from youworker.core.network import ProxyHeadersMiddleware
from youworker.server.access_middleware import AccessMiddleware
from youworker.tests.serving import ask, serving


async def let_in(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def through(
    gate=None, *, kind="http", path="/v1/auth/me", client=("203.0.113.5", 1), **headers
):
    sent = []

    async def send(message):
        sent.append(message)

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "client": client, "headers": pairs}
    await ProxyHeadersMiddleware(gate or AccessMiddleware(let_in))(scope, None, send)
    return sent


async def status_of(**request):
    return (await through(**request))[0]["status"]


async def test_without_a_list_everybody_is_served():
    assert await status_of() == 200
    assert await status_of(client=None) == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("2001:db8::1", 200),
        ("10.2.0.1", 403),
        ("2001:db9::1", 403),
        ("127.0.0.1", 403),
        ("nonsense", 403),
    ],
)
async def test_the_list_decides(configured, address, status):
    configured("security", allowed_networks=("10.1.0.0/16", "2001:db8::/32"))

    assert await status_of(client=(address, 1)) == status


async def test_a_connection_without_an_address_is_not_on_the_list(configured):
    configured("security", allowed_networks=("0.0.0.0/0", "::/0"))

    assert await status_of(client=None) == 403


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_load_balancers_may_always_ask(configured, path):
    configured("security", allowed_networks=("10.0.0.0/8",))

    assert await status_of(path=path) == 200
    assert await status_of(path=path + "/../../v1/auth/me") == 403


async def test_forged_addresses_do_not_help(configured):
    configured("security", allowed_networks=("10.0.0.0/8",), trusted_proxies=("192.0.2.1",))

    assert await status_of(x_forwarded_for="10.0.0.1") == 403
    assert await status_of(client=("192.0.2.1", 1), x_forwarded_for="10.0.0.1, 203.0.113.5") == 403
    assert await status_of(client=("192.0.2.1", 1), x_forwarded_for="10.0.0.1") == 200


async def test_a_refusal_has_the_shape_of_the_api(configured):
    configured("security", allowed_networks=("10.0.0.0/8",))

    start, body = await through(x_correlation_id="abc")
    socket, _end = await through(kind="websocket")

    assert dict(start["headers"])[b"X-Correlation-ID"] == b"abc"
    assert json.loads(body["body"])["errors"][0]["code"] == "permission_denied"
    assert socket == {"type": "websocket.http.response.start", "status": 403, "headers": []}


async def test_a_refused_address_is_logged_once(configured, caplog):
    configured("security", allowed_networks=("10.0.0.0/8",))
    gate = AccessMiddleware(let_in)

    with caplog.at_level(logging.WARNING, "youworker.server.access_middleware"):
        for address in ("203.0.113.5", "203.0.113.5", "203.0.113.6"):
            await through(gate, client=(address, 1))

    assert len(caplog.records) == 2


@pytest.mark.parametrize("path", ["/v1/auth/me", "/health/live", "/static/x"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_other_hosts_are_not_ours(kind, path):
    assert await status_of(kind=kind, path=path, host="evil.example") == 400
    assert await status_of(kind=kind, path=path, host="localhost@evil.example") == 400
    assert await status_of(kind=kind, path=path, host="localhost:8000") == 200


async def test_prometheus_calls_each_process_by_its_address(configured, settings):
    hosts = []

    async def note(scope, receive, send):
        hosts.append([value for name, value in scope["headers"] if name == b"host"])
        await let_in(scope, receive, send)

    configured("security", metrics_token="figures")
    for allowed in (["ai.example.org", "localhost"], [".example.org"], ["*"]):
        settings.ALLOWED_HOSTS = allowed
        await through(AccessMiddleware(note), path="/metrics", host="10.0.0.5:8000")

    assert hosts == [[b"ai.example.org"], [b"example.org"], [b"localhost"]]
    settings.ALLOWED_HOSTS = ["ai.example.org"]
    assert await status_of(path="/metrics/", host="10.0.0.5:8000") == 400
    assert await status_of(path="/metrics", host="10.0.0.5:8000", kind="websocket") == 400
    assert await status_of(path="/health/detailed", host="10.0.0.5:8000") == 400


async def test_without_a_token_figures_are_not_told_under_other_names(configured):
    configured("security", metrics_token="")

    assert await status_of(path="/metrics", host="rebound.example") == 400
    assert await status_of(path="/metrics", host="localhost:8000") == 200


async def test_prometheus_is_held_to_the_list_of_networks(configured):
    configured("security", metrics_token="figures", allowed_networks=("10.0.0.0/8",))

    assert await status_of(path="/metrics", host="10.0.0.5:8000") == 403


@pytest.mark.slow
def test_a_real_server_refuses_and_ignores_forged_headers():
    forged = {"X-Forwarded-For": "10.0.0.1", "X_Forwarded_For": "10.0.0.1", "X-Real-IP": "10.0.0.1"}
    with serving(ALLOWED_NETWORKS="10.0.0.0/8") as port:
        status, headers, body = ask(port, "/v1/auth/me", **forged)
        live = ask(port, "/health/live")[0]

    assert status == 403
    assert headers["x-correlation-id"]
    assert b"permission_denied" in body
    assert live == 200


@pytest.mark.slow
def test_a_real_server_believes_its_proxy():
    allowed = {"ALLOWED_NETWORKS": "10.0.0.0/8", "TRUSTED_PROXIES": "127.0.0.1"}
    with serving(**allowed) as port:
        inside = ask(port, **{"X-Forwarded-For": "10.0.0.1"})[0]
        outside = ask(port, **{"X-Forwarded-For": "203.0.113.5"})[0]
        underscored = ask(port, X_Forwarded_For="10.0.0.1")[0]

    assert (inside, outside, underscored) == (200, 403, 403)
