"""The built-in server that brings documents in, called the way the agent calls it."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from accounts.tests.factories import UserFactory
from documents import services as documents
from ingestion.models import IngestionRun
from mcp.calls import CallContext
from mcp.services import call_tool, usable_tools
from youworker.core.config import config

pytestmark = pytest.mark.django_db(transaction=True)


def call(user, name, arguments, *, approved=True, **context):
    tool = next(tool for tool in usable_tools(user) if tool.name == name)
    acting = CallContext(user_id=user.pk, correlation_id="c", approved=approved, **context)
    return async_to_sync(call_tool)(tool, arguments, context=acting)


def test_what_writes_asks_first():
    policies = {tool.name: tool.policy for tool in usable_tools(UserFactory())}

    assert policies["ingest.url"] == policies["ingest.path"] == "ask"
    assert policies["ingest.status"] == policies["units.convert"] == policies["web.fetch"] == "auto"


def test_nothing_is_stored_without_approval():
    user = UserFactory()

    outcome = call(user, "ingest.url", {"url": "https://example.org/"}, approved=False)

    assert outcome.is_error
    assert outcome.denied
    assert not IngestionRun.objects.exists()


def test_url_begins_a_run_of_the_acting_user():
    user = UserFactory()
    shelf = documents.ensure_collection("Shelf", actor=user)

    arguments = {"url": "https://example.org/", "depth": 1, "max_pages": 7, "collection": "shelf"}
    outcome = call(user, "ingest.url", {**arguments, "user_id": str(UserFactory().pk)})

    run = IngestionRun.objects.get()
    assert (run.owner, run.collection) == (user, shelf)
    assert run.reach == {"depth": 1, "max_pages": 7, "same_host": True}
    assert outcome.structured["run"] == str(run.pk)
    status = call(user, "ingest.status", {"run": str(run.pk)})
    assert (status.structured["files"], status.structured["waiting"]) == (1, 1)
    assert status.structured["collection"] == "Shelf"


def test_runs_of_others_are_not_there():
    owner, stranger = UserFactory(), UserFactory(is_staff=True)
    run = call(owner, "ingest.url", {"url": "https://example.org/"}).structured["run"]

    outcome = call(stranger, "ingest.status", {"run": run})

    assert outcome.is_error
    assert "no such run" in outcome.text


def test_collections_of_others_are_not_there():
    documents.ensure_collection("Secret", actor=UserFactory())

    arguments = {"url": "https://example.org/", "collection": "Secret"}
    outcome = call(UserFactory(), "ingest.url", arguments)

    assert outcome.is_error
    assert not IngestionRun.objects.exists()


def test_a_limited_conversation_fills_no_other_collection():
    user = UserFactory()
    inside = documents.ensure_collection("Inside", actor=user)
    documents.ensure_collection("Outside", actor=user)
    limits = {"collections": (inside.pk,)}

    for wanted in ({}, {"collection": "Outside"}):
        arguments = {"url": "https://example.org/", **wanted}
        assert call(user, "ingest.url", arguments, **limits).is_error
    arguments = {"url": "https://example.org/", "collection": "Inside"}
    assert not call(user, "ingest.url", arguments, **limits).is_error
    assert IngestionRun.objects.get().collection == inside


def test_paths_are_for_staff_and_below_the_allowed_folders(tmp_path, monkeypatch):
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.txt").write_text("words")
    (inside / "link.txt").symlink_to(outside / "a.txt")
    monkeypatch.setitem(config.ingestion.__dict__, "roots", (str(inside),))
    staff = UserFactory(is_staff=True)

    refused = [
        call(UserFactory(), "ingest.path", {"path": str(inside / "a.txt")}),
        call(staff, "ingest.path", {"path": str(outside / "a.txt")}),
        call(staff, "ingest.path", {"path": str(inside / "link.txt")}),
        call(staff, "ingest.path", {"path": "/etc/passwd"}),
        call(staff, "ingest.path", {"path": f"{inside}/../out/a.txt"}),
    ]
    allowed = call(staff, "ingest.path", {"path": str(inside)})

    assert all(outcome.is_error for outcome in refused)
    assert "Only staff" in refused[0].text
    assert allowed.structured["files"] == 1
    assert IngestionRun.objects.count() == 1


@pytest.mark.parametrize("run", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_strange_runs_are_an_error_in_words(run):
    outcome = call(UserFactory(), "ingest.status", {"run": run})

    assert outcome.is_error
    assert outcome.text
