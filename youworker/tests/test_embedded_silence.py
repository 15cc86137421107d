"""Embedded servers that hang, die or are started twice: there is one of each, and it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from psycopg.pq import Ping

from youworker.appliance.embedded import StartupRefused, server
from youworker.appliance.embedded.attach import Servers
from youworker.appliance.embedded.exceptions import NotReady
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.appliance.embedded.postgres import Postgres, running_server
from youworker.appliance.embedded.redis import Redis, binary
from youworker.appliance.supervisor import Supervisor
from youworker.core.config import BASE_DIR, Config
from youworker.tests.support.waiting import wait_until_async


@pytest.fixture
def store(tmp_path):
    """A Redis of its own, started."""
    made = Redis(tmp_path, prepare_socket_dir(tmp_path))
    made.ensure_running()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL of its own, started; its account cannot rely on the folders of pytest."""
    with tempfile.TemporaryDirectory(prefix="youworker-cluster-") as name:
        folder = Path(name)
        made = Postgres(folder, prepare_socket_dir(folder), durable=False)
        made.ensure_running()
        yield made
        made.stop()


def running_in(folder):
    """The numbers of all Redis servers that work in a folder, whoever knows of them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "redis" in process.name() and process.cwd() == str(folder):
                found.append(process.pid)
    return found


def client(store):
    return redis.Redis.from_url(store.url, socket_timeout=20)


@pytest.mark.slow
def test_a_silent_redis_is_waited_for(store, tmp_path):
    (pid,) = running_in(tmp_path)
    client(store).set("kept", "yes")
    os.kill(pid, signal.SIGSTOP)

    for _ in range(2):
        with pytest.raises(NotReady, match=rf"Redis \(process {pid}\) is alive"):
            store.ensure_running()
    assert running_in(tmp_path) == [pid]
    os.kill(pid, signal.SIGCONT)
    store.ensure_running()

    assert running_in(tmp_path) == [pid]
    assert client(store).get("kept") == b"yes"


@pytest.mark.slow
def test_a_redis_that_stays_silent_is_ended_before_the_next_is_started(
    store, tmp_path, monkeypatch
):
    (pid,) = running_in(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(NotReady):
        store.ensure_running()
    monkeypatch.setattr(server, "LONGEST_SILENCE", 0.0)

    store.ensure_running()

    (successor,) = running_in(tmp_path)
    assert successor != pid
    assert store.ping() is Ping.OK


@pytest.mark.slow
def test_a_silent_redis_is_gone_after_its_stop(store, tmp_path):
    (pid,) = running_in(tmp_path)
    os.kill(pid, signal.SIGSTOP)

    store.stop()

    assert running_in(tmp_path) == []
    assert not store.is_alive()


def test_a_redis_whose_socket_was_removed_gets_no_second(store, tmp_path):
    (pid,) = running_in(tmp_path)
    store.socket.unlink()

    with pytest.raises(NotReady, match="does not answer"):
        store.ensure_running()

    assert running_in(tmp_path) == [pid]
    store.stop()
    assert running_in(tmp_path) == []


def test_a_killed_redis_is_started_again(store, tmp_path):
    (pid,) = running_in(tmp_path)
    os.kill(pid, signal.SIGKILL)
    assert store.wait_until_gone(10)

    store.ensure_running()

    assert len(running_in(tmp_path)) == 1
    assert (tmp_path / "redis.pid").read_text().strip() == str(running_in(tmp_path)[0])


def test_of_two_starters_at_once_one_starts(tmp_path):
    sockets = prepare_socket_dir(tmp_path)
    starters = [Redis(tmp_path, sockets) for _ in range(4)]

    def launched(starter):
        try:
            starter.launch()
        except NotReady:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(launched, starters))
    found = running_in(tmp_path)
    starters[0].stop()

    assert sum(results) == 1
    assert len(found) == 1


STARTER = """
import pathlib, sys, time
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.appliance.embedded.redis import Redis
folder = pathlib.Path(sys.argv[1])
Redis(folder, prepare_socket_dir(folder)).ensure_running()
print("up", flush=True)
time.sleep(60)
"""


def test_the_lock_outlives_a_killed_starter_and_not_its_server(tmp_path):
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    starter = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE)
    assert starter.stdout.readline() == b"up\n"
    starter.kill()
    starter.communicate()
    heir = Redis(tmp_path, prepare_socket_dir(tmp_path))
    found = running_in(tmp_path)

    assert heir.lock.is_held()
    assert [process.pid for process in heir.find_processes()] == found
    heir.stop()

    assert not heir.lock.is_held()
    assert running_in(tmp_path) == []


@pytest.fixture
def unlocked(tmp_path):
    """A Redis as versions without a lock started it."""
    made = Redis(tmp_path, prepare_socket_dir(tmp_path))
    old = subprocess.Popen(**made.prepare(), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while made.ping() is not Ping.OK:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield made, old
    old.kill()
    old.wait()


@pytest.mark.slow
def test_a_redis_of_an_older_version_is_adopted_and_ended(unlocked, tmp_path):
    store, old = unlocked
    assert not store.lock.is_held()

    store.ensure_running()
    os.kill(old.pid, signal.SIGSTOP)
    with pytest.raises(NotReady, match=f"process {old.pid}"):
        store.ensure_running()
    assert running_in(tmp_path) == [old.pid]
    store.stop()

    assert old.wait(10) is not None


def test_a_redis_of_an_older_version_that_takes_nobody_gets_no_second(unlocked, tmp_path):
    store, old = unlocked
    client(store).config_set("timeout", 0)
    os.kill(old.pid, signal.SIGSTOP)
    waiting = []
    with pytest.raises(BlockingIOError):
        while True:
            waiting.append(connection := unix_socket())
            connection.connect(str(store.socket))

    with pytest.raises(NotReady, match="accepts no connection"):
        store.ensure_running()

    assert running_in(tmp_path) == [old.pid]
    for connection in waiting:
        connection.close()


def unix_socket():
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(0)
    return made


def test_a_redis_full_of_clients_is_not_taken_for_a_dead_one(store, tmp_path):
    (pid,) = running_in(tmp_path)
    occupying = client(store)
    occupying.config_set("maxclients", 1)

    with pytest.raises(NotReady) as refusal:
        store.ensure_running()

    assert refusal.value.busy
    assert running_in(tmp_path) == [pid]
    occupying.close()


def test_a_server_that_cannot_start_says_so(tmp_path, monkeypatch):
    made = Redis(tmp_path, prepare_socket_dir(tmp_path))
    monkeypatch.setattr(made, "prepare", lambda: {"args": [binary(), "--port", "nonsense"]})

    with pytest.raises(StartupRefused, match="Redis did not start"):
        made.ensure_running()

    assert not made.is_alive()


class Lines:
    def __init__(self):
        self.said = []

    def write_line(self, line):
        self.said.append(line)


@pytest.fixture
def servers(tmp_path, monkeypatch):
    """The servers of a directory of its own, which are only a Redis here, joined."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "")
    before = Servers.current
    made = Servers(Config.from_env(), durable=False)
    made.join()
    yield made
    made.leave()
    Servers.current = before


