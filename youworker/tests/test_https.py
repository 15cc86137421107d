"""What changes when the product is served over TLS."""

import json
import os
import subprocess
import sys

import pytest

from youworker.appliance import startup_checks
from youworker.core.config import BASE_DIR
from youworker.tests.serving import ask, serving, speak

PRINT = """
import json
from django.conf import settings
names = [name for name in dir(settings) if name.startswith(("SESSION_C", "CSRF_C", "SECURE_"))]
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""


def python(*arguments, **environment):
    bare = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    bare |= {"DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "youworker.settings", **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=BASE_DIR, env=bare, capture_output=True, text=True, timeout=120, check=True
    )


def settings_with(**environment):
    return json.loads(python("-c", PRINT, **environment).stdout)


def test_cookies_are_bound_to_the_host_and_to_tls():
    found = settings_with(HTTPS="1", TRUSTED_PROXIES="127.0.0.1")

    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_DOMAIN"] is found["CSRF_COOKIE_DOMAIN"] is None
    assert found["SECURE_SSL_REDIRECT"] is True


def test_nothing_is_redirected_while_no_proxy_is_believed():
    found = settings_with(HTTPS="1", TRUSTED_PROXIES="")

    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000


def test_plain_installations_promise_no_tls():
    found = settings_with(HTTPS="0")

    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_HSTS_SECONDS"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("debug", ["", "1"])
def test_djangos_checks_for_production(debug):
    arguments = ["-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    profile = {"HTTPS": "1", "TRUSTED_PROXIES": "127.0.0.1", "DEBUG": debug}
    if debug:
        with pytest.raises(subprocess.CalledProcessError):
            python(*arguments, **profile)
    else:
        assert "no issues (0 silenced)" in python(*arguments, **profile).stdout


@pytest.mark.slow
def test_every_answer_promises_tls_even_those_the_server_makes():
    with serving(HTTPS="1") as port:
        _status, headers, _body = ask(port)
        refused = speak(port, b"GET / HTTP/1.1\r\n\r\n")

    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert b"Strict-Transport-Security: max-age=31536000" in refused


@pytest.mark.parametrize(
    ("https", "host", "proxies", "words"),
    [
        (False, "127.0.0.1", (), None),
        (False, "[::1]", (), None),
        (False, "localhost", (), None),
        (False, "0.0.0.0", (), "in the clear"),
        (False, "workplace.example", (), "in the clear"),
        (True, "0.0.0.0", ("10.0.0.1",), None),
        (True, "0.0.0.0", (), "TRUSTED_PROXIES"),
    ],
)
def test_operators_are_told_of_passwords_in_the_clear(configured, https, host, proxies, words):
    configured("security", https=https, trusted_proxies=proxies)
    configured("api", host=host)

    found = list(startup_checks.transport_notices())

    assert len(found) == (words is not None)
    assert words is None or words in found[0]
