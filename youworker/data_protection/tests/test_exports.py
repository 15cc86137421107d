"""What is in a package, who gets it, and how long it is there."""

import hashlib
import zipfile
from datetime import timedelta
from io import StringIO
from pathlib import Path

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.enums import ExportStatus
from accounts.models import DataExport
from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.admin import read_session
from chat.tests.factories import CitationFactory, MessageFactory, SessionFactory
from documents.tests.factories import DocumentFactory, store_bytes, stored_path
from groups.enums import Role
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker import audit
from youworker.data_protection import export_files, exports
from youworker.data_protection.package import safe_name
from youworker.data_protection.registry import personal_policies
from youworker.data_protection.tests.canaries import furnish
from youworker.tests.support.leases import let_leases_end

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued_tasks")]


def packed(user, tmp_path):
    path = tmp_path / "export.zip"
    exports.export_to(user, path)
    return zipfile.ZipFile(path)


def rows(package, kind):
    return orjson.loads(package.read(f"data/{kind}.json"))


def test_the_package_holds_everything_of_the_user_and_nothing_of_others(tmp_path):
    zebra, _walrus = furnish("zebra"), furnish("walrus")

    package = packed(zebra, tmp_path)

    texts = {name: package.read(name).decode() for name in package.namelist()}
    said = {name for name, text in texts.items() if "zebra" in text}
    with_rows = {
        "account api-keys audit citations collections documents groups ingestion-items",
    }.pop().split()
    kinds = [*with_rows, "ingestion-runs", "memberships", "messages", "passages", "sessions"]
    assert {f"data/{kind}.json" for kind in [*kinds, "tool-runs"] if kind != "audit"} <= said
    assert not [name for name, text in texts.items() if "walrus" in text]
    assert {f"data/{each.file}.json" for each in personal_policies() if each.file} <= set(texts)


def test_messages_are_readable_and_secrets_are_not_there(tmp_path):
    user = furnish("zebra")
    key = user.api_keys.get()

    package = packed(user, tmp_path)

    texts = "".join(package.read(name).decode() for name in package.namelist())
    assert "question zebra" in {row["content"] for row in rows(package, "messages")}
    assert rows(package, "tool-runs")[0]["arguments"] == {"q": "zebra"}
    assert rows(package, "documents")[0]["tag_names"] == ["zebra"]
    assert key.digest not in texts
    assert user.password not in texts


