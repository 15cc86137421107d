"""Installations made by older versions, with the code of this one.

The newest is started, and everything in it is there and works. Older ones are migrated: whether
their rows still fit is what differs between them, and a product for each would take minutes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from accounts.tests.factories import code_of
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import OWN, product_in
from youworker.tests.installation import people, programs
from youworker.tests.installation.archive import restore_installation, run_program
from youworker.tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from youworker.tests.support.waiting import wait_until
from youworker.webhooks.signing import signature_of
from youworker.webhooks.tests import receivers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FOLDER = Path(__file__).parent / "data"
NEWEST = FOLDER / "installation_9d1db7f.tar.xz"
OLDER = sorted(set(FOLDER.glob("installation_*.tar.xz")) - {NEWEST})


@pytest.fixture(scope="module")
def provider():
    with IdentityProvider() as running:
        running.claims = {"sub": people.SUBJECT, "preferred_username": "somebody-else-by-now"}
        yield running


@pytest.fixture(scope="module")
def told():
    """Who is told what happens."""
    with receivers.receiving(receivers.answer(204)) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def upgraded(provider, told, tmp_path_factory):
    """The facts of the newest archive, and the product that runs on its data."""
    folder = tmp_path_factory.mktemp("installation")
    moved = {people.ISSUER: provider.issuer, programs.HOOK: told.url}
    facts = restore_installation(NEWEST, folder, replace=moved)
    with product_in(
        folder,
        ADMIN_USERNAME="root",
        EGRESS_ALLOW="localhost",
        EMBEDDING_BASE_URL="",
        INGESTION_LEASE_SECONDS="5",
        LLM_BASE_URL="",
        LOG_LEVEL="WARNING",
        OIDC_CLIENT_ID=CLIENT_ID,
        OIDC_CLIENT_SECRET=CLIENT_SECRET,
        OIDC_ISSUER=provider.issuer,
        TRUSTED_PROXIES="127.0.0.1",
    ) as product:
        yield facts, product


@pytest.fixture
def facts(upgraded):
    return upgraded[0]


@pytest.fixture
def product(upgraded):
    return upgraded[1]


@pytest.fixture
def visitor(product):
    """Somebody who has not signed in yet."""
    with new_visitor(product) as client:
        yield client


def new_visitor(product):
    return httpx2.Client(base_url=product.base_url, timeout=30)


@pytest.fixture
def ada(facts, product):
    """Ada's programs, with the key she made long ago."""
    headers = {"Authorization": f"Bearer {facts['people']['api_key']}"}
    with httpx2.Client(base_url=product.base_url, headers=headers, timeout=30) as client:
        yield client


