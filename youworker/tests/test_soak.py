"""The soak benchmark notices what it is there to notice."""

from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from ingestion.parsing.reading import parse_file
from youworker.tests.bench import Figure, Report
from youworker.tests.bench.soak import running
from youworker.tests.bench.soak.files import make_docx, make_files
from youworker.tests.bench.soak.ledger import Ledger, LoadFault
from youworker.tests.bench.soak.log import SeenLog
from youworker.tests.bench.soak.samples import Sample
from youworker.tests.bench.soak.verdict import Measured, judge
from youworker.tests.bench.websocket import HandshakeRefused, open_socket

SAMPLE = Sample(
    at=0.0,
    memory={"web": 200.0, "worker": 600.0},
    web_pid=7,
    threads=20,
    descriptors=60,
    clients=0,
    connections={"idle": 4},
    pool={"in_use": 1, "waiting": 0, "size": 10},
    redis_memory=2.0,
    redis_keys=50,
)
STEADY = [replace(SAMPLE, at=float(second)) for second in range(0, 90, 3)]
CLEAN = Measured(before=SAMPLE, samples=STEADY, after=SAMPLE, keys_without_end=())


def seen(*events):
    log = SeenLog("run")
    for number, kind, data in events:
        log.take(number, kind, data)
    return log


def done(text):
    return {"status": "succeeded", "message": {"content": text}}


def test_a_whole_log_has_no_faults():
    events = [(1, "run", {}), (2, "token", {"text": "a "}), (3, "token", {"text": "b"})]

    assert seen(*events, (4, "done", done("a b"))).faults() == []


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([(1, "run", {}), (3, "done", done(""))], "event 3 came after event 1"),
        ([(1, "run", {}), (1, "run", {}), (2, "done", done(""))], "event 1 came after event 1"),
        ([(1, "done", done("")), (2, "done", done(""))], "`done` came after `done`"),
        ([(1, "token", {"text": "a"}), (2, "done", done("ab"))], "the joined tokens are not"),
        (
            [(1, "token", {"text": "a"}), (2, "done", {"message": None})],
            "the joined tokens are not",
        ),
        ([(1, "token", {"text": "a"})], "the log ended without `done`"),
    ],
)
def test_a_broken_log_is_noticed(events, fault):
    assert any(found.startswith(fault) for found in seen(*events).faults())


def test_nothing_wrong_is_a_success():
    report = judge(CLEAN, Ledger())

    assert report.reasons == []
    assert all(figure.ok is not False for figure in report.figures)


def rising(percent):
    """Samples of which those of the last third hold more memory."""
    more = {"web": 200.0 * (1 + percent / 100)}
    return [replace(each, memory=more if each.at >= 60 else {"web": 200.0}) for each in STEADY]


def when_idle(**changes):
    return replace(CLEAN, after=replace(SAMPLE, **changes))


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        (replace(CLEAN, samples=rising(9)), "web: growth of memory"),
        (when_idle(pool={"in_use": 2, "waiting": 0}), "idle: connections in use"),
        (when_idle(pool={"in_use": 1, "waiting": 3}), "idle: requests waiting"),
        (when_idle(pool={}), "idle: connections in use"),
        (when_idle(connections={"idle in transaction": 1}), "idle: transactions left open"),
        (when_idle(clients=1), "idle: TCP connections of clients"),
        (when_idle(descriptors=90), "idle: more descriptors"),
        (when_idle(threads=40), "idle: more threads"),
        (replace(CLEAN, keys_without_end=("run:1",)), "key without expiry: run:1"),
        (replace(CLEAN, samples=[*STEADY, replace(SAMPLE, at=91.0, pool={})]), "samples the web"),
        (replace(CLEAN, samples=[*STEADY, replace(SAMPLE, at=91.0, web_pid=8)]), "web: restarts"),
    ],
)
def test_what_grows_or_stays_is_a_reason(measured, reason):
    assert any(found.startswith(reason) for found in judge(measured, Ledger()).reasons)


def test_some_growth_is_not_a_reason():
    assert judge(replace(CLEAN, samples=rising(4)), Ledger()).reasons == []


def test_faults_of_the_load_are_reasons_with_an_example():
    ledger = Ledger()
    for run in ("a", "b"):
        ledger.add_fault(LoadFault("viewer: a gap", f"run {run}"))

    reasons = judge(CLEAN, ledger).reasons

    assert reasons == [
        "faults the users noticed: 2.00 faults, allowed is <= 0",
        "2 times viewer: a gap: run a",
    ]


def test_latencies_are_compared_by_thirds():
    ledger = Ledger()
    ledger.latencies["x"] = [(1.0, 0.1), (2.0, 0.3), (80.0, 0.5)]

    report = judge(CLEAN, ledger)

    assert report.details["latencies"] == [
        {
            "kind": "x",
            "count": 3,
            "first_third": {"p50": 300.0, "p95": 300.0},
            "last_third": {"p50": 500.0, "p95": 500.0},
        }
    ]
    assert "500.0" in report.notes[0]


def test_the_command_fails_with_the_reasons(monkeypatch, tmp_path, capsys):
    outcome = Report([Figure("keys", 1, "keys")], ["something was lost"], {"acts": {}}, ["a note"])
    monkeypatch.setattr(running, "run", lambda minutes: outcome)

    with pytest.raises(CommandError, match="something was lost"):
        call_command("bench", "soak", json=tmp_path / "out.json")

    assert "a note" in capsys.readouterr().out
    assert "something was lost" in (tmp_path / "out.json").read_text()


@pytest.mark.parametrize("minutes", [0, -1, 10_000])
def test_a_length_that_never_ends_is_refused(minutes):
    with pytest.raises(CommandError, match="--minutes"):
        call_command("bench", "soak", minutes=minutes)


@pytest.mark.parametrize("name", sorted(make_files("zebra")))
def test_every_file_of_the_load_can_be_read(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(make_files("zebra")[name])

    assert "zebra" in parse_file(path, "", name=name).text


def test_a_padded_document_is_large_and_its_text_small(tmp_path):
    path = tmp_path / "large.docx"
    path.write_bytes(make_docx("The zebra.", padding=2**20))

    assert path.stat().st_size > 2**20
    assert "The zebra." in parse_file(path, "", name=path.name).text
    assert len(parse_file(path, "", name=path.name).text) < 100


@pytest.mark.parametrize("size", [2, 125, 126, 65_535, 65_536])
async def test_socket_client_sends_and_receives_frames_of_every_length(port, size):
    async with open_socket(("127.0.0.1", port), "/", "yw_good") as socket:
        await socket.send("x" * (size - 2))

        assert await socket.receive() == size


async def test_socket_client_tells_why_it_was_closed(port):
    async with open_socket(("127.0.0.1", port), "/close/4401", "yw_good") as socket:
        assert await socket.receive() is None
        assert socket.close_code == 4401


async def test_socket_client_tells_the_status_of_a_refusal(port):
    with pytest.raises(HandshakeRefused) as refused:
        async with open_socket(("127.0.0.1", port), "/deny/404", "yw_good"):
            pass

    assert refused.value.status == 404
