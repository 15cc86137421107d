"""The documents keep up with the product."""

import re
from collections import Counter
from importlib import import_module, util
from itertools import chain

import pytest
from django.apps import apps
from django.core.management import find_commands, get_commands

from accounts.enums import Scope
from youworker.core.config import BASE_DIR

# What is quoted as code, in a line or in a block.
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
# `youworker.{server | tasks}` stands for two.
BRACES = re.compile(r"([\w.]+)\{([\w,| ]+)\}")
NAME = re.compile(r"(?<![\w./:@-])[a-z]\w*(?:[./][\w*]+)+")
PROJECT = {
    "youworker",
    "tools",
    "accounts",
    "groups",
    "quotas",
    "documents",
    "ingestion",
    "mcp",
    "chat",
}


def test_the_readme_lists_every_command_and_no_other():
    text = (BASE_DIR / "README.md").read_text()
    section = text.partition("## Commands")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))

    own = set()
    for app in apps.get_app_configs():
        if str(BASE_DIR) in app.path and ".venv" not in app.path:
            own |= set(find_commands(f"{app.path}/management"))

    assert own
    assert own - listed == set()
    assert listed - set(get_commands()) == set()
    # `doctor --models` has a row of its own.
    assert repeated(re.findall(r"^\| `(\w+(?: \S+)?)", section, re.MULTILINE)) == []


def test_every_word_and_decision_of_the_architecture_stands_once():
    text = (BASE_DIR / "ARCHITECTURE.md").read_text()
    glossary = text.partition("## Glossary")[2]
    decisions = re.findall(r"^(\d+)\. \*\*", text, re.MULTILINE)

    assert glossary
    assert decisions
    assert repeated(re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE)) == []
    assert repeated(decisions) == []


def repeated(words):
    """The words that are there more than once."""
    return sorted(word for word, times in Counter(words).items() if times > 1)


def places_in(text):
    """The modules, files and folders of the project that a text names as code."""
    rooms = {path.name for path in (BASE_DIR / "youworker").iterdir() if path.is_dir()}
    code = BRACES.sub(
        lambda found: " ".join(found[1] + each for each in re.findall(r"\w+", found[2])),
        "\n".join(CODE.findall(text)),
    )
    for name in NAME.findall(code):
        first = re.split(r"[./]", name)[0]
        if name in Scope.values:
            continue
        if first in PROJECT:
            yield name
        elif first in rooms:
            yield f"youworker{name[len(first)]}{name}"


def is_there(name):
    """Whether a place exists: a path, a module, what a module defines, or an app's migration."""
    if "/" in name:
        return any(chain(BASE_DIR.glob(name), BASE_DIR.glob(f"{name}.py")))
    parent, _, last = name.rpartition(".")
    if last.isdecimal():
        return any((BASE_DIR / parent / "migrations").glob(f"{last}_*.py"))
    try:
        module = import_module(parent)
    except ModuleNotFoundError:
        return False
    is_package = hasattr(module, "__path__")
    return hasattr(module, last) or (is_package and util.find_spec(name) is not None)


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_the_modules_that_a_document_names_are_there(document):
    places = set(places_in((BASE_DIR / document).read_text()))

    assert places
    assert sorted(name for name in places if not is_there(name)) == []


def test_a_module_that_went_is_found_however_it_is_named():
    text = "`chat.runs.gone`, `chat/runs/gone`, `core.gone`, `python -m youworker.{server,gone}`"
    lasting = "`chat.runs.store` `chat/runs/store` `core.sql.Insert` `documents.read` `redis.lock`"

    assert [name for name in places_in(f"{text} {lasting}") if not is_there(name)] == [
        "chat.runs.gone",
        "chat/runs/gone",
        "youworker.core.gone",
        "youworker.gone",
    ]
