"""What a container becomes by its first word, and the preparation that precedes all others."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from youworker.appliance import __main__ as roles
from youworker.appliance import commands
from youworker.appliance.bootstrap import is_prepared
from youworker.core.config import BASE_DIR
from youworker.core.models import KeyFingerprint
from youworker.management.commands import prepare


def test_a_role_is_the_line_that_the_supervisor_starts(configured):
    configured("api", host="0.0.0.0", port=9000)
    configured("ingestion", worker_processes=3)

    assert roles.command_line("web", []) == commands.web("0.0.0.0", 9000)
    assert roles.command_line("worker", ["-O", "fair"]) == [*commands.worker(3), "-O", "fair"]
    assert roles.command_line("beat", []) == commands.beat()


def test_anything_else_is_a_command():
    line = roles.command_line("doctor", ["--json"])

    assert line == [sys.executable, str(BASE_DIR / "manage.py"), "doctor", "--json"]


@pytest.mark.parametrize("role", ["embed", "speech"])
def test_an_engine_wants_the_socket_it_is_asked_at(monkeypatch, role):
    name = {"embed": roles.EMBEDDING_SOCKET, "speech": roles.SPEECH_SOCKET}[role]
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(ImproperlyConfigured, match=name):
        roles.command_line(role, [])

    monkeypatch.setenv(name, "/run/youworker/some.sock")
    assert "/run/youworker/some.sock" in roles.command_line(role, [])


def test_the_names_of_the_sockets_are_those_of_the_processes():
    assert roles.EMBEDDING_SOCKET == commands.SOCKET_VARIABLE
    assert roles.SPEECH_SOCKET == commands.SPEECH_SOCKET


def test_a_container_that_cannot_begin_says_why_in_one_line():
    bare = {name: value for name, value in os.environ.items() if name != roles.EMBEDDING_SOCKET}
    line = [sys.executable, "-m", "youworker.appliance", "embed"]
    refused = subprocess.run(line, cwd=BASE_DIR, env=bare, capture_output=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        b"youworker: YOUWORKER_EMBEDDING_SOCKET has to name a socket."
    ]


@pytest.mark.parametrize(("status", "is_ready"), [(200, True), (503, False), (400, False)])
def test_the_health_check_asks_by_a_name_that_is_answered(configured, status, is_ready):
    asked = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        configured("api", port=server.server_port)
        configured("security", allowed_hosts=("*", ".x.example"))
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        found = roles.is_ready()
        answering.join()

    assert found is is_ready
    assert asked == [("/health/ready", "x.example")]


def test_a_process_that_is_away_is_not_ready(configured):
    configured("api", port=1)

    assert roles.main(["ready"]) == 1


@pytest.mark.django_db
def test_a_database_is_prepared_once(capsys):
    assert not is_prepared()

    call_command("prepare")
    call_command("prepare")

    assert is_prepared()
    assert capsys.readouterr().out.count("superuser 'admin' created") == 1
    assert User.objects.filter(is_superuser=True).count() == 1


@pytest.mark.django_db
def test_who_waits_changes_nothing_and_gives_up_with_the_reason(monkeypatch):
    monkeypatch.setattr(prepare, "LOOK_SECONDS", 0.01)

    with pytest.raises(CommandError, match=r"run manage\.py prepare"):
        call_command("prepare", "--wait", "0.05")

    assert not KeyFingerprint.objects.exists()
    call_command("prepare")
    call_command("prepare", "--wait", "0")


@pytest.mark.django_db
def test_tables_of_an_older_version_are_not_prepared():
    call_command("prepare")
    MigrationRecorder(connection).record_unapplied("chat", latest("chat"))

    assert not is_prepared()


def latest(app):
    return MigrationRecorder.Migration.objects.filter(app=app).latest("id").name
