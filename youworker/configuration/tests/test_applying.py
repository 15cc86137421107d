"""A configuration makes another installation the same, once, and never by halves."""

import json
from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from chat.model_servers import ModelServer
from chat.models import SystemPrompt
from documents.models import Collection, CollectionShare
from documents.tests.factories import CollectionFactory, CollectionShareFactory
from groups.models import Group, Membership
from groups.tests.factories import MembershipFactory, managed_group, service_account_of
from mcp.models import GroupPolicy, Server, Tool
from mcp.services import create_server, sync_builtin_servers
from mcp.tests.factories import ToolFactory
from quotas.models import Quota
from youworker.audit.lines import with_words
from youworker.configuration.exporting import as_yaml, configuration_here

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin():
    return UserFactory(username="admin", is_superuser=True, is_staff=True)


@pytest.fixture
def apply(tmp_path):
    """Apply a text or plain data; the exit code, and what was printed."""

    def run(said, *options):
        path = tmp_path / "configuration.yaml"
        path.write_text(said if isinstance(said, str) else as_yaml(said))
        out, err = StringIO(), StringIO()
        try:
            call_command("apply_config", str(path), *options, stdout=out, stderr=err)
        except SystemExit as ended:
            return ended.code, out.getvalue(), err.getvalue()
        except CommandError as refused:
            return refused.returncode, out.getvalue(), str(refused)
        return 0, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def furnished():
    """An installation in which staff have set everything that a file can say."""
    sync_builtin_servers()
    group, anna = managed_group(UserFactory(username="anna"), name="Research")
    Group.objects.update(description="Rêsearch: no,\r\n12:30", retention_days=90)
    MembershipFactory(group=group, user=UserFactory(username="ben"))
    shared = CollectionFactory(owner=anna, name="Handbook", description="For all")
    CollectionShareFactory(collection=shared, group=group, access="write")
    CollectionFactory(owner=anna, name="Diary")
    ModelServer.objects.create(
        name="GPU one", url="http://gpu:8000/v1", address="gpu:8000/v1", key="k-secret", max_runs=0
    )
    server = create_server(
        "files",
        url="https://tools.example/mcp",
        headers={"Authorization": "Bearer h-secret"},
        client_id="",
        actor=None,
    )
    tool = ToolFactory(server=server, local_name="read", policy="ask", writes=False)
    GroupPolicy.objects.create(tool=tool, group=group, policy="deny", approver="admin")
    create_server("local", argv=["/bin/tool", "-x"], env={"TOKEN": "e-secret"}, actor=None)
    Quota.objects.create(group=group, tokens_per_day=1000)
    Quota.objects.create(user=anna, documents=5)
    SystemPrompt.objects.create(content="Be kind.\nAnd short.")


def test_an_address_in_which_a_key_stands_is_not_written(apply):
    address = "https://tools.example/mcp?apiKey=q-secret"
    create_server("hosted", url=address, actor=None)
    create_server("plain", url="https://tools.example/mcp", actor=None)

    said = configuration_here()

    assert "q-secret" not in as_yaml(said)
    assert said["tool_servers"]["plain"]["url"] == "https://tools.example/mcp"
    assert apply(said)[:1] == (0,)
    assert Server.objects.get(slug="hosted").url == address


SECRETS = {
    "MODEL_GPU_ONE_KEY": "k-secret",
    "TOOL_FILES_HEADERS_AUTHORIZATION": "Bearer h-secret",
    "TOOL_LOCAL_ENV_TOKEN": "e-secret",
}


def clear():
    """Leave the people, and nothing of what staff set."""
    for model in (CollectionShare, Membership, Quota, GroupPolicy, Tool):
        model.objects.all().delete()
    Server.objects.filter(builtin=False).delete()
    for model in (ModelServer, SystemPrompt):
        model.objects.all().delete()
    Collection.all_objects.all().hard_delete()
    Group.all_objects.all().hard_delete()


def exported(*options):
    out = StringIO()
    call_command("export_config", *options, stdout=out)
    return out.getvalue()


def test_an_export_holds_no_secret_and_nothing_private(furnished):
    text = exported()

    assert "-secret" not in text
    assert "Diary" not in text
    said = yaml.safe_load(text)
    assert said["groups"]["Research"]["members"] == {"anna": "admin", "ben": "member"}
    assert said["collections"] == {
        "anna": {"Handbook": {"description": "For all", "shares": {"Research": "write"}}}
    }
    assert said["model_servers"]["GPU one"]["key"] == {"secret": "${MODEL_GPU_ONE_KEY}"}
    assert json.loads(exported("--json")) == said
    assert "anna" not in str(yaml.safe_load(exported("--without-members"))["groups"])


