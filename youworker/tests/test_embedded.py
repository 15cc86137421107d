"""The embedded servers, in directories of their own beside those of the test session."""

import os
import signal
import stat
import subprocess
import sys

import psycopg
import pytest

from youworker.appliance.embedded import StartupRefused, postgres
from youworker.appliance.embedded.folders import (
    let_read,
    let_through,
    prepare_data_dir,
    prepare_socket_dir,
)
from youworker.appliance.embedded.secrets import export_secrets
from youworker.core.config import BASE_DIR
from youworker.core.sockets import LONGEST_SOCKET_DIR
from youworker.tests.support.waiting import wait_until

ATTACH = """
import os, sys
from youworker.appliance.embedded import attached
with attached():
    import psycopg, redis
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS seen (at timestamptz default now())")
        connection.execute("INSERT INTO seen DEFAULT VALUES")
        count = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
    redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    print(count, os.environ["DATABASE_URL"], flush=True)
    sys.stdin.readline()
"""


def environment(folder):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MESSAGE_ENCRYPTION"))
    }
    return {**kept, "DATA_DIR": str(folder)}


def attach(folder):
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH],
        cwd=BASE_DIR,
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def detach(process):
    process.communicate("\n", timeout=60)
    return process.returncode


def told(process):
    count, url = process.stdout.readline().split()
    return int(count), url


def works(url):
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.slow
def test_the_last_user_stops_the_servers_and_data_stays(tmp_path):
    folder = tmp_path / "with space"
    first = attach(folder)
    count, url = told(first)
    second = attach(folder)
    assert (count, told(second)) == (1, (2, url))

    assert detach(first) == 0
    assert works(url)
    assert detach(second) == 0
    assert not works(url)

    third = attach(folder)
    assert told(third)[0] == 3
    assert detach(third) == 0


@pytest.mark.slow
def test_a_killed_user_and_a_killed_server_are_survived(tmp_path):
    first = attach(tmp_path / "data")
    _count, url = told(first)
    first.kill()
    first.communicate()
    server = postgres.running_server(tmp_path / "data" / "postgres")
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not works(url))

    second = attach(tmp_path / "data")

    assert told(second)[0] == 2
    assert detach(second) == 0
    assert postgres.running_server(tmp_path / "data" / "postgres") is None


EARLY = """
import os, sys
from youworker.appliance.embedded import attached
def look():
    print(os.environ["DATABASE_URL"], os.path.exists(os.environ["SECRET_KEY_FILE"]), flush=True)
    if sys.argv[1:]:
        raise RuntimeError("did not load")
with attached(meanwhile=look):
    import psycopg
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        print(connection.execute("SELECT count(*) FROM accounts_user").fetchone()[0])
"""