def manage(environment, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def select(product, query):
    """The rows of a query that starts no Python."""
    sockets = prepare_socket_dir(Path(product.environment["DATA_DIR"]))
    return run_program("psql", sockets, "-AtX", "-c", f"SELECT {query}").decode().split()


def sign_in(client, facts, name, **more):
    given = {"username": name, "password": facts["people"]["password"], **more}
    return client.post("/v1/auth/login", json=given)


def test_passwords_are_known(facts, visitor):
    assert sign_in(visitor, facts, "eve").status_code == 401
    assert sign_in(visitor, facts, "bob").json()["username"] == "bob"


def test_the_second_factor_is_asked_for_and_works(facts, product, visitor):
    secret, codes = facts["people"]["totp_secret"], facts["people"]["recovery_codes"]

    nothing = sign_in(visitor, facts, "grace")
    used = sign_in(visitor, facts, "grace", code=facts["people"]["old_code"])
    app = sign_in(visitor, facts, "grace", code=code_of(secret))
    left = visitor.get("/v1/account/mfa").json()
    with new_visitor(product) as elsewhere:
        first = sign_in(elsewhere, facts, "grace", code=codes[0])
    with new_visitor(product) as elsewhere:
        again = sign_in(elsewhere, facts, "grace", code=codes[0])

    assert nothing.json()["errors"][0]["code"] == "second_factor_required"
    assert (used.status_code, app.status_code) == (401, 200)
    assert left["totp"]["enabled"]
    assert left["recovery_codes_left"] == len(codes)
    assert (first.status_code, again.status_code) == (200, 401)


def test_a_session_goes_on(facts, visitor):
    visitor.cookies.set("sessionid", facts["people"]["session"])

    assert visitor.get("/v1/auth/me").json()["username"] == "bob"


def test_an_identity_is_still_the_same_user(facts, visitor, provider):
    started = visitor.post("/auth/oidc/login", data={})
    back = httpx2.get(started.headers["location"], follow_redirects=False)
    url = urlsplit(back.headers["location"])
    finished = visitor.get(f"{url.path}?{url.query}")

    assert finished.status_code == 302, finished.text
    assert visitor.get("/v1/auth/me").json()["username"] == facts["people"]["linked"]


def test_a_proxys_user_is_still_the_same(facts, visitor):
    named = {"X-Authentik-Username": facts["people"]["behind_proxy"]}

    answer = visitor.post("/v1/auth/sso", headers=named)

    assert answer.json()["username"] == facts["people"]["behind_proxy"]


def test_keys_of_programs_and_groups_work(ada):
    me = ada.get("/v1/auth/me").json()
    groups = ada.get("/v1/groups").json()["results"]

    assert me["username"] == "ada"
    assert [group["name"] for group in groups] == ["Readers"]
    members = ada.get(f"/v1/groups/{groups[0]['id']}/members").json()["results"]
    assert {"ada", "bob", "grace"} <= {row["user"]["username"] for row in members}


def test_conversations_are_readable(facts, ada):
    talk = facts["talks"]
    question, answer = ada.get(f"/v1/sessions/{talk['session']}/messages").json()["results"]

    assert question["content"] == talk["question"]
    assert answer["content"] == talk["answer"]["content"]
    assert answer["feedback"] == {"rating": 1, "comment": talk["comment"]}
    cited = answer["citations"][0]
    assert {"quote": cited["quote"], "document_id": cited["document_id"]} == talk["citation"]
    assert ada.get(f"/v1/sessions/{talk['deleted']}").status_code == 404
    assert ada.post(f"/v1/sessions/{talk['deleted']}/restore").status_code == 200


def finished_ingestion(ada, run):
    """An ingestion run that is over; none yet otherwise."""
    found = ada.get(f"/v1/ingestion/runs/{run}").json()
    return found["finished_at"] and found


def test_a_conversation_goes_on(facts, ada):
    # The document that has the answer was still to get its vectors.
    wait_until(lambda: finished_ingestion(ada, facts["queue"]["embedding"]))
    given = {"text": facts["talks"]["question"], "session_id": facts["talks"]["session"]}

    said = ada.post("/v1/chat", json=given).json()["message"]

    assert "thirty days" in said["content"]
    assert said["citations"]


def test_what_hangs_on_conversations_is_there(facts, ada):
    def messages(session):
        return ada.get(f"/v1/sessions/{session}/messages").json()["results"]

    talk = facts["talks"]["session"]
    (summary,) = ada.get(f"/v1/sessions/{talk}/summaries").json()["results"]
    question, *_others = messages(facts["newer"]["attached_in"])
    _question, answer = messages(facts["decisions"]["decided_in"])

    assert summary["content"] == facts["newer"]["summary"]
    assert [file["name"] for file in question["attachments"]] == ["rules.txt"]
    asked = [call for call in answer["tool_runs"] if call["tool"] == programs.CANCEL]
    brought = [(call["status"], [file["name"] for file in call["files"]]) for call in asked]
    assert sorted(brought) == [
        ("denied", []),
        ("denied", []),
        ("succeeded", []),
        ("succeeded", ["receipt.txt"]),
    ]


def test_a_call_that_waited_too_long_is_refused_and_the_run_goes_on(facts, product, ada):
    waiting = facts["decisions"]

    def over():
        found = ada.get(f"/v1/runs/{waiting['run']}").json()
        return found["finished_at"] and found

    found = wait_until(over)
    _question, answer = ada.get(f"/v1/sessions/{waiting['session']}/messages").json()["results"]
    (call,) = answer["tool_runs"]

    assert (found["status"], call["status"]) == ("succeeded", "denied")
    assert select(product, f"decision FROM chat_toolrun WHERE id = '{call['id']}'") == ["timeout"]
    assert answer["content"].startswith(waiting["announced"])


def test_versions_and_recordings_are_there(facts, ada):
    library = facts["library"]
    versions = ada.get(f"/v1/documents/{library['shared']}/versions").json()["results"]
    titles = {row["title"]: row["id"] for row in ada.get("/v1/documents").json()["results"]}
    heard = ada.get(f"/v1/documents/{titles['plain.txt']}/passages").json()["results"]

    assert "rules of last year" in [version["title"] for version in versions]
    assert [passage["second"] for passage in heard] == [61]


def test_a_program_is_told_with_the_secret_it_has(facts, told):
    secret = facts["endpoint"]["secret"]

    def arrived():
        return told.received

    headers, body = wait_until(arrived)[0]
    given = {"message_id": headers["webhook-id"], "timestamp": int(headers["webhook-timestamp"])}
    signature = signature_of(secret, body=body, **given)
    assert signature in headers["webhook-signature"].split()
    assert json.loads(body)["type"] in programs.ACTIONS


def test_the_operations_of_an_api_are_offered(ada):
    tools = {tool["name"]: tool for tool in ada.get("/v1/tools").json()["results"]}

    assert tools[programs.CANCEL]["description"].startswith("Cancel an order.")


def test_runs_that_were_left_end_with_what_was_said(facts, ada):
    runs = facts["talks"]["runs"]

    def ended(run):
        found = ada.get(f"/v1/runs/{run}").json()
        return found["finished_at"] and found

    found = {status: wait_until(lambda pk=pk: ended(pk)) for status, pk in runs.items()}

    over = {"succeeded", "stopped", "failed", "interrupted"}
    assert {status: found[status]["status"] for status in over} == {one: one for one in over}
    assert found["running"]["status"] == "interrupted"
    assert found["queued"]["status"] in {"interrupted", "succeeded"}
    assert found["waiting_approval"]["status"] == "interrupted"
    talk = facts["talks"]["running_in"]
    _question, answer = ada.get(f"/v1/sessions/{talk}/messages").json()["results"]
    assert answer["content"] == facts["talks"]["half"]
    assert {row["status"] for row in answer["tool_runs"]} == {"interrupted"}


def test_documents_are_found_and_downloaded(facts, ada):
    library = facts["library"]

    for pk, sha256 in library["documents"].items():
        content = ada.get(f"/v1/documents/{pk}/content").content
        assert hashlib.sha256(content).hexdigest() == sha256
    for mode in ("keyword", "semantic", "hybrid"):
        given = {"query": "how long does the archive keep invoices", "mode": mode}
        found = ada.post("/v1/search", json=given).json()["results"]
        assert found[0]["document"]["id"] == library["shared"], mode
    tags = {row["name"] for row in ada.get("/v1/tags").json()["results"]}
    assert {"paper", "work", "2026"} <= tags
    assert library["deleted"] not in library["documents"]
    assert ada.post(f"/v1/documents/{library['deleted']}/restore").status_code == 200


def test_shares_are_in_force(facts, visitor):
    sign_in(visitor, facts, "bob")
    library = facts["library"]

    shared = visitor.get(f"/v1/documents/{library['shared']}")
    shelf = visitor.get(f"/v1/collections/{library['collection']}")
    found = visitor.post(
        "/v1/search",
        json={"query": "days of leave"},
        headers={"X-CSRFToken": visitor.get("/v1/auth/csrf-token").json()["csrf_token"]},
    )

    assert (shared.status_code, shelf.status_code) == (200, 200)
    assert found.json()["results"]


def test_files_on_their_way_arrive(facts, ada):
    queue = facts["queue"]

    waiting = wait_until(lambda: finished_ingestion(ada, queue["waiting"]))
    embedding = wait_until(lambda: finished_ingestion(ada, queue["embedding"]))

    assert (waiting["status"], waiting["totals"]["ready"]) == ("succeeded", 2)
    assert (embedding["status"], embedding["totals"]["failed"]) == ("partial", 1)
    assert ada.get(f"/v1/ingestion/runs/{queue['cancelled']}").json()["status"] == "cancelled"
    for words, answer in (("where do bicycles stand", "yard"), ("kitchen closes", "nine")):
        given = {"query": words, "mode": "semantic"}
        assert answer in ada.post("/v1/search", json=given).json()["results"][0]["text"]


def test_copies_of_data_are_there_or_are_made(facts, visitor):
    sign_in(visitor, facts, "ada")
    copies = {name: facts["departures"][f"export_{name}"] for name in ("ready", "queued")}

    def ready(pk):
        return visitor.get(f"/v1/account/exports/{pk}").json()["status"] == "ready"

    for pk in copies.values():
        wait_until(lambda pk=pk: ready(pk))
        content = visitor.get(f"/v1/account/exports/{pk}/download").content
        assert content.startswith(b"PK")


def test_who_was_leaving_is_gone_and_who_is_held_stays(facts, product):
    departures = facts["departures"]
    wait_until(lambda: departures["leaving"] not in select(product, "id FROM accounts_user"))

    left = select(product, "id FROM accounts_user")
    assert departures["held"] in left
    assert departures["gone"] not in left


USED = """
import json
from datetime import timedelta
from django.contrib.auth.models import Permission
from chat.models import Run, ToolRun
from quotas.models import TokenUsage, UsageEvent
from youworker.analytics.models import UsageDay
run = Run.objects.get(answer="{answer}")
day = TokenUsage.objects.filter(user=run.user, day=run.finished_at.date())
when = [run.finished_at, run.finished_at + timedelta(milliseconds={late})]
events = UsageEvent.objects.filter(kind="run", created_at__range=when, user=run.user)
decided = ToolRun.objects.exclude(decision="").order_by("decision")
print(json.dumps({{
    "run": [run.model, run.status, run.tokens_in, run.tokens_out],
    "events": list(events.values_list("name", "outcome", "tokens_in", "tokens_out")),
    "summed": day.total(),
    "days": list(UsageDay.objects.values_list("tokens_in", flat=True)),
    "decided": [[str(row.session_id), row.decision, row.status] for row in decided],
    "kinds": sorted(UsageEvent.objects.values_list("kind", flat=True).distinct()),
    "rights": list(Permission.objects.filter(codename__in=["change_quota", "view_tokenusage"])
        .order_by("codename").values_list("content_type__app_label", flat=True)),
}}))
"""

SOUND = """
from django.core.management import call_command
call_command("rotate_message_keys", dry_run=True)
call_command("audit_verify")
"""


def require_sound(printed):
    """Every secret of every row opened, and the log is whole."""
    assert printed.returncode == 0, printed.stderr
    assert re.search(r"^[1-9][\d,]* values, .* 0 damaged$", printed.stdout, re.M), printed.stdout
    assert re.search(r"^[1-9]\d* entries, head ", printed.stdout, re.M), printed.stdout


def require_used(printed):
    """What was used is there as an event and in the sums."""
    found = json.loads(printed.stdout.splitlines()[-1])
    assert found["events"] == [found["run"]]
    assert found["summed"] >= sum(found["run"][2:]) > 0
    assert {"run", "tool_call", "ingestion"} <= set(found["kinds"])
    assert found["rights"] == ["quotas", "quotas"]
    return found


def test_secrets_open_the_log_is_whole_and_what_was_used_counts(facts, product, ada):
    # An event has a clock of its own since runs write theirs.
    code = SOUND + USED.format(answer=facts["talks"]["answer"]["id"], late=1000)
    printed = manage(product.environment, "shell", "-v0", "-c", code)
    limits = ada.get("/v1/account/usage").json()["limits"]
    decisions = facts["decisions"]

    require_sound(printed)
    used = require_used(printed)
    assert 700 in used["days"]
    assert [row[1:] for row in used["decided"] if row[0] == decisions["decided_in"]] == [
        ["allow", "succeeded"],
        ["deny", "denied"],
        ["granted", "succeeded"],
        ["timeout", "denied"],
    ]
    assert {(row["scope"], row["measure"], row["limit"]) for row in limits} == {
        ("user", "tokens_per_day", 1_000_000),
        ("group", "tokens_per_day", 1_000_000),
    }


@pytest.mark.parametrize("archive", OLDER, ids=lambda path: path.name.split(".")[0])
def test_rows_of_older_versions_are_taken_over(archive, tmp_path):
    facts = restore_installation(archive, tmp_path, replace={})
    environment = os.environ | {"DATA_DIR": str(tmp_path)}
    for name in OWN:
        environment.pop(name, None)
    code = "from django.core.management import call_command\ncall_command('migrate', verbosity=0)\n"
    code += SOUND + USED.format(answer=facts["talks"]["answer"]["id"], late=0)

    printed = manage(environment, "shell", "-v0", "-c", code)

    require_sound(printed)
    require_used(printed)


def test_staff_pages_show_what_came_over(facts, visitor):
    assert sign_in(visitor, facts, "root").status_code == 200

    for model in (
        "accounts/user",
        "groups/group",
        "chat/run",
        "mcp/server",
        "ingestion/ingestionrun",
        "quotas/quota",
        "quotas/usageevent",
        "quotas/tokenusage",
        "chat/modelserver",
        "documents/goldenquestion",
        "ingestion/source",
        "webhooks/endpoint",
        "webhooks/delivery",
    ):
        assert visitor.get(f"/admin/{model}/").status_code == 200, model