def test_servers_that_are_called_alike_keep_keys_of_their_own(apply, monkeypatch):
    keys = {"GPU one": "k1", "GPU-one": "k2", "GPU (one)": "k3", "GPU one key": "k4"}
    for name, key in keys.items():
        address = f"gpu:8000/{key}"
        ModelServer.objects.create(name=name, url=f"http://{address}", address=address, key=key)
    sync_builtin_servers()
    headers = {"X-Key": "h1", "X_Key": "h2"}
    create_server("files", url="https://tools.example/mcp", headers=headers, actor=None)
    text = exported()
    said = yaml.safe_load(text)
    places = [(said["model_servers"][name]["key"], key) for name, key in keys.items()]
    places += [(said["tool_servers"]["files"]["headers"][name], headers[name]) for name in headers]
    assert len({place["secret"] for place, _ in places}) == 6
    for place, secret in places:
        monkeypatch.setenv(place["secret"].strip("${}"), secret)
    clear()

    assert apply(text)[0] == 0

    assert {row.name: row.key for row in ModelServer.objects.all()} == keys
    assert Server.objects.get(slug="files").secrets["headers"] == headers
    assert exported() == text


def test_an_empty_installation_becomes_the_same(furnished, apply, monkeypatch):
    text = exported()
    clear()
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    # Tools are known when their server was asked.
    code, _, told = apply(text)
    assert code == 4
    assert "tool_servers.files.tools.read: the tool is not known yet" in told
    ToolFactory(
        server=Server.objects.get(slug="files"), local_name="read", approved_hash="", policy="auto"
    )
    code, out, _ = apply(text)

    assert (code, "~ tool_servers.files.tools.read" in out) == (0, True)
    assert exported() == text
    again = apply(text)
    assert again[0] == 0
    assert again[1].startswith("Nothing to change: ")
    assert ModelServer.objects.get().key == "k-secret"
    secrets = Server.objects.get(slug="files").secrets
    assert secrets["headers"] == {"Authorization": "Bearer h-secret"}
    assert Server.objects.get(slug="local").secrets["env"] == {"TOKEN": "e-secret"}
    acts = set(with_words().filter(actor=None).values_list("act", flat=True))
    assert acts >= {"group.create", "mcp_server.create", "tool.approve", "admin.settings.update"}


def test_a_plan_changes_nothing_and_says_so_by_its_code(furnished, apply):
    said = configuration_here()
    said["groups"]["Research"]["retention_days"] = 30
    said["groups"]["Sales"] = {"description": "New"}
    before = configuration_here()

    code, out, _ = apply(said, "--plan")
    dry = apply(said, "--dry-run", "--json")

    assert code == 3
    assert "~ groups.Research\n    retention_days: 90 -> 30" in out
    assert "+ groups.Sales" in out
    steps = json.loads(dry[1])["steps"]
    assert steps[0] == {
        "act": "change",
        "place": "groups.Research",
        "fields": {"retention_days": {"before": 90, "after": 30}},
    }
    assert configuration_here() == before


def test_a_secret_that_is_not_set_leaves_a_new_row_out(apply):
    said = {
        "version": 1,
        "model_servers": {
            "one": {"url": "http://one/v1", "key": {"secret": "${NOWHERE}"}},
            "two": {"url": "http://two/v1"},
        },
        "tool_servers": {
            "t": {"url": "https://t.example/mcp", "headers": {"X": {"secret": "${NOWHERE}"}}}
        },
    }

    code, _, told = apply(said)

    assert code == 4
    assert "model_servers.one.key: NOWHERE is not set: the server is left out" in told
    assert "tool_servers.t: NOWHERE is not set: the server is left out" in told
    assert list(ModelServer.objects.values_list("name", flat=True)) == ["two"]
    assert not Server.objects.filter(slug="t").exists()


def test_a_secret_may_be_in_a_file_and_is_never_shown(apply, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("k-one\n")
    monkeypatch.setenv("KEY_OF_ONE_FILE", str(tmp_path / "key"))
    server = {"url": "http://one/v1", "key": {"secret": "${KEY_OF_ONE}"}}
    said = {"version": 1, "model_servers": {"one": server}}

    first = apply(said)
    (tmp_path / "key").write_text("k-two\n")
    second = apply(said, "--json")

    assert (first[0], second[0]) == (0, 0)
    assert "key: (secret)" in first[1]
    assert json.loads(second[1])["steps"][0]["fields"] == {
        "key": {"before": "(secret)", "after": "(secret)"}
    }
    assert not any(word in str((first, second)) for word in ("k-one", "k-two"))
    assert ModelServer.objects.get().key == "k-two"


def test_what_a_service_refuses_undoes_all_of_it(apply):
    UserFactory(username="anna")
    said = {
        "version": 1,
        "groups": {"Sales": {}},
        "collections": {"anna": {"Plans": {"shares": {"Sales": "read"}}}},
    }

    code, _, told = apply(said)

    assert code == 2
    assert "collections.anna.Plans.shares: There is no such group." in told
    assert told.startswith("line ")
    assert not Group.objects.exists()


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ({"tool_servers": {"a b": {"url": "https://x.example/mcp"}}}, "small letters"),
        ({"tool_servers": {"a": {"url": "https://x/mcp", "argv": ["/x"]}}}, "no such thing"),
        ({"model_servers": {"a": {}}}, "a new server needs its address"),
        ({"model_servers": {"a": {"url": "ftp://x"}}}, "must be an address"),
        ({"groups": {"A": {}, "a": {}}}, "are one group"),
        ({"quotas": {"groups": {"A": {"documents": 1}}}}, "there is no such group"),
        ({"system_prompt": "x" * 8001}, "at most 8,000 characters"),
    ],
)
def test_what_the_installation_cannot_be_is_refused(apply, part, fault):
    code, _, told = apply({"version": 1, **part})

    assert (code, fault in told) == (2, True), told


