"""Rows of model servers: who changes them, what is kept, what is shown, and how soon it counts."""

import json
import time
from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat.enums import ServerKind, ServerState
from chat.llm import endpoints, registry
from chat.llm.endpoints import (
    endpoints_in_force,
    find_endpoint,
    known_model,
    most_runs,
    refresh_endpoints,
    window_of,
)
from chat.llm.probing.advice import advice_for
from chat.llm.probing.facts import Facts
from chat.llm.probing.looking import Look
from chat.llm.registry import Registry
from chat.models import ModelServer, ServedModel
from chat.runs.upkeep import Upkeep
from chat.services import model_checks, model_servers
from chat.services.model_checks import look_at_servers, models_to_try, try_models
from chat.services.model_servers import (
    delete_model_server,
    save_model_server,
    store_look,
    sync_configured,
)
from chat.tests.llm_support import QUICK_RETRY
from chat.tests.model_programs import llama_cpp, ollama
from youworker.appliance.startup_checks import missing_parts
from youworker.core.exceptions import Conflict, Forbidden, InvalidInput
from youworker.tests.support.model_server import Call, Turn
from youworker.tests.support.model_server import ModelServer as Double

pytestmark = pytest.mark.django_db

SECRET = "sk-very-secret-0123456789"
URL = "http://gpu.test:8000/v1"


@pytest.fixture(autouse=True)
def _nothing_known():
    endpoints.stored = endpoints.Stored()
    yield
    endpoints.stored = endpoints.Stored()


@pytest.fixture
def root():
    return UserFactory(is_staff=True, is_superuser=True)


def add(root, url=URL, name="GPU", key=None, **values):
    server = ModelServer(name=name, url=url, **values)
    return save_model_server(server, key=key, fields=["name", "url"], actor=root)


# What counts.


def test_a_row_is_asked_after_the_environment_with_its_own_key(root, configured):
    configured("llm", base_url="http://a.test/v1", api_key="key-a", max_runs=2)
    add(root, key=SECRET, max_runs=7, context_tokens=9000)

    refresh_endpoints()
    first, second = endpoints_in_force()

    assert [each.url for each in (first, second)] == ["http://a.test/v1", URL]
    assert [each.key for each in (first, second)] == ["key-a", SECRET]
    assert (second.name, second.max_runs, window_of(second, "m")) == ("GPU", 7, 9000)
    assert [most_runs(each.address) for each in (first, second)] == [2, 7]
    assert [each.is_guarded for each in (first, second)] == [False, True]


def test_the_order_is_that_of_the_rows(root, configured):
    configured("llm", base_url="http://a.test/v1,http://b.test/v1")
    sync_configured()
    add(root, position=0)
    ModelServer.objects.filter(address="a.test/v1").update(position=9)

    refresh_endpoints()

    found = [each.address for each in endpoints_in_force()]
    assert found == ["gpu.test:8000/v1", "b.test/v1", "a.test/v1"]


def test_a_server_that_is_switched_off_is_not_asked(root, configured):
    configured("llm", base_url="http://a.test/v1")
    sync_configured()
    add(root)
    ModelServer.objects.update(enabled=False)

    refresh_endpoints()

    assert endpoints_in_force() == ()


