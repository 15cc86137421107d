"""Servers from the console."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mcp.models import Server, Tool
from mcp.tests.factories import ServerFactory

pytestmark = pytest.mark.django_db(transaction=True)


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_add_mcp_server_declares_a_program(tiny_argv, monkeypatch):
    monkeypatch.setenv("TINY_WITHOUT", "die")

    out = run("add_mcp_server", "tiny", "--env", "TINY_WITHOUT", "--argv", *tiny_argv)

    server = Server.objects.get()
    assert out.splitlines() == [f"tiny {server.pk}", "8 tools"]
    assert server.argv == list(tiny_argv)
    assert server.secrets_called("env") == {"TINY_WITHOUT": "die"}


def test_add_mcp_server_declares_a_url_with_a_secret_from_the_environment(tiny_url, monkeypatch):
    monkeypatch.setenv("CRM_KEY", "Bearer s3cret")

    out = run("add_mcp_server", "crm", "--url", tiny_url, "--header", "Authorization=CRM_KEY")

    assert "9 tools" in out
    assert "s3cret" not in out
    assert Server.objects.get().secrets_called("headers") == {"Authorization": "Bearer s3cret"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["x"],
        ["Bad_Slug", "--url", "https://x.example.org"],
        ["x", "--url", "https://x.example.org", "--header", "A=NOT_SET_ANYWHERE"],
        ["x", "--argv", "/does/not/exist"],
    ],
)
def test_add_mcp_server_explains_what_is_wrong(arguments):
    with pytest.raises(CommandError):
        run("add_mcp_server", *arguments)


def test_add_mcp_server_leaves_nothing_of_a_server_that_does_not_answer():
    with pytest.raises(CommandError, match="Nothing was added"):
        run("add_mcp_server", "x", "--url", "http://127.0.0.1:9/mcp")

    assert not Server.objects.filter(slug="x").exists()


def test_add_mcp_server_can_wait():
    run("add_mcp_server", "x", "--no-refresh", "--argv", sys.executable, "--version")

    assert Server.objects.get().argv == [sys.executable, "--version"]
    assert not Tool.objects.exists()


def test_refresh_mcp_servers_lists_all_and_fails_for_a_dead_one(tiny_url):
    ServerFactory(slug="tiny", url=tiny_url)
    assert run("refresh_mcp_servers").splitlines() == ["built in: 16 tools", "tiny: 9 tools"]

    ServerFactory(slug="dead", url="http://127.0.0.1:9/mcp")
    with pytest.raises(CommandError, match="dead"):
        run("refresh_mcp_servers")


def test_add_mcp_server_declares_a_sign_in_without_asking_for_tools(monkeypatch):
    monkeypatch.setenv("CRM_SECRET", "hush-hush")

    out = run(
        *("add_mcp_server", "crm", "--url", "http://127.0.0.1:9/mcp", "--oauth"),
        *("--scope", "read", "--client-id", "by-hand", "--client-secret", "CRM_SECRET"),
    )

    server = Server.objects.get()
    assert "first user has connected it" in out
    assert "hush-hush" not in out
    assert (server.authorization, server.scope) == ("oauth", "read")
    assert server.secrets_called("client") == {"id": "by-hand", "secret": "hush-hush"}