def look_early(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", EARLY, *arguments],
        cwd=BASE_DIR,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_what_loads_meanwhile_knows_the_servers_and_finds_tables_afterwards(tmp_path):
    done = look_early(tmp_path)

    url, has_secret, users = done.stdout.split()
    assert url.endswith("/youworker")
    assert (has_secret, users) == ("True", "0")


@pytest.mark.slow
def test_servers_are_ended_when_what_loads_meanwhile_fails(tmp_path):
    failed = look_early(tmp_path, "fail")
    again = look_early(tmp_path)

    assert failed.returncode == 1
    assert "did not load" in failed.stderr
    assert postgres.running_server(tmp_path / "postgres") is None
    assert again.stdout.split()[-1] == "0"


@pytest.mark.slow
def test_settings_that_do_not_fit_are_one_line_and_leave_nothing_running(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=BASE_DIR,
        env={**environment(tmp_path), "SECRET_KEY": "changeme"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("youworker: SECRET_KEY is missing, too short or a placeholder")
    assert postgres.running_server(tmp_path / "postgres") is None


def test_sockets_lie_beside_the_data_unless_their_name_would_be_too_long(tmp_path):
    (tmp_path / ("x" * 100)).mkdir()
    (tmp_path / "a b").mkdir()

    near = prepare_socket_dir(tmp_path) if len(str(tmp_path)) < LONGEST_SOCKET_DIR - 4 else None
    far = prepare_socket_dir(tmp_path / ("x" * 100))
    spaced = prepare_socket_dir(tmp_path / "a b")

    assert near in {None, tmp_path / "run"}
    assert far != spaced
    for folder in (far, spaced):
        assert len(str(folder)) <= LONGEST_SOCKET_DIR
        assert " " not in str(folder)
        folder.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    data = tmp_path / "a b"
    data.mkdir()
    folder = prepare_socket_dir(data)
    monkeypatch.setattr(os, "geteuid", lambda owner=os.geteuid(): owner)  # noqa: B008
    folder.rmdir()
    folder.symlink_to(tmp_path)

    with pytest.raises(StartupRefused, match="belongs to somebody else"):
        prepare_socket_dir(data)
    folder.unlink()


def test_a_data_directory_is_created(tmp_path):
    assert prepare_data_dir(tmp_path / "a" / "b").is_dir()


def test_other_accounts_may_pass_but_not_list(tmp_path):
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)

    let_through(inner)

    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o701


def test_a_package_of_a_strict_umask_becomes_readable(tmp_path):
    program, text = tmp_path / "bin" / "program", tmp_path / "share.txt"
    program.parent.mkdir()
    for path, mode in ((program, 0o700), (text, 0o600), (program.parent, 0o700)):
        path.touch() if not path.exists() else None
        path.chmod(mode)
    (tmp_path / "link").symlink_to(text)

    let_read(tmp_path)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (program, text, program.parent)]
    assert modes == [0o705, 0o604, 0o705]


def test_secrets_are_made_once_and_kept_private(tmp_path, monkeypatch):
    for name in ("SECRET_KEY", "MESSAGE_ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", "")
    export_secrets(tmp_path)
    first = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    monkeypatch.setenv("SECRET_KEY_FILE", "")
    export_secrets(tmp_path)

    again = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert again == first
    assert set(first) == {"secret_key", "message_encryption_keys"}
    for path in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_secret_that_was_given_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "given")
    monkeypatch.setenv("MESSAGE_ENCRYPTION_KEYS", "given, too")

    export_secrets(tmp_path)

    assert not list((tmp_path / "secrets").iterdir())


def test_the_telling_line_of_a_log_is_found():
    log = "LOG: starting\nFATAL: no space left\nLOG: shutting down\n\n"

    assert postgres.last_line(log) == "FATAL: no space left"
    assert postgres.last_line("one\ntwo\n") == "two"
    assert postgres.last_line("") == "no reason was given"


# What initdb said of a folder that was locked while it worked.
LOCKED_OUT = """\
PANIC:  could not open file "global/pg_control": Permission denied
child process exited with exit code 134
initdb: removing contents of data directory "postgres.draft"
initdb: warning: could not open directory "postgres.draft": Permission denied
initdb: error: failed to remove contents of data directory
"""


def test_a_database_that_cannot_be_created_says_why(tmp_path, monkeypatch):
    (tmp_path / "told").write_text(LOCKED_OUT)
    program = tmp_path / "initdb"
    program.write_text('#!/bin/sh\ncat "$(dirname "$0")/told" >&2\nexit 1\n')
    program.chmod(0o755)
    (tmp_path / "told").chmod(0o644)
    binary = postgres.binary
    monkeypatch.setattr(
        postgres, "binary", lambda name: str(program) if name == "initdb" else binary(name)
    )

    with pytest.raises(StartupRefused, match=r"could not open file .*: Permission denied"):
        postgres.initialise_cluster(tmp_path / "postgres", tmp_path / "sockets")

    assert not (tmp_path / "postgres.draft").exists()