def test_originals_are_whole_and_names_cannot_leave_their_folder(tmp_path):
    user = UserFactory()
    file = store_bytes(b"bytes")
    hostile = [
        "../../etc/passwd",
        "..\\..\\a.txt",
        "/abs.txt",
        "same.txt",
        "same.txt",
        "a\x00b.txt",
    ]
    for position, uri in enumerate(hostile):
        DocumentFactory(
            owner=user, uri=uri.replace("\x00", "\u202e"), stored_file=file, title=f"{position}"
        )

    package = packed(user, tmp_path)
    package.extractall(tmp_path / "out")

    names = [name for name in package.namelist() if name.startswith("files/")]
    assert len(set(names)) == len(hostile)
    assert sorted(name.split("/")[2] for name in names) == [
        "a.txt",
        "a_b.txt",
        "abs.txt",
        "passwd",
        "same.txt",
        "same.txt",
    ]
    assert all(len(name.split("/")) == 3 and package.read(name) == b"bytes" for name in names)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "unnamed"),
        ("", "unnamed"),
        ("con.txt", "_con.txt"),
        ("a:b?.pdf", "a_b_.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("é" * 200, "é" * 75),
        (" report. ", "report"),
        ("https://example.org/a/b.html?x=1/", "b.html_x=1"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


def test_a_missing_original_is_told(tmp_path):
    document = DocumentFactory(stored_file=store_bytes(b"lost"), title="Lost")
    stored_path(document.stored_file).unlink()

    package = packed(document.owner, tmp_path)

    assert rows(package, "missing-originals")[0]["title"] == "Lost"
    assert b"the original is not stored" in package.read("index.html")


def test_damaged_content_is_shown_as_damaged(tmp_path):
    message = MessageFactory(content="whole")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_message SET content = 'broken'")

    package = packed(message.session.user, tmp_path)

    assert rows(package, "messages")[0]["content"].startswith("[damaged")


def test_pages_are_escaped_and_ask_for_nothing(tmp_path):
    bad = "<script src=//evil>alert(1)</script>"
    session = SessionFactory(title=bad)
    answer = MessageFactory(session=session, role="assistant", content=bad)
    CitationFactory(message=answer, title=bad, quote=bad)
    DocumentFactory(
        owner=session.user, title=bad, uri='"><img src=x>.html', stored_file=store_bytes(b"x")
    )

    package = packed(session.user, tmp_path)

    pages = [package.read(name).decode() for name in package.namelist() if name.endswith(".html")]
    ours = [page for page in pages if page.startswith("<!doctype")]
    assert len(ours) == 2
    for page in ours:
        assert "<script" not in page
        assert "<img" not in page
        assert "src=//evil>" not in page
        assert "default-src 'none'" in page
    assert f"conversations/{session.pk}.html" in ours[-1]


def test_the_manifest_has_counts_and_checksums(tmp_path):
    message = MessageFactory()

    package = packed(message.session.user, tmp_path)

    manifest = orjson.loads(package.read("manifest.json"))
    assert manifest["counts"]["messages"] == 1
    assert set(manifest["files"]) == set(package.namelist()) - {"manifest.json"}
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256(package.read(name)).hexdigest()


def test_other_people_in_groups_and_audit_lines_stay_unnamed(tmp_path):
    user, staff = UserFactory(), UserFactory(username="secretive", is_staff=True)
    group = GroupFactory()
    for each in (user, staff):
        MembershipFactory(group=group, user=each, role=Role.ADMIN)
    audit.record("admin.read_private", actor=staff, target=user)

    package = packed(user, tmp_path)

    texts = "".join(package.read(name).decode() for name in package.namelist())
    assert rows(package, "audit")[0]["by"] == "somebody else"
    assert "secretive" not in texts
    assert str(staff.pk) not in texts


def test_the_package_has_every_line_that_its_owner_is_shown(tmp_path):
    session, staff = SessionFactory(), UserFactory(is_superuser=True, is_staff=True)
    read_session(session, reason="the works council asked", actor=staff)
    audit.record("user.login", actor=session.user, method="password")
    audit.record("user.login", actor=staff, method="password")

    package = packed(session.user, tmp_path)

    told = {(row["by"], row["additional_data"]["action"]) for row in rows(package, "audit")}
    assert told == {("somebody else", "admin.read_private"), ("you", "user.login")}
    assert len(told) == audit.lines_about(session.user).count()


def test_a_worker_makes_what_was_asked_for():
    user = UserFactory()
    export = exports.request_export(user, actor=user)
    assert exports.request_export(user, actor=user) == export

    assert exports.make_exports() == 1

    export.refresh_from_db()
    path = export_files.path_of(export.pk)
    assert export.status == ExportStatus.READY
    assert export.bytes == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert export.expires_at - timezone.now() > timedelta(hours=23)


def test_three_failures_end_it(monkeypatch):
    user = UserFactory()
    export = exports.request_export(user, actor=user)

    def broken(_user, path):
        path.with_name(f".{path.name}.x.part").write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(exports, "export_to", broken)
    for _ in range(3):
        DataExport.objects.update(lease_until=timezone.now())
        exports.make_exports()

    export.refresh_from_db()
    assert (export.status, export.attempts) == (ExportStatus.FAILED, 3)
    exports.expire_exports()
    assert list(export_files.ensure_exports_folder().iterdir()) == []


def test_killed_workers_count_as_attempts():
    user = UserFactory()
    export = exports.request_export(user, actor=user)
    for _ in range(3):
        assert DataExport.objects.claim(seconds=60).pk == export.pk
        assert DataExport.objects.claim(seconds=60) is None
        let_leases_end(DataExport.objects.all())

    exports.make_exports()

    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED


def test_a_worker_that_was_taken_for_dead_changes_nothing():
    user = UserFactory()
    exports.request_export(user, actor=user)
    first = DataExport.objects.claim(seconds=60)
    let_leases_end(DataExport.objects.all())
    second = DataExport.objects.claim(seconds=60)

    assert not DataExport.objects.holding(first.lease_token).renew(seconds=60)
    assert not DataExport.objects.end(first.lease_token, ExportStatus.READY)
    assert DataExport.objects.holding(second.lease_token).renew(seconds=60)


def test_files_are_deleted_when_they_expire():
    user = UserFactory()
    export = exports.request_export(user, actor=user)
    exports.make_exports()
    stray = export_files.ensure_exports_folder() / f"{UserFactory().pk}.zip"
    stray.write_bytes(b"")
    assert exports.expire_exports() == 0
    assert export_files.path_of(export.pk).exists()
    DataExport.objects.update(expires_at=timezone.now())

    assert exports.expire_exports() == 1

    export.refresh_from_db()
    assert export.status == ExportStatus.EXPIRED
    assert list(export_files.ensure_exports_folder().iterdir()) == []


def test_the_command_writes_a_file_of_its_own(tmp_path):
    user = furnish("zebra")
    path = tmp_path / "out.zip"

    call_command("export_account", user.username, "--output", str(path), stdout=StringIO())

    assert zipfile.ZipFile(path).testzip() is None
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="there already"):
        call_command("export_account", user.username, "--output", str(path))
    with pytest.raises(CommandError, match="no user"):
        call_command("export_account", "nobody", "--output", str(path))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_account", user.username, "--output", str(Path(tmp_path) / "no" / "x"))


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["chat"], 403),
        (["account"], 403),
        (["account", "chat"], 403),
        (["account", "documents.read"], 403),
        (["account", "chat", "documents.read"], 200),
    ],
)
def test_a_key_fetches_only_what_it_could_read_otherwise(client, scopes, status):
    user = UserFactory()
    export = exports.request_export(user, actor=user)
    exports.make_exports()
    _, secret = create_api_key(user, name="k", scopes=scopes, actor=user)
    url = f"/v1/account/exports/{export.pk}/download"

    answer = client.get(url, headers={"authorization": f"Bearer {secret}"})

    assert answer.status_code == status