@pytest.mark.slow
async def test_the_guard_says_once_that_redis_is_silent_and_starts_no_second(
    servers, tmp_path, monkeypatch
):
    monkeypatch.setattr(sys.modules[Supervisor.__module__], "GUARD_SECONDS", 0.01)
    lines = Lines()
    (pid,) = running_in(tmp_path)
    connection = client(servers.redis)
    connection.set("kept", "yes")
    guard = asyncio.create_task(
        Supervisor([], lines, host="127.0.0.1", port=1, name="localhost").watch_servers()
    )
    asleep = asyncio.create_task(asyncio.to_thread(connection.execute_command, "DEBUG", "SLEEP", 8))

    await wait_until_async(lambda: len(lines.said) == 2)
    await asleep
    guard.cancel()
    await asyncio.gather(guard, return_exceptions=True)

    assert lines.said == [
        f"youworker: Redis (process {pid}) is alive, but does not answer",
        "youworker: the servers of the data serve again",
    ]
    assert running_in(tmp_path) == [pid]
    assert connection.get("kept") == b"yes"
    connection.close()


@pytest.mark.slow
def test_the_last_user_leaves_no_silent_redis_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "")
    before = Servers.current
    made = Servers(Config.from_env(), durable=False)
    made.join()
    (pid,) = running_in(tmp_path)
    os.kill(pid, signal.SIGSTOP)

    made.leave()
    Servers.current = before

    assert running_in(tmp_path) == []


def test_nobody_waits_for_a_start_after_the_end_began(servers, tmp_path, monkeypatch):
    (pid,) = running_in(tmp_path)
    os.kill(pid, signal.SIGKILL)
    assert servers.redis.wait_until_gone(10)
    servers.give_up()
    deaf = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(servers.redis, "prepare", lambda: {"args": deaf})

    with pytest.raises(NotReady, match="needs long"):
        servers.start()

    assert servers.redis.is_alive()