def test_people_who_are_not_here_are_told(apply):
    said = {
        "version": 1,
        "groups": {"Sales": {"members": {"nobody": "admin"}}},
        "collections": {"nobody": {"Plans": {}}},
        "quotas": {"users": {"nobody": {"documents": 1}}},
    }

    first, second = apply(said), apply(said)

    assert first[0] == second[0] == 4
    assert first[2].count("there is no such") == 3
    # Somebody manages it all the same, and stays.
    assert Membership.objects.get().user.username == "admin"
    assert "Nothing to change" in second[1]


def test_a_group_keeps_an_admin_and_its_service_accounts(apply):
    group, anna = managed_group(UserFactory(username="anna"), name="Sales")
    service_account_of(group, anna)
    UserFactory(username="ben")

    code, _, _ = apply({"version": 1, "groups": {"sales": {"members": {"ben": "admin"}}}})

    assert code == 0
    people = Membership.objects.filter(user__service_account__isnull=True)
    assert people.get().user.username == "ben"
    assert Membership.objects.count() == 2


def test_only_pruning_deletes_and_only_in_parts_that_are_there(furnished, apply):
    said = {"version": 1, "groups": {}, "model_servers": {}, "tool_servers": {}, "quotas": {}}

    kept = apply(said, "--plan")
    planned = apply(said, "--plan", "--prune")
    names = configuration_here()
    pruned = apply(said, "--prune")

    assert kept[0] == 0
    assert planned[0] == 3
    assert "- tool_servers.files" in planned[1]
    assert names["groups"].keys() == {"Research"}
    assert pruned[0] == 0
    left = configuration_here()
    assert (left["groups"], left["model_servers"]) == ({}, {})
    assert all(Server.objects.values_list("builtin", flat=True))
    assert left["quotas"]["users"] == {}
    # Documents are in there; and the prompt stood in no part of the file.
    assert Collection.objects.filter(name="Handbook").exists()
    assert left["system_prompt"] == "Be kind.\nAnd short."
    assert Group.all_objects.get().is_deleted


def test_a_tool_that_became_another_is_not_approved(apply):
    tool = ToolFactory(server__slug="files", local_name="read", approved_hash="")
    said = {"version": 1, "tool_servers": {"files": {"tools": {"read": {"approved": "b" * 64}}}}}

    code, _, told = apply(said)

    assert (code, "is another one than was agreed to" in told) == (4, True)
    tool.refresh_from_db()
    assert tool.needs_approval


def test_a_server_does_not_become_another_one(apply):
    create_server("local", argv=["/bin/tool"], actor=None)

    code, _, told = apply({"version": 1, "tool_servers": {"local": {"argv": ["/bin/other"]}}})

    assert (code, "delete the server first" in told) == (2, True)


def test_a_plan_gives_a_terminal_nothing_to_obey(apply):
    managed_group(name="Sales", description="\x1b]0;title\x07 \u202eback")

    _, out, _ = apply({"version": 1, "groups": {"Sales": {"description": "new"}}}, "--plan")

    assert "description: �]0;title� �back -> new" in out


def test_a_refused_file_is_one_object_for_programs(apply):
    code, out, _ = apply("version: 1\ngrups: {}", "--json")

    assert code == 2
    assert json.loads(out)["faults"][0].startswith("line 2: grups")


def test_a_file_that_is_not_there_and_an_installation_without_anybody(apply, admin):
    with pytest.raises(FileNotFoundError):
        call_command("apply_config", "/nowhere/at/all.yaml")
    admin.delete()

    assert "run manage.py createsuperuser first" in apply("version: 1")[2]


def test_an_export_goes_into_a_private_file(tmp_path, furnished):
    path = tmp_path / "out.yaml"

    call_command("export_config", str(path))

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == exported()


@pytest.mark.parametrize("name", ["SECRET_KEY", "MESSAGE_ENCRYPTION_KEYS", "DATABASE_PASSWORD"])
def test_no_server_is_sent_a_secret_of_the_product(apply, monkeypatch, name):
    monkeypatch.setenv(name, "our-own")
    reference = {"secret": f"${{{name}}}"}
    files = (
        {"version": 1, "model_servers": {"x": {"url": "http://x/v1", "key": reference}}},
        {
            "version": 1,
            "tool_servers": {"x": {"url": "https://x.example", "headers": {"K": reference}}},
        },
    )

    for said in files:
        code, _, error = apply(said)

        assert code == 2
        assert f"{name} is a setting of the product" in error
    assert not ModelServer.objects.filter(name="x").exists()
    assert not Server.objects.filter(slug="x").exists()
