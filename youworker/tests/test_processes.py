"""`manage.py up`: the pieces, and the whole as a child process."""

import asyncio
import http.client
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
import redis
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection

from accounts.services import ensure_superuser
from documents.embedding.shared import SOCKET_VARIABLE
from youworker.appliance import bootstrap, child, commands, startup_checks
from youworker.appliance.child import Child
from youworker.appliance.embedded import StartupRefused
from youworker.appliance.embedded.folders import MEGABYTE
from youworker.appliance.output import Output
from youworker.appliance.supervisor import Supervisor, bracketed
from youworker.core.config import BASE_DIR, config
from youworker.core.models import KeyFingerprint
from youworker.encryption.keyring import require_keys
from youworker.speech.link import SOCKET_VARIABLE as SPEECH_SOCKET
from youworker.tests.support.configuring import override_config
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import wait_until, wait_until_async
from youworker.upstream.client import unreachable
from youworker.upstream.endpoint import Endpoint


class Lines:
    """An `Output` that keeps what it was told."""

    def __init__(self):
        self.said = []

    def write_line(self, line):
        self.said.append(line)


def python(code):
    return [sys.executable, "-c", code]


def test_output_survives_a_reader_who_stops():
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        output = Output(stream)
        start = time.monotonic()
        for _ in range(60_000):
            output.write_line("x" * 100)
        took = time.monotonic() - start
        assert output.dropped > 0
        drain = threading.Thread(target=lambda: os.read(reading, 1 << 20) and None)
        drain.start()
        drain.join()
        os.close(reading)
        output.close()

    assert took < 10


def test_output_writes_in_order_and_says_what_it_dropped():
    stream = io.StringIO()
    output = Output(stream)
    output.dropped = 3
    output.write_line("first")
    output.write_line("second")
    output.close()

    assert stream.getvalue() == (
        "first\n(3 lines were dropped, because nobody read them)\nsecond\n"
    )


async def test_a_childs_lines_carry_its_name():
    lines = Lines()
    one = Child("web", python("import sys; print('a'); print('b', file=sys.stderr)"), lines)

    await one.run_once()

    assert lines.said == ["web    | a", "web    | b"]


async def test_a_child_that_dies_comes_back_and_it_is_said(monkeypatch):
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.05)
    lines = Lines()
    one = Child("beat", python("print('here')"), lines)
    work = asyncio.create_task(one.keep_running())

    await wait_until_async(lambda: lines.said.count("beat   | here") >= 3)
    one.stopping = True
    await work

    pauses = [line for line in lines.said if "ended" in line]
    assert pauses[0] == "youworker: beat ended, next start in 0.05 s"
    assert pauses[1] == "youworker: beat ended, next start in 0.1 s"


async def test_grandchildren_end_with_their_child():
    lines = Lines()
    code = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
    one = Child("web", python(code), lines)

    await one.run_once()

    pid = int(lines.said[0].split("| ")[1])
    await wait_until_async(lambda: not psutil.pid_exists(pid) or is_zombie(pid))


def is_zombie(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def supervisor(children, lines):
    return Supervisor(children, lines, host="127.0.0.1", port=free_port(), name="localhost")


async def test_a_signal_ends_obstinate_children_too(monkeypatch):
    module = sys.modules[Supervisor.__module__]
    monkeypatch.setattr(module, "GENTLE_SECONDS", 0.3)
    monkeypatch.setattr(module, "COLD_SECONDS", 0.3)
    lines = Lines()
    deaf = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGQUIT, signal.SIG_IGN)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)"
    )
    one = Child("web", python(deaf), lines)
    boss = supervisor([one], lines)
    work = asyncio.create_task(boss.run())
    await wait_until_async(lambda: "web    | up" in lines.said)

    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(work, 10)

    assert one.process.returncode == -signal.SIGKILL
    assert "youworker: stopping" in lines.said


async def test_an_echo_of_the_signal_does_not_kill(monkeypatch):
    lines = Lines()
    boss = supervisor([], lines)

    boss.end_or_kill()
    boss.end_or_kill()
    assert lines.said == ["youworker: stopping"]
    boss.first_signal -= 1
    boss.end_or_kill()
    assert lines.said == ["youworker: stopping", "youworker: killing"]


def test_the_command_lines_name_everything_they_need():
    children = commands.children(Lines(), host="::1", port=9, workers=3)
    lines = {one.name: one.command for one in children}

    assert lines["web"][1:] == ["-m", "youworker.server", "--host", "::1", "--port", "9"]
    assert lines["worker"][1:4] == ["-m", "celery", "--quiet"]
    assert lines["worker"][lines["worker"].index("--concurrency") + 1] == "3"
    assert str(config.data_dir / "beat-schedule") in lines["beat"]
    assert lines["embed"][1:3] == ["-m", "documents.encoder.server"]
    assert {one.environment[SOCKET_VARIABLE] for one in children} == {lines["embed"][3]}
    assert {one.environment["LOG_FORMAT"] for one in children} == {config.api.log_format}
    assert {one.environment[SPEECH_SOCKET] for one in children} == {lines["speech"][-2]}
    # It reads files of strangers, and begins with no environment.
    assert lines["speech"][:2] == ["/usr/bin/env", "-i"]
    assert not [part for part in lines["speech"] if "SECRET" in part or "DATABASE" in part]


