import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingestion.parsing import process
from ingestion.parsing.process import FILES_PER_PROCESS, Parser, ParserLost
from ingestion.parsing.types import ParseFailed
from ingestion.tests import samples
from youworker.tests.support.waiting import wait_until


@pytest.fixture
def parser():
    made = Parser(timeout=30, memory_mb=1024, beat=0.05)
    yield made
    made.close()


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page"
    path.write_bytes(samples.html())
    return path


def parse(parser, path, name="x.html", beats=None):
    beats = [] if beats is None else beats
    return parser.parse(path, "", name=name, heartbeat=lambda: beats.append(1))


def test_the_process_answers_and_stays(parser, page):
    first = parse(parser, page)
    process = parser.process.pid
    second = parse(parser, page)

    assert first == second
    assert first.title == "The & title"
    assert first.passages[0].text.startswith("# One")
    assert parser.process.pid == process


def test_refusals_leave_the_process_alive(parser, page, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()

    with pytest.raises(ParseFailed) as caught:
        parse(parser, empty)

    assert caught.value.code == "empty_file"
    assert parser.process.poll() is None
    with pytest.raises(ParseFailed) as caught:
        parse(parser, tmp_path / "missing")
    assert caught.value.code == "file_missing"


@pytest.mark.slow
def test_a_killed_process_costs_one_file(parser, page):
    parse(parser, page)
    os.kill(parser.process.pid, signal.SIGSTOP)
    beats = []

    def kill():
        beats.append(1)
        os.kill(parser.process.pid, signal.SIGKILL)

    with pytest.raises(ParserLost) as caught:
        parser.parse(page, "", name="x.html", heartbeat=kill)

    assert caught.value.code == "parser_crashed"
    assert beats == [1]
    assert parse(parser, page).title == "The & title"


@pytest.mark.slow
def test_a_process_killed_between_files_costs_nothing(parser, page):
    parse(parser, page)
    parser.process.kill()
    parser.process.wait()

    assert parse(parser, page).title == "The & title"


def test_time_is_limited(page):
    parser = Parser(timeout=0.3, memory_mb=1024, beat=0.05)
    beats = []
    process = parser.running()
    os.kill(process.pid, signal.SIGSTOP)

    with pytest.raises(ParseFailed) as caught:
        parse(parser, page, beats=beats)

    assert caught.value.code == "parse_timeout"
    assert caught.value.detail == "Reading the file took longer than 0.3 s."
    assert len(beats) >= 3
    assert parser.process is None
    assert process.poll() is not None


@pytest.mark.slow
def test_time_in_which_the_machine_slept_does_not_count(parser, page, monkeypatch):
    hours = itertools.count(0, 3600)
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: next(hours)))

    assert parse(parser, page).title == "The & title"


def test_memory_is_limited(tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b"word " * 30_000_000)
    parser = Parser(timeout=60, memory_mb=256)

    with pytest.raises(ParserLost) as caught:
        parse(parser, large, name="large.txt")

    assert caught.value.code in {"out_of_memory", "parser_crashed"}
    assert parser.process is None


@pytest.mark.slow
def test_the_process_is_replaced_after_many_files(parser, page):
    parse(parser, page)
    parser.files = FILES_PER_PROCESS - 1

    parse(parser, page)

    assert parser.process is None


def test_the_process_knows_no_secrets(parser, page, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")

    process = parser.running()

    known = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"do-not-tell" not in known
    assert b"DATABASE_URL" not in known
    assert Path(f"/proc/{process.pid}/cwd").readlink() != Path.cwd()


def test_the_process_ends_with_its_worker(page):
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from ingestion.parsing.process import Parser;"
        "p = Parser(timeout=30, memory_mb=1024);"
        f"p.parse(Path({str(page)!r}), '', name='x.html', heartbeat=lambda: None);"
        "print(p.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    worker = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)

    wait_until(lambda: not alive(int(worker.stdout)))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_parsing_imports_no_django():
    program = (
        "import sys, ingestion.parsing.child, ingestion.parsing.process;"
        "print('django' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
