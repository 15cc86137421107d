"""An installation made by an older version, started by this one: everything is there and works."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from accounts.tests.factories import code_of
from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import product_in
from youworker.tests.installation import people
from youworker.tests.installation.archive import restore_installation
from youworker.tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ARCHIVES = sorted((Path(__file__).parent / "data").glob("installation_*.tar.xz"))


@pytest.fixture(scope="module")
def provider():
    with IdentityProvider() as running:
        running.claims = {"sub": people.SUBJECT, "preferred_username": "somebody-else-by-now"}
        yield running


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.split(".")[0])
def upgraded(request, provider, tmp_path_factory):
    """The facts of an archive, and the product that runs on its data."""
    folder = tmp_path_factory.mktemp("installation")
    facts = restore_installation(request.param, folder, replace={people.ISSUER: provider.issuer})
    with product_in(
        folder,
        ADMIN_USERNAME="root",
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


def manage(product, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
    )


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


def test_a_conversation_goes_on(facts, ada):
    given = {"text": facts["talks"]["question"], "session_id": facts["talks"]["session"]}

    answer = ada.post("/v1/chat", json=given).json()

    assert "thirty days" in answer["message"]["content"]
    assert answer["message"]["citations"]


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

    def finished(run):
        found = ada.get(f"/v1/ingestion/runs/{run}").json()
        return found["finished_at"] and found

    waiting = wait_until(lambda: finished(queue["waiting"]))
    embedding = wait_until(lambda: finished(queue["embedding"]))

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


STILL = "from accounts.models import User; print(*User.objects.values_list('pk', flat=True))"


def test_who_was_leaving_is_gone_and_who_is_held_stays(facts, product):
    def people_left():
        return manage(product, "shell", "-v0", "-c", STILL).stdout.split()

    departures = facts["departures"]
    wait_until(lambda: departures["leaving"] not in people_left())

    left = people_left()
    assert departures["held"] in left
    assert departures["gone"] not in left


def test_every_secret_opens_and_the_log_is_whole(product):
    opened = manage(product, "rotate_message_keys", "--dry-run")
    verified = manage(product, "audit_verify")

    assert (opened.returncode, verified.returncode) == (0, 0), opened.stderr + verified.stderr
    assert " 0 damaged" in opened.stdout
    assert not opened.stdout.startswith("0 values")


USED = """
import json
from django.contrib.auth.models import Permission
from django.db.models import Sum
from chat.models import Run
from quotas.models import TokenUsage, UsageEvent
run = Run.objects.get(answer="{answer}")
day = TokenUsage.objects.filter(user=run.user, day=run.finished_at.date())
events = UsageEvent.objects.filter(kind="run", created_at=run.finished_at, user=run.user)
print(json.dumps({{
    "run": [run.model, run.status, run.tokens_in, run.tokens_out],
    "events": list(events.values_list("name", "outcome", "tokens_in", "tokens_out")),
    "summed": day.total(),
    "kinds": sorted(UsageEvent.objects.values_list("kind", flat=True).distinct()),
    "rights": list(Permission.objects.filter(codename__in=["change_quota", "view_tokenusage"])
        .order_by("codename").values_list("content_type__app_label", flat=True)),
}}))
"""


def test_what_was_used_before_counts_and_limits_are_in_force(facts, product, ada):
    code = USED.format(answer=facts["talks"]["answer"]["id"])
    told = manage(product, "shell", "-v0", "-c", code)
    found = json.loads(told.stdout)
    limits = ada.get("/v1/account/usage").json()["limits"]

    assert found["events"] == [found["run"]]
    assert found["summed"] >= sum(found["run"][2:]) > 0
    assert {"run", "tool_call", "ingestion"} <= set(found["kinds"])
    assert found["rights"] == ["quotas", "quotas"]
    assert {(row["scope"], row["measure"], row["limit"]) for row in limits} == {
        ("user", "tokens_per_day", 1_000_000),
        ("group", "tokens_per_day", 1_000_000),
    }


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
    ):
        assert visitor.get(f"/admin/{model}/").status_code == 200, model