@pytest.mark.slow
def test_a_silent_postgresql_is_waited_for(database):
    (first,) = database.find_leaders(database.find_processes())
    with psycopg.connect(database.url.replace("/youworker", "/postgres")) as open_session:
        first.send_signal(signal.SIGSTOP)
        with pytest.raises(NotReady, match=rf"PostgreSQL \(process {first.pid}\)"):
            database.ensure_running()
        went_on = open_session.execute("SELECT 1").fetchone()
        first.send_signal(signal.SIGCONT)
    database.ensure_running()

    assert went_on == (1,)
    assert database.find_leaders(database.find_processes()) == [first]


def test_a_silent_postgresql_is_gone_after_its_stop_and_shut_down_in_order(database):
    (first,) = database.find_leaders(database.find_processes())
    first.send_signal(signal.SIGSTOP)

    database.stop()

    assert database.find_processes() == []
    assert not (database.cluster / "postmaster.pid").exists()
    database.ensure_running()
    assert database.ping() is Ping.OK


def test_sessions_that_outlive_a_killed_postgresql_are_ended_first(database, monkeypatch):
    monkeypatch.setattr(sys.modules[Postgres.__module__], "ORPHAN_SECONDS", 0.5)
    (first,) = database.find_leaders(database.find_processes())
    with psycopg.connect(database.url.replace("/youworker", "/postgres")) as hanging:
        orphan = psutil.Process(hanging.info.backend_pid)
        orphan.send_signal(signal.SIGSTOP)
        first.kill()
        while database.find_leaders(database.find_processes()) == [first]:
            time.sleep(0.02)
        assert database.lock.is_held()

        database.ensure_running()

        assert not psutil.pid_exists(orphan.pid) or orphan.status() == psutil.STATUS_ZOMBIE
    assert database.find_leaders(database.find_processes()) != [first]


def test_a_postgresql_in_recovery_is_busy_and_not_silent(database, monkeypatch):
    monkeypatch.setattr(database, "ping", lambda: Ping.REJECT)

    with pytest.raises(NotReady) as refusal:
        database.ensure_running()

    assert refusal.value.busy


def test_the_number_of_another_postgresql_is_not_believed(database, tmp_path):
    (first,) = database.find_leaders(database.find_processes())
    other = Postgres(tmp_path, prepare_socket_dir(tmp_path), durable=False)
    other.cluster.mkdir()
    (other.cluster / "postmaster.pid").write_text(f"{first.pid}\n{other.cluster}\n")

    assert other.find_processes() == []
    other.stop()

    assert first.is_running()
    assert database.ping() is Ping.OK


def test_a_process_of_another_account_is_not_ours(database, monkeypatch):
    def refuse(process):
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "cwd", refuse)

    assert running_server(database.cluster) is None


def test_a_server_that_cannot_be_ended_keeps_no_other_running(servers, tmp_path, monkeypatch):
    def refuse():
        raise StartupRefused("it cannot be ended")

    stubborn = Redis(tmp_path, tmp_path)
    monkeypatch.setattr(stubborn, "stop", refuse)
    servers.servers.append(stubborn)

    with pytest.raises(StartupRefused, match="cannot be ended"):
        servers.leave()

    assert running_in(tmp_path) == []
    servers.servers.pop()
    servers.join()


ATTACH = """
import sys
from youworker.appliance.embedded import attached
with attached():
    print("in", flush=True)
    sys.stdin.readline()
"""


def attach(folder):
    names = ("DATABASE_URL", "REDIS_URL")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH],
        cwd=BASE_DIR,
        env={**environment, "DATA_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_four_users_at_once_start_one_of_each_and_leave_none_even_if_both_hang():
    with tempfile.TemporaryDirectory(prefix="youworker-users-") as name:
        folder = Path(name)
        users = [attach(folder) for _ in range(4)]
        assert [user.stdout.readline() for user in users] == ["in\n"] * 4
        store = Redis(folder, prepare_socket_dir(folder))
        database = Postgres(folder, prepare_socket_dir(folder), durable=True)
        (pid,) = running_in(folder)
        first = database.find_leaders(database.find_processes())
        assert [process.pid for process in store.find_processes()] == [pid]
        assert len(first) == 1

        for process in (psutil.Process(pid), *first):
            process.send_signal(signal.SIGSTOP)
        for user in users:
            user.communicate("\n", timeout=60)

        assert [user.returncode for user in users] == [0] * 4
        assert running_in(folder) == []
        assert not store.is_alive()
        assert not database.is_alive()
        assert not (database.cluster / "postmaster.pid").exists()
