"""Damaged files through the real parser process; `FUZZ=5000` reads so many (`make fuzz`)."""

import os
import shutil
import sys
import time
from collections import Counter

import pytest

from ingestion.parsing.process import Parser, ParserLost
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import Limits
from ingestion.tests.fuzzing import damaged, whole_files

COUNT = int(os.environ.get("FUZZ", "150"))
SECONDS = 20.0
LIMITS = Limits(files=200, file_bytes=10**7, bytes=10**8)
# Files of which a parser may be lost, in a thousand: those that break a library badly.
MOST_LOST = 5


@pytest.fixture
def parser():
    made = Parser(timeout=SECONDS, memory_mb=1024)
    yield made
    made.close()


def outcome_of(parser, path, name, scratch):
    """What became of a file, and why, in words that are counted."""
    try:
        found = parser.parse(path, "", name=name, heartbeat=lambda: None, scratch=(scratch, LIMITS))
    except ParseFailed as error:
        return error.code
    except ParserLost as error:
        return f"lost: {error.code} {error}"
    assert found.passages or found.members
    for passage in found.passages:
        assert 0 < len(passage.text) == passage.end - passage.start
    for number, member in enumerate(found.members):
        assert member.code or (scratch / str(number)).stat().st_size == member.size
    return "read"


@pytest.mark.slow
def test_damaged_files_end_and_cost_no_parser_for_good(parser, tmp_path):
    files, outcomes, lost = whole_files(), Counter(), []
    path, scratch = tmp_path / "file", tmp_path / "scratch"
    for number in range(COUNT):
        name, content = damaged(number, files)
        path.write_bytes(content)
        began = time.monotonic()
        outcome = outcome_of(parser, path, name, scratch)
        shutil.rmtree(scratch, ignore_errors=True)
        outcomes[outcome] += 1
        if outcome.startswith("lost") or outcome == "parse_timeout":
            lost.append(f"{number} {name}: {outcome}, {time.monotonic() - began:.1f} s")

    report = [f"{count:6} {outcome}" for outcome, count in outcomes.most_common()]
    sys.stdout.write("\n".join(["", *report, *lost, ""]))
    path.write_bytes(b"The zebra.")
    assert outcome_of(parser, path, "a.txt", scratch) == "read"
    assert outcomes.total() == COUNT
    assert len(lost) <= COUNT * MOST_LOST / 1000, lost
