"""What the README and the handbook have their readers type is what the product takes."""

import re
import shlex

import pytest
from django.core.management import call_command, get_commands

from accounts.tests.factories import UserFactory
from youworker.core.config import BASE_DIR
from youworker.handbook.contents import FOLDER
from youworker.handbook.tests import shell

CODE = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"(?<![\w$./-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*/])")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# Variables of other programs, and names that examples make up.
OTHERS = {
    *(
        "LITELLM_LOCAL_MODEL_COST_MAP",
        "OPENAI_AGENTS_DISABLE_TRACING",
        "OLLAMA_CONTEXT_LENGTH",
        "OLLAMA_NUM_PARALLEL",
    ),
    *("YOUWORKER_API_KEY", "SHOP_TOKEN", "MEMORY_MB", "NAME_FILE"),
}
OF_COMPOSE = re.compile(r"\$\{([A-Z_]+)")
# Variables that libraries and images read by themselves.
STANDARD = ("AWS_", "OTEL_", "POSTGRES_", "PG")
# They need no server beside the database and Redis, and change nothing that matters.
CARRIED_OUT = {
    *("create_api_key", "purge_deleted", "apply_retention", "audit_verify"),
    *("requeue_ingestion", "sync_sources"),
}
DRY = {"rotate_message_keys": "--dry-run"}


@pytest.mark.parametrize("document", shell.documents(), ids=lambda path: "/".join(path.parts[-3:]))
def test_every_command_is_one_of_the_product(document):
    for line in shell.lines(document.read_text()):
        shell.check_line(line)


def test_there_are_commands_in_the_readme_and_in_the_operators_part():
    counted = {path.name: len(list(shell.lines(path.read_text()))) for path in shell.documents()}

    assert counted["README.md"] > 10
    assert sum(counted[path.name] for path in FOLDER.glob("en/operator/*.md")) > 30


@pytest.mark.parametrize(
    "line",
    [
        ".venv/bin/python manage.py doctor --nope",
        ".venv/bin/python manage.py nowhere",
        ".venv/bin/python manage.py create_api_key admin --scopes chat",
        ".venv/bin/python manage.py bench nothing",
        ".venv/bin/python manage.py bench chat --streams many",
        "KEY=$(.venv/bin/python manage.py create_api_key --wrong)",
        "make nowhere",
        "make test JOB=4",
        "LLM_URL=http://x make run",
        "curl $URL/nowhere",
        "curl -X DELETE $URL/search",
        "curl $URL/v1/tools/$TOOL",
        "curl -H a http://127.0.0.1:8000/health/unknown",
        "celery -A youworker wurker",
        "python -m youworker.server --hosts 0.0.0.0",
        "rm -rf /",
    ],
)
def test_a_command_that_is_none_is_found(line):
    with pytest.raises(shell.Unfit):
        shell.check_line(line)


def deployed():
    """The variables that the files of a deployment read themselves."""
    files = (BASE_DIR / "deploy").glob("*.yaml")
    return {name for file in files for name in OF_COMPOSE.findall(file.read_text())}


@pytest.mark.parametrize("document", shell.documents(), ids=lambda path: "/".join(path.parts[-3:]))
def test_every_variable_is_a_setting(document):
    known = shell.setting_names() | OTHERS | deployed()
    quoted = "\n".join(CODE.findall(shell.BLOCK.sub("", document.read_text())))
    named = set(NAME.findall(quoted))

    assert sorted(name for name in named - known if not name.startswith(STANDARD)) == []


@pytest.mark.parametrize("document", shell.documents(), ids=lambda path: "/".join(path.parts[-3:]))
def test_every_option_of_a_quoted_command_exists(document):
    for code in CODE.findall(shell.BLOCK.sub("", document.read_text())):
        name = code.removeprefix("manage.py ").partition(" ")[0]
        if name not in get_commands() or not FLAG.search(code):
            continue
        known = set(FLAG.findall(shell.parser_of(name).format_help()))
        assert sorted(set(FLAG.findall(code)) - known) == [], code


# Each command line that is carried out here, once.
SAFE = [
    given
    for given in dict.fromkeys(shell.manage_lines())
    if given[0] in CARRIED_OUT or DRY.get(given[0], "") in given
]


@pytest.mark.parametrize("given", SAFE, ids=shlex.join)
@pytest.mark.django_db
def test_what_is_safe_is_carried_out(given, capsys):
    UserFactory(username="admin", is_staff=True, is_superuser=True)

    call_command(*given)

    assert "Traceback" not in capsys.readouterr().err


def test_most_kinds_of_safe_commands_are_quoted():
    assert {given[0] for given in SAFE} == CARRIED_OUT | set(DRY)
