"""What a process holds that is gone is free at once; one that hangs or is paused keeps it."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from uuid import UUID, uuid4

import pytest

from chat.enums import CallKind
from chat.model_servers import ModelCall
from chat.models import Run
from chat.runs.upkeep import take_over
from chat.tests.factories import RunFactory
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from ingestion.tests.factories import ItemFactory
from youworker.core import processes
from youworker.core.leases import lease_end, new_lease
from youworker.core.processes import find_ended, new_token, own_number

PROGRAM = """
import sys
from youworker.core.processes import new_token
print(new_token(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _installation(monkeypatch, tmp_path):
    """One in which nobody has worked yet."""
    monkeypatch.setattr(processes, "folder", lambda: tmp_path / "processes")
    monkeypatch.setattr(processes, "own", None)


@pytest.fixture
def holder(tmp_path):
    """Another process of this installation, and a token of its work."""
    environment = os.environ | {"DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        yield process, UUID(process.stdout.readline().decode().strip())
        process.kill()


def kill(process):
    process.kill()
    process.wait()


@pytest.mark.django_db
def test_what_a_killed_process_held_is_taken_over_at_once(holder):
    process, token = holder
    run = RunFactory(status="running", **new_lease(token, 20))
    own = RunFactory(status="running", **new_lease(new_token(), 20))
    over = RunFactory(status="succeeded", **new_lease(token, 20))
    item = ItemFactory(stage=Stage.PARSING, **new_lease(token, 60))
    ModelCall.objects.create(
        id=uuid4(), endpoint="a", kind=CallKind.BATCH, process=token, until=lease_end(20)
    )

    alive = take_over()
    process.send_signal(signal.SIGSTOP)
    paused = take_over()
    kill(process)

    assert (alive, paused, take_over(), take_over()) == (0, 0, 3, 0)
    assert {each.pk: each.status for each in Run.objects.all()} == {
        run.pk: "interrupted",
        own.pk: "running",
        over.pk: "succeeded",
    }
    assert IngestionItem.objects.abandoned().get() == item
    assert not ModelCall.objects.exists()


@pytest.mark.django_db
def test_looking_for_processes_that_ended_costs_no_statement(holder, django_assert_num_queries):
    with django_assert_num_queries(0):
        take_over()


def test_what_could_not_be_taken_over_is_tried_again(holder):
    process, token = holder
    kill(process)
    number = token.int >> processes.HALF

    for found in find_ended():
        assert found == number
        break

    assert list(find_ended()) == [number]
    assert list(find_ended()) == []


def test_nothing_is_concluded_about_processes_of_other_machines(holder):
    process, token = holder
    kill(process)
    path = processes.path_of(token.int >> processes.HALF)
    path.rename(path.with_name(f"elsewhere.{path.suffix[1:]}"))

    assert list(find_ended()) == []


def test_a_forked_process_is_one_of_its_own():
    own = own_number()
    child = os.fork()
    if not child:
        os._exit(own_number() == own)
    status = os.waitpid(child, 0)[1]

    assert os.waitstatus_to_exitcode(status) == 0
    assert own not in find_ended()


def test_without_a_file_there_is_a_number_all_the_same(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setattr(processes, "folder", lambda: tmp_path / "file")

    assert processes.register_process()[1] is None
    assert "free late" in caplog.text


def flock_without_effect(*_args):
    pass


def flock_unknown(*_args):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.parametrize("flock", [flock_without_effect, flock_unknown])
def test_where_locks_keep_nobody_out_nothing_is_concluded(monkeypatch, caplog, flock):
    monkeypatch.setattr(fcntl, "flock", flock)

    assert processes.register_process()[1] is None
    assert "free late" in caplog.text
    assert list(find_ended()) == []


def test_a_file_whose_lock_cannot_be_looked_at_is_left(monkeypatch, holder):
    process, token = holder
    kill(process)
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", flock_unknown)
        assert list(find_ended()) == []

    assert list(find_ended()) == [token.int >> processes.HALF]
