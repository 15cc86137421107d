"""What nginx of `deploy/` passes on to a web process, whatever clients say."""

from __future__ import annotations

import threading
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from youworker.tests.support.outside_servers import Nginx, make_certificate
from youworker.tests.support.waiting import PATIENCE_SECONDS


class Web(BaseHTTPRequestHandler):
    """Keeps the headers that arrive; becomes no other protocol."""

    protocol_version = "HTTP/1.1"
    arrived: list[HTTPMessage] = []

    def do_GET(self):
        self.arrived.append(self.headers)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    make_certificate(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        nginx = Nginx(folder / "proxy", [server.server_port], secrets=folder, gathers=False)
        with nginx.running() as running:
            yield running
        server.shutdown()


def arrived(proxy, path="/", **headers):
    """The status, and the headers that the web process was sent; none when it was not asked."""
    Web.arrived.clear()
    connection = HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(
            "GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()}
        )
        status = connection.getresponse().status
    finally:
        connection.close()
    return status, Web.arrived[0] if Web.arrived else None


@pytest.mark.parametrize("wanted", ["h2c", "h2c, websocket", "tls/1.2", "websocketx"])
def test_a_connection_becomes_nothing_that_nginx_could_not_read(proxy, wanted):
    status, told = arrived(
        proxy, Upgrade=wanted, Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AAMAAABkAAQ"
    )

    assert status == 200
    assert (told["Upgrade"], told["Connection"]) == (None, "close")


@pytest.mark.parametrize("wanted", ["websocket", "WebSocket"])
def test_a_websocket_is_passed_on(proxy, wanted):
    _, told = arrived(proxy, Upgrade=wanted, Connection="Upgrade")

    assert (told["Upgrade"].lower(), told["Connection"]) == ("websocket", "upgrade")


def test_nobody_says_who_he_is_but_by_his_address(proxy):
    _, told = arrived(
        proxy,
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Proto="https",
        X_Real_IP="203.0.113.9",
        Forwarded="for=203.0.113.9",
        X_Authentik_Username="admin",
        Remote_User="admin",
    )

    assert (told["X-Forwarded-For"], told["X-Forwarded-Proto"]) == ("127.0.0.1", "http")
    assert "203.0.113.9" not in str(told)
    assert "admin" not in str(told)


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/%6detrics",
        "/x/../metrics",
        "/x/%2e%2e/metrics",
        "/metrics/",
        "/metrics?a",
        "/health/detailed",
        "/health/live/../detailed",
        "/health/%64etailed",
        "/./health//detailed",
    ],
)
def test_figures_and_details_are_not_passed_on(proxy, path):
    assert arrived(proxy, path) == (404, None)