async def test_a_child_that_was_started_early_is_taken_over():
    lines = Lines()
    early = Child("web", python("import time; print('here', flush=True); time.sleep(60)"), lines)
    early.start_early()
    process = early.process

    keeping = asyncio.create_task(early.keep_running())
    await wait_until_async(lambda: "web    | here" in lines.said)
    early.stopping = True
    early.signal(signal.SIGKILL)
    await keeping

    assert early.process is process
    assert lines.said == ["web    | here"]


@pytest.mark.django_db(transaction=True)
def test_what_loads_meanwhile_waits_until_the_database_is_prepared():
    order = []

    def load():
        bootstrap.wait_until_prepared()
        order.append("serves")
        connection.close()

    loading = threading.Thread(target=load)

    def begin():
        loading.start()
        # It asks for the lock at once; were it given it, it would go on.
        loading.join(0.3)
        order.append("prepared")

    bootstrap.prepare_database([].append, meanwhile=begin)
    loading.join()

    assert order == ["prepared", "serves"]


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_the_start_lets_migrations_make_indexes_beside_the_work():
    asked, finished = queue.SimpleQueue(), []

    def tell(execute, *arguments):
        asked.put(None)
        return execute(*arguments)

    def wait(how):
        with closing(connection), connection.execute_wrapper(tell):
            how()
            finished.append(how)

    def start():
        with bootstrap.hold_start_lock():
            pass

    ways = [start, bootstrap.wait_until_prepared]
    others = [threading.Thread(target=wait, args=[how]) for how in ways]
    with bootstrap.hold_start_lock():
        for other in others:
            other.start()
            asked.get(timeout=30)
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX CONCURRENTLY beside ON chat_message (role)")
            cursor.execute("DROP INDEX CONCURRENTLY beside")
        assert finished == []
    for other in others:
        other.join(30)

    assert set(finished) == set(ways)


@pytest.mark.parametrize(
    ("allowed", "name"),
    [
        (["localhost", "x.example"], "localhost"),
        (["*"], "localhost"),
        ([".x.example", "*"], "x.example"),
        ([], "localhost"),
    ],
)
def test_the_ready_check_uses_a_name_that_is_answered(allowed, name):
    assert commands.own_name(allowed) == name


def test_addresses_are_written_as_in_a_url():
    assert [bracketed(host) for host in ("::1", "[::1]", "127.0.0.1")] == [
        "[::1]",
        "[::1]",
        "127.0.0.1",
    ]


def test_a_port_in_use_is_refused_by_name():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(StartupRefused, match=rf"127\.0\.0\.1:{port} \(address already in use"):
            startup_checks.require_address("127.0.0.1", port)


def test_an_address_of_somebody_else_is_refused():
    with pytest.raises(StartupRefused, match="cannot listen on 192.0.2.1:8000"):  # noqa: RUF043
        startup_checks.require_address("192.0.2.1", 8000)


def test_a_full_disk_is_refused(monkeypatch, tmp_path):
    usage = type("Usage", (), {"free": 12 * MEGABYTE})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)

    with pytest.raises(StartupRefused, match="is full: 12 MB are free, 200 MB are needed"):
        startup_checks.require_files(tmp_path / "new")
    (tmp_path / "new" / "postgres").mkdir()
    with pytest.raises(StartupRefused, match="24 MB are needed"):
        startup_checks.require_files(tmp_path / "new")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StartupRefused, match="cannot create"):
        startup_checks.require_files(tmp_path / "file" / "folder")


def test_a_silent_redis_is_told_with_what_helps(monkeypatch):
    assert list(startup_checks.redis_notices()) == []

    nobody = redis.Redis(port=free_port())
    monkeypatch.setattr(startup_checks, "sync_redis", lambda: nobody)
    (notice,) = startup_checks.redis_notices()
    nobody.close()

    assert notice.startswith("Redis does not answer (Error 111 connecting to localhost")
    assert "REDIS_URL is right" in notice


def test_up_tells_a_database_that_fails_in_one_line(monkeypatch, tmp_path):
    def fail(*_arguments, **_options):
        raise OperationalError("connection failed\n\tIs the server running?")

    monkeypatch.setattr("youworker.management.commands.up.prepare_database", fail)
    monkeypatch.setattr(commands, "children", lambda *_, **__: [Child("web", [], Lines())])
    with (
        override_config("database", data_dir=str(tmp_path)),
        pytest.raises(StartupRefused) as refused,
    ):
        call_command("up", host="127.0.0.1", port=free_port())

    told = str(refused.value)
    assert told.startswith("the database fails: connection failed: look whether PostgreSQL runs")
    assert "\n" not in told


