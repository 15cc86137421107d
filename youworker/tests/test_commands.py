"""Every command: explained, and without a traceback for what an operator can end."""

import os
import signal
import subprocess
import sys
from argparse import SUPPRESS
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, find_commands, load_command_class
from django.core.management.base import BaseCommand
from django.db import connection
from redis.exceptions import ConnectionError as NoRedis

from documents.exceptions import StorageFull
from youworker.core import commands
from youworker.core.commands import refusing_trouble, share
from youworker.core.config import BASE_DIR

OWN = {
    name: app.name
    for app in apps.get_app_configs()
    if str(BASE_DIR) in app.path and ".venv" not in app.path
    for name in find_commands(f"{app.path}/management")
}
# What each needs to get as far as the database.
ARGUMENTS = {
    "add_mcp_server": ["one", "--url", "https://tools.example/mcp"],
    "add_openapi_server": ["one", "--url", "https://tools.example/openapi.json"],
    "apply_config": ["{tmp}/configuration.yaml"],
    "ask": ["What?"],
    "backup": ["{tmp}/backups"],
    "bench": ["retrieval", "--questions", "none.tsv", "--user", "anna"],
    "create_api_key": ["anna", "--name", "a", "--scopes", "chat"],
    "erase_account": ["anna", "--yes"],
    "export_account": ["anna", "--output", "{tmp}/anna.zip"],
    "golden_questions": ["list"],
    "ingest": ["{tmp}", "--user", "anna"],
    "mcp_serve": ["datetime", "--stdio", "--user", "anna"],
    "reembed": ["some-model"],
    "restore": ["{tmp}/backups"],
    "verify_backup": ["{tmp}/backups"],
}
# They tell of files before they ask the database anything; `up` has tests of its own.
NEED_NO_DATABASE = {"restore", "verify_backup", "up"}
ASKING_THE_DATABASE = sorted(set(OWN) - NEED_NO_DATABASE)
# The one makes the tables, the other tells of each part that does not work and goes on.
MAKES_TABLES, TELLS_OF_PARTS = "prepare", "doctor"


def run(name, folder):
    (folder / "configuration.yaml").write_text("version: 1")
    arguments = [each.format(tmp=folder) for each in ARGUMENTS.get(name, [])]
    with refusing_trouble():
        call_command(name, *arguments, stdout=StringIO(), stderr=StringIO())


def taken_by(parser):
    return parser._actions  # noqa: SLF001 -- argparse has no other list


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_command_and_all_that_it_takes_are_explained(name):
    command = load_command_class(OWN[name], name)
    parser = command.create_parser("manage.py", name)
    usual = {action.dest for action in taken_by(BaseCommand().create_parser("manage.py", "x"))}

    assert command.help.strip().endswith(".")
    own = [action for action in taken_by(parser) if action.dest not in usual]
    assert [action.dest for action in own if not action.help or action.help == SUPPRESS] == []
    assert name in parser.format_help()


@pytest.mark.parametrize("name", [x for x in ASKING_THE_DATABASE if x != MAKES_TABLES])
@pytest.mark.django_db
def test_a_database_without_tables_is_a_sentence(name, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO nothing_is_here")

    with pytest.raises(CommandError) as refused:
        run(name, tmp_path)

    assert "run manage.py migrate (or up) first" in str(refused.value)


@pytest.fixture
def database_down(django_db_blocker, monkeypatch):
    with django_db_blocker.unblock():
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            patch.setitem(connection.settings_dict, "PORT", "1")
            patch.setitem(connection.settings_dict, "PASSWORD", "a-secret-password")
            yield
            connection.close()


@pytest.mark.parametrize("name", [x for x in ASKING_THE_DATABASE if x != TELLS_OF_PARTS])
def test_a_database_that_is_down_is_a_sentence(name, tmp_path, database_down):
    with pytest.raises(CommandError) as refused:
        run(name, tmp_path)

    said = str(refused.value)
    assert said.startswith("The database does not answer")
    assert "secret" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "option"), [("eval_answers", "--min-right"), ("eval_retrieval", "--min-mrr")]
)
@pytest.mark.parametrize("given", ["80", "-0.1", "nan", "half"])
def test_what_is_good_enough_is_a_share_and_refused_before_anything_is_asked(name, option, given):
    with pytest.raises(CommandError, match=f"{option}: invalid share value: '{given}'"):
        call_command(name, f"{option}={given}")


@pytest.mark.parametrize("given", ["0", "0.7", "1"])
def test_a_share_is_between_nothing_and_everything(given):
    assert share(given) == float(given)


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may ignore it, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


@pytest.mark.slow
def test_ctrl_c_ends_a_command_with_its_own_code():
    waiting = start(
        "shell", "--no-imports", "-c", "import time; print(1, flush=True); time.sleep(99)"
    )
    with waiting:
        assert waiting.stdout.readline() == "1\n"
        waiting.send_signal(signal.SIGINT)
        said = waiting.stderr.read()

    assert (waiting.returncode, said) == (130, "stopped\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["shell", "--no-imports", "-c", "for number in range(10**5): print(number)"],
        # Less than a buffer, so that nothing is written before the end.
        ["shell", "--no-imports", "-c", "import time; time.sleep(0.3); print(1)"],
    ],
)
def test_a_reader_who_leaves_is_no_traceback(command):
    writing = start(*command)
    with writing:
        writing.stdout.close()
        said = writing.stderr.read()

    assert (writing.returncode, said) == (141, "")


@pytest.mark.slow
def test_a_database_that_is_down_is_one_line_of_the_command_line():
    nowhere = "postgres://anna:a-secret-password@127.0.0.1:1/x"
    refused = start("purge_deleted", DATABASE_URL=nowhere)
    _, said = refused.communicate(timeout=60)

    assert refused.returncode == 1
    assert said.startswith("youworker: The database does not answer")
    assert (said.count("\n"), "secret" in said) == (1, False)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (StorageFull("There is no room left."), "There is no room left."),
        (OSError(28, "No space left on device", "/mnt/x"), "/mnt/x: No space left on device."),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "A file that was given is no text"),
    ],
)
def test_what_an_operator_can_end_is_said(trouble, sentence):
    with pytest.raises(CommandError, match=sentence), refusing_trouble():
        raise trouble


@pytest.mark.parametrize("bug", [ValueError("no sentence"), OSError("without a number")])
def test_a_bug_of_ours_stays_one(bug):
    with pytest.raises(type(bug)), refusing_trouble():
        raise bug


def test_a_redis_that_is_away_is_said():
    assert commands.sentence_for(NoRedis("refused\nat length")) == "Redis does not answer: refused"


def test_a_wrong_statement_of_ours_stays_a_bug(db):
    with pytest.raises(Exception, match="syntax"), refusing_trouble():
        connection.cursor().execute("SELEC 1")


@pytest.mark.parametrize(("options", "said"), [([], "token_days_deleted: 0\n"), (["--json"], '{"')])
@pytest.mark.django_db
def test_counts_are_lines_or_one_object(options, said):
    out = StringIO()

    call_command("apply_retention", "--dry-run", *options, stdout=out)

    assert said in out.getvalue()