def test_a_damaged_key_switches_a_server_off_and_sends_nothing(root):
    server = add(root, key=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_modelserver SET key = 'gAAAAAbroken'")

    refresh_endpoints()

    assert endpoints_in_force() == ()
    server = ModelServer.objects.get()
    assert find_endpoint(server).key == ""


def test_web_processes_see_a_change_within_seconds(root, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("chat.runs.upkeep.elapsed_seconds", lambda: now)
    upkeep = Upkeep()
    upkeep.carry_out()
    ModelServer.objects.create(name="late", url=URL, address="gpu.test:8000/v1")

    upkeep.carry_out()
    assert endpoints_in_force() == ()
    now += endpoints.REFRESH_SECONDS
    upkeep.carry_out()

    assert [each.label for each in endpoints_in_force()] == ["late"]


def test_workers_read_the_rows_now_and_then_and_survive_an_outage(monkeypatch):
    now, asked = 1000.0, []
    monkeypatch.setattr(endpoints, "elapsed_seconds", lambda: now)
    refresher = endpoints.Refresher()

    def fail():
        asked.append(now)
        raise OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(endpoints, "refresh_endpoints", fail)
        refresher.refresh_when_due()
        refresher.refresh_when_due()
        now += endpoints.REFRESH_SECONDS
        refresher.refresh_when_due()
    assert asked == [1000.0, 1002.0]
    ModelServer.objects.create(name="late", url=URL, address="gpu.test:8000/v1")
    now += endpoints.REFRESH_SECONDS
    refresher.refresh_when_due()

    assert [each.label for each in endpoints_in_force()] == ["late"]


def test_the_window_that_was_found_counts_and_an_operator_s_more(root, configured):
    configured("llm", base_url="http://a.test/v1", context_tokens=8000)
    sync_configured()
    server = ModelServer.objects.get()
    ServedModel.objects.create(server=server, name="m", context_tokens=4096, vision=True)
    refresh_endpoints()

    (endpoint,) = endpoints_in_force()
    assert [window_of(endpoint, name) for name in ("m", "other")] == [4096, 8000]
    assert Registry([endpoint], QUICK_RETRY).model(endpoint, "m").context_tokens == 4096
    assert known_model(endpoint, "m").vision is True
    assert known_model(endpoint, "other") is None

    server.context_tokens = 2048
    save_model_server(server, fields=["context_tokens"], actor=root)
    refresh_endpoints()
    (endpoint,) = endpoints_in_force()
    assert window_of(endpoint, "m") == 2048


# Who changes it, and to what.


def test_only_staff_manage_servers(root):
    server = add(root)
    for act in (save_model_server, delete_model_server):
        options = {"fields": []} if act is save_model_server else {}
        with pytest.raises(Forbidden):
            act(server, **options, actor=UserFactory())


@pytest.mark.parametrize(
    "url",
    [
        "gpu:8000",
        "ftp://gpu/v1",
        "http://ada:secret@gpu.test/v1",
        "http://gpu.test/v1?key=1",
        "http://gpu.test/v1#x",
        "http://gpu.test/v1,http://b.test/v1",
        "http://gpu.test:99999/v1",
        "http://[::1/v1",
        "http://gpu test/v1",
        "http:///v1",
        "http://gpu.test/" + "x" * 300,
    ],
)
def test_what_is_no_address_of_a_server_is_refused(root, url):
    with pytest.raises(InvalidInput) as refusal:
        add(root, url=url)
    assert refusal.value.attr == "url"
    assert not ModelServer.objects.exists()


def test_an_address_and_a_name_are_taken_once(root):
    add(root)
    for url, name, attr in ((f"{URL}/", "other", "url"), ("http://b.test/v1", "GPU", "name")):
        with pytest.raises(InvalidInput) as refusal:
            add(root, url=url, name=name)
        assert refusal.value.attr == attr


def test_a_name_that_is_taken_at_this_moment_is_told(root, monkeypatch):
    add(root)
    monkeypatch.setattr(model_servers, "refuse_clash", lambda *_, **__: None)

    with pytest.raises(InvalidInput, match="of this name already"):
        add(root, url="http://b.test/v1")


def test_models_of_a_server_that_was_removed_are_not_known_any_more(root, monkeypatch):
    server = add(root)
    monkeypatch.setattr(registry, "last_listed", {URL: ("gone",)})
    refresh_endpoints()
    assert registry.is_listed("gone")

    delete_model_server(server, actor=root)
    refresh_endpoints()

    assert not registry.is_listed("gone")
    assert registry.list_known() == ["quote"]


def test_a_key_does_not_follow_to_another_address(root):
    server = add(root, key=SECRET)
    store_look(server, Look(ServerKind.LLAMA_CPP, "", 3, {"m": Facts()}, 4))
    assert ModelServer.objects.get().told_runs == 4
    server.url = "http://elsewhere.test/v1"
    save_model_server(server, fields=["url"], actor=root)

    moved = ModelServer.objects.get()
    assert (moved.key, moved.told_runs) == ("", None)


def test_a_key_stays_when_something_else_changes(root):
    server = add(root, key=SECRET)
    server.name = "Other"
    save_model_server(server, fields=["name"], actor=root)

    assert ModelServer.objects.get().key == SECRET
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM chat_modelserver")
        assert SECRET not in cursor.fetchone()[0]


def test_servers_of_the_environment_keep_address_and_key_there(root, configured):
    configured("llm", base_url="http://ada:pw@a.test/v1", api_key=SECRET)
    sync_configured()
    server = ModelServer.objects.get()

    assert (server.url, server.key, server.is_configured) == ("http://a.test/v1", "", True)
    with pytest.raises(Conflict):
        delete_model_server(server, actor=root)
    with pytest.raises(Conflict):
        save_model_server(server, key="x", fields=["key"], actor=root)
    server.url = "http://evil.test/v1"
    save_model_server(server, fields=["url"], actor=root)
    assert ModelServer.objects.get().url == "http://a.test/v1"


def test_rows_follow_the_environment(root, configured):
    configured("llm", base_url="http://a.test/v1,http://a.test/other,http://b.test/v1")
    sync_configured()
    sync_configured()
    add(root)
    names = ["a.test", "a.test/other", "b.test", "GPU"]
    assert [row.name for row in ModelServer.objects.in_order()] == names

    configured("llm", base_url="http://b.test/v1")
    sync_configured()
    assert [row.name for row in ModelServer.objects.in_order()] == ["b.test", "GPU"]


# What was seen.


def test_what_a_model_showed_counts_more_than_what_is_said(root):
    server = add(root)
    row = ServedModel.objects.create(server=server, name="m", tools=False, context_tokens=16384)
    ServedModel.objects.filter(pk=row.pk).update(probed_at="2026-01-01T00:00Z")
    ServedModel.objects.create(server=server, name="gone")

    said = Facts(tools=True, vision=True, context_tokens=4096, context_assumed=True)
    store_look(server, Look(ServerKind.OLLAMA, "", 3, {"m": said, "new": Facts()}))

    row.refresh_from_db()
    assert (row.tools, row.vision, row.context_tokens) == (False, True, 16384)
    assert sorted(server.models.values_list("name", flat=True)) == ["m", "new"]
    server.refresh_from_db()
    assert (server.state, server.kind, server.latency_ms) == ("ok", "ollama", 3)


def test_a_server_that_fails_keeps_what_was_found_of_its_models(root):
    server = add(root)
    ServedModel.objects.create(server=server, name="m", context_tokens=16384)

    store_look(server, Look(ServerKind.VLLM, "The model's server cannot be reached."))

    server.refresh_from_db()
    assert (server.state, server.last_error) == (
        ServerState.FAILED,
        "The model's server cannot be reached.",
    )
    assert server.models.get().context_tokens == 16384


def test_a_list_that_is_empty_for_a_moment_forgets_nothing(root):
    server = add(root)
    ServedModel.objects.create(server=server, name="m", context_tokens=16384)

    store_look(server, Look(ServerKind.VLLM, "", 3, {}))

    assert server.models.get().context_tokens == 16384


def test_unchanged_rows_are_not_read_again(root, django_assert_num_queries):
    server = add(root, key=SECRET)
    refresh_endpoints()

    with django_assert_num_queries(1):
        refresh_endpoints()
    ServedModel.objects.create(server=server, name="m", context_tokens=4096)
    with django_assert_num_queries(3):
        refresh_endpoints()


def test_a_server_of_the_console_that_failed_is_told_at_the_start(root):
    store_look(add(root), Look(ServerKind.VLLM, "The model's server cannot be reached."))

    told = "the model server GPU failed: The model's server cannot be reached."
    assert told in list(missing_parts())


def test_advice_names_what_to_set(root):
    server = add(root)
    server.kind = ServerKind.OLLAMA
    row = ServedModel(server=server, name="m", context_tokens=4096, longest_context=40960)

    (said,) = advice_for(row)
    assert "4096 tokens" in said
    assert "OLLAMA_CONTEXT_LENGTH=32768" in said
    row.context_assumed = True
    assert "until then" in advice_for(row)[0]
    row.context_assumed, server.kind = False, ServerKind.LLAMA_CPP
    assert "-c 32768" in advice_for(row)[0]
    row.longest_context = 4096
    assert "only 4096" in advice_for(row)[0]
    row.context_tokens, row.tools = 8192, False
    assert "calls no tools" in advice_for(row)[0]


# With real servers, whose event loop is another one.


@pytest.fixture
def own_tables(transactional_db):
    """Rows that other threads see."""


@pytest.mark.django_db(transaction=True)
def test_looking_finds_the_small_window_and_the_doctor_says_what_to_set(configured):
    with ollama() as server:
        configured("llm", base_url=server.base_url, context_tokens=32000)
        out = StringIO()
        call_command("doctor", models=True, stdout=out)

        told = out.getvalue()
        assert "qwen3:8b: window 4096 (assumed), tools yes, reasoning yes, vision no" in told
        assert "OLLAMA_CONTEXT_LENGTH=32768" in told
        assert "OLLAMA_NUM_PARALLEL" in told
        configured("llm", max_runs=3)
        call_command("doctor", models=True, stdout=(limited := StringIO()))
        assert "answers at a time: 3" in limited.getvalue()
        assert "OLLAMA_NUM_PARALLEL" not in limited.getvalue()
        (endpoint,) = endpoints_in_force()
        assert window_of(endpoint, "qwen3:8b") == 4096


@pytest.mark.django_db(transaction=True)
def test_the_doctor_fails_for_a_server_that_is_away_and_tells_no_key(configured):
    configured("llm", base_url="http://u:pw@127.0.0.1:9/v1", api_key=SECRET, connect_timeout=0.5)
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("doctor", models=True, json=True, stdout=out)

    report = json.loads(out.getvalue())
    assert not report["ok"]
    (server,) = report["servers"].values()
    assert (server["state"], server["url"]) == ("failed", "http://127.0.0.1:9/v1")
    assert SECRET not in out.getvalue()
    assert "pw" not in out.getvalue()
    with pytest.raises(CommandError):
        call_command("doctor", probe=True)


@pytest.mark.django_db(transaction=True)
def test_models_are_tried(configured):
    call = Turn(calls=(Call("report_number", {"number": 7}),), reasoning="I should call it.")
    counting = Turn(tokens=60, rate=200)
    with llama_cpp() as server:
        configured("llm", base_url=server.base_url, max_runs=1)
        look_at_servers()
        server.script(call, Turn(text="Red."), counting)

        begun = time.monotonic()
        assert try_models(models_to_try()) == 1
        seconds = time.monotonic() - begun

        row = ServedModel.objects.get()
        assert (row.tools, row.reasoning, row.vision, row.error) == (True, True, True, "")
        # No quicker than the server, and no slower than all that was tried.
        assert 60 / seconds < row.tokens_per_second < 300
        assert row.first_token_ms is not None
        assert row.probed_at is not None
        sent = [request.body["messages"][0]["content"] for request in server.chats]
        assert sent[1][1]["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.django_db(transaction=True)
def test_a_model_that_can_nothing_and_breaks_down_is_told(configured):
    refusing = Turn(status=400, message="this model does not support tools", refuses="tools")
    with llama_cpp() as server:
        configured("llm", base_url=server.base_url)
        look_at_servers()
        server.script(
            refusing,
            Turn(text="7"),
            Turn(status=400, message="no images here"),
            Turn(status=500, message="out of memory"),
        )

        try_models(models_to_try())

    row = ServedModel.objects.get()
    assert (row.tools, row.reasoning, row.vision) == (False, False, False)
    assert "out of memory" in row.error


def test_what_embeds_is_not_asked(root, monkeypatch):
    server = add(root)
    monkeypatch.setattr(model_checks, "run_apart", lambda _work: pytest.fail("asked"))
    row = ServedModel.objects.create(server=server, name="nomic-embed-text")

    assert try_models([row]) == 0


# The console.


@pytest.fixture
def admin(client, root):
    client.force_login(root)
    return client


def form(**values):
    inline = {"models-TOTAL_FORMS": "0", "models-INITIAL_FORMS": "0"}
    return {"name": "GPU", "url": URL, "position": "5", "enabled": "on", **inline, **values}


def test_staff_add_change_and_remove_a_server(admin):
    answer = admin.post(reverse("admin:chat_modelserver_add"), form(new_key=SECRET))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    server = ModelServer.objects.get()
    assert (server.key, server.address, server.position) == (SECRET, "gpu.test:8000/v1", 5)

    page = reverse("admin:chat_modelserver_change", args=[server.pk])
    for path in (page, reverse("admin:chat_modelserver_changelist")):
        shown = admin.get(path)
        assert shown.status_code == 200
        assert SECRET.encode() not in shown.content
    admin.post(page, form(name="Other"))
    assert ModelServer.objects.get().key == SECRET
    admin.post(page, form(forget_key="on"))
    assert ModelServer.objects.get().key == ""

    remove = reverse("admin:chat_modelserver_delete", args=[server.pk])
    admin.post(remove, {"post": "yes"})
    assert not ModelServer.objects.exists()
    lines = LogEntry.objects.filter(additional_data__action="admin.settings.update")
    assert lines.count() == 4
    assert SECRET not in str(list(lines.values()))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "http://u:p@gpu/v1"}, "url"),
        ({"new_key": "schlüssel"}, "new_key"),
        ({"name": "taken"}, "name"),
        ({"max_runs": "-1"}, "max_runs"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(admin, root, values, field):
    add(root, url="http://taken.test/v1", name="taken")

    answer = admin.post(reverse("admin:chat_modelserver_add"), form(**values))

    assert list(answer.context["adminform"].form.errors) == [field]
    assert ModelServer.objects.count() == 1


def test_a_server_of_the_environment_is_shown_without_its_key(admin, configured):
    configured("llm", base_url="http://a.test/v1", api_key=SECRET)
    sync_configured()
    server = ModelServer.objects.get()
    page = reverse("admin:chat_modelserver_change", args=[server.pk])

    shown = admin.get(page)
    assert b"new_key" not in shown.content
    assert SECRET.encode() not in shown.content
    admin.post(page, form(name="First", url="http://evil.test/v1", max_runs="3"))

    server.refresh_from_db()
    assert (server.name, server.url, server.max_runs) == ("First", "http://a.test/v1", 3)
    assert admin.post(reverse("admin:chat_modelserver_delete", args=[server.pk])).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_look_can_be_asked_for(admin, configured):
    with llama_cpp() as server:
        configured("llm", base_url=server.base_url)
        sync_configured()
        chosen = {"action": "look_now", "_selected_action": [ModelServer.objects.get().pk]}
        answer = admin.post(reverse("admin:chat_modelserver_changelist"), chosen, follow=True)

    assert b"127.0.0.1: 1 model" in answer.content
    row = ServedModel.objects.get()
    page = admin.get(reverse("admin:chat_servedmodel_change", args=[row.pk]))
    assert b"Start llama-server with -c" in page.content
    assert admin.get(reverse("admin:chat_servedmodel_changelist")).status_code == 200


def test_health_shows_servers_without_keys(root):
    server = add(root, key=SECRET)
    ServedModel.objects.create(server=server, name="m", context_tokens=4096)
    client = APIClient()
    client.force_login(root)

    part = client.get("/health/detailed").json()["model_servers"]

    assert part["servers"]["GPU"]["models"]["m"]["context_tokens"] == 4096
    assert SECRET not in json.dumps(part)


@pytest.mark.django_db(transaction=True)
async def test_the_link_of_the_machine_is_never_asked(root):
    from asgiref.sync import sync_to_async

    from chat.llm.probing.looking import look_at
    from youworker.core.per_loop import close_all

    server = await sync_to_async(add)(root, url="http://169.254.169.254/v1")
    endpoint = await sync_to_async(find_endpoint)(server)

    look = await look_at(endpoint)
    await close_all()

    assert look.error == "The model's server cannot be reached."


@pytest.mark.django_db(transaction=True)
async def test_a_server_of_the_console_answers_like_any_other(root):
    from asgiref.sync import sync_to_async

    from chat.llm.probing.looking import look_at
    from youworker.core.per_loop import close_all

    with Double(models=("m",)) as double:
        server = await sync_to_async(add)(root, url=double.base_url)
        endpoint = await sync_to_async(find_endpoint)(server)
        look = await look_at(endpoint)
        await close_all()

    assert list(look.models) == ["m"]