@pytest.mark.django_db
def test_the_first_preparation_creates_a_superuser_and_says_the_password_once():
    said = []
    bootstrap.prepare_database(said.append)
    bootstrap.prepare_database(said.append)

    root = get_user_model().objects.get()
    (line,) = said
    password = line.split("its password is ")[1].split(" ")[0]
    assert root.is_superuser
    assert root.username == "admin"
    assert root.check_password(password)
    assert KeyFingerprint.objects.exists()


@pytest.mark.django_db
def test_nothing_recreates_a_deleted_superuser():
    bootstrap.prepare_database([].append)
    get_user_model().objects.all().delete()

    bootstrap.prepare_database([].append)

    assert not get_user_model().objects.exists()
    assert "nobody is a superuser" in "\n".join(startup_checks.missing_parts())


@pytest.mark.django_db
def test_a_command_before_the_first_start_leaves_the_superuser_to_it():
    require_keys()

    bootstrap.prepare_database([].append)

    assert get_user_model().objects.get().is_superuser


@pytest.mark.django_db
def test_a_renamed_superuser_is_not_made_again():
    bootstrap.prepare_database([].append)
    get_user_model().objects.update(username="boss", is_superuser=False)

    bootstrap.prepare_database([].append)

    assert get_user_model().objects.get().username == "boss"


@pytest.mark.django_db
def test_a_weak_password_of_the_first_superuser_is_taken_and_complained_about(configured):
    configured("security", admin_password="12345678")
    said = []

    bootstrap.prepare_database(said.append)

    assert get_user_model().objects.get().check_password("12345678")
    assert said == ["youworker: superuser 'admin' created; ADMIN_PASSWORD is weak: change it"]


@pytest.mark.django_db
def test_a_superuser_that_exists_is_left_alone():
    first, password = ensure_superuser("boss", password="chosen by hand")

    assert (first, password) == (True, "chosen by hand")
    assert ensure_superuser("another") == (False, "")
    assert get_user_model().objects.get().username == "boss"


@pytest.mark.django_db
def test_an_ordinary_user_of_that_name_is_not_promoted():
    get_user_model().objects.create_user("admin")

    assert ensure_superuser("admin") == (False, "")
    assert not get_user_model().objects.get().is_superuser


@pytest.mark.django_db
def test_a_wrong_key_stops_the_start():
    KeyFingerprint.objects.create(fingerprint="0" * 64)

    with pytest.raises(ImproperlyConfigured, match="MESSAGE_ENCRYPTION_KEYS"):
        bootstrap.prepare_database([].append)

    assert not get_user_model().objects.exists()


def test_a_model_server_that_is_silent_is_named():
    reason = unreachable(Endpoint(f"http://127.0.0.1:{free_port()}/v1", "key"))

    assert reason
    assert "\n" not in reason


def test_a_list_of_models_without_end_does_not_hold_up_the_start():
    written = []

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while len(written) < 1000:
                    self.wfile.write(b"x" * 65_536)
                    written.append(1)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        reason = unreachable(Endpoint(f"http://127.0.0.1:{server.server_port}/v1"))
        server.shutdown()

    assert reason == ""
    assert len(written) < 1000


def descendants(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@pytest.mark.slow
def test_up_starts_everything_and_leaves_nothing_behind(tmp_path):
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MESSAGE_ENCRYPTION"))
    }
    environment |= {"DATA_DIR": str(tmp_path / "with space"), "ADMIN_PASSWORD": "chosen by hand"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1"],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines, ready = [], threading.Event()

    def read():
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line == f"ready http://127.0.0.1:{port}\n":
                ready.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert ready.wait(120), lines
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/health/ready")
            assert connection.getresponse().status == 200
        # The worker, its child, and the scheduler.
        wait_until(lambda: sum("celery" in words(one) for one in descendants(process)) >= 3)
        family = descendants(process)
        servers = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in words(one)]

        web = next(one for one in family if "youworker.server" in words(one))
        web.kill()
        wait_until(lambda: any("web ended" in line for line in lines))
        wait_until(lambda: answers(port))
        family += descendants(process)
    finally:
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(30)
        reader.join(10)
        process.stdout.close()

    assert process.returncode == 0
    assert time.monotonic() - started < 15
    assert not [one for one in {*family, *servers} if one.is_running() and not is_zombie(one.pid)]
    assert "youworker: superuser 'admin' created" in lines
    assert "chosen by hand" not in "\n".join(lines)


def words(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def answers(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
