"""The commands that documents quote: found in their blocks, and held against the product."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management import CommandError, get_commands, load_command_class
from django.urls import Resolver404, resolve

from youworker.core.config import BASE_DIR, all_settings
from youworker.handbook.contents import FOLDER

README = BASE_DIR / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELLS = {"sh", "bash", "console"}
INNER = re.compile(r"\$\(([^()]*)\)")
ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)
VARIABLE = re.compile(r"\$\{?[A-Z]+\}?")
# What examples of the API keep in the shell.
OWN_VARIABLES = {"KEY", "AUTH", "URL"}
# Programs of the machine, which know their options themselves.
FOREIGN = {
    *("age-keygen", "cd", "cp", "docker", "git", "grep", "helm", "kubectl", "mkdir", "nginx"),
    *("openssl", "podman", "promtool", "sh", "systemctl"),
}
SOME_ID = "00000000-0000-7000-8000-000000000000"
CELERY = {"worker", "beat"}


class Unfit(Exception):
    """A command that the product would not understand."""


def documents():
    """The README and every page of the handbook."""
    return [README, *sorted(FOLDER.glob("*/**/*.md"))]


def blocks(text):
    """What a document has its readers type."""
    for kind, block in BLOCK.findall(text):
        if kind in SHELLS or (not kind and "manage.py" in block):
            yield block


def lines(text):
    """Each command of a document, with continued lines joined."""
    for block in blocks(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip()


def simple_commands(line):
    """The words of each command of a line, those in `$(…)` included."""
    for inner in INNER.findall(line):
        yield from simple_commands(inner)
    lexer = shlex.shlex(INNER.sub("x", line), posix=True, punctuation_chars=";|&")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words = []
    for word in lexer:
        if set(word) <= set(";|&"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def check_line(line):
    """Raise `Unfit` when a command of this line is not one of the product."""
    for words in simple_commands(line):
        check_words(words)


def check_words(words):
    """Look whether a command could be carried out, by what it begins with."""
    words = words[1:] if words[:1] == ["export"] else words
    while words and (found := ASSIGNMENT.fullmatch(words[0])):
        require_variable(found[1])
        words = words[1:]
    if not words:
        return
    program, given = words[0], words[1:]
    if program.endswith("python") and given[:1] == ["manage.py"]:
        check_manage(given[1:])
    elif program.endswith("python") and given[:2] == ["-m", "youworker.server"]:
        check_server(given[2:])
    elif program == "make":
        require_targets(given)
    elif program == "curl":
        check_curl(given)
    elif program == "celery":
        if given[:2] != ["-A", "youworker"] or not CELERY.issuperset(given[2:3]):
            raise Unfit(f"celery {given}")
    elif program not in FOREIGN:
        raise Unfit(f"the program {program}")


def require_variable(name):
    """The variable is a setting of ours, or one that the examples keep something in."""
    if name not in setting_names() | OWN_VARIABLES:
        raise Unfit(f"the variable {name}")


def setting_names():
    """Every variable that is read, with its twin for secret files."""
    names = {described.name for described, _default in all_settings()}
    return names | {f"{name}_FILE" for name in names}


def parser_of(name):
    """The parser of one of the commands of `manage.py`."""
    if name not in get_commands():
        raise Unfit(f"manage.py {name}")
    app = get_commands()[name]
    command = app if not isinstance(app, str) else load_command_class(app, name)
    return command.create_parser("manage.py", name)


def check_manage(given):
    """The command of `manage.py` exists and takes what it is given."""
    if not given:
        raise Unfit("manage.py alone")
    try:
        parser_of(given[0]).parse_args(given[1:])
    except CommandError as error:
        raise Unfit(f"manage.py {given}: {error}") from error


def check_server(given):
    """The web process takes these options."""
    source = (BASE_DIR / "youworker/server/__main__.py").read_text()
    for word in given:
        if word.startswith("--") and f'"{word}"' not in source:
            raise Unfit(f"youworker.server {word}")


def require_targets(given):
    """The Makefile has these targets, and these variables."""
    makefile = (BASE_DIR / "Makefile").read_text()
    for word in given:
        found = ASSIGNMENT.fullmatch(word)
        wanted = rf"^{found[1]} [?:]?=" if found else rf"^{re.escape(word)}:"
        if not re.search(wanted, makefile, re.MULTILINE):
            raise Unfit(f"make {word}")


def check_curl(given):
    """The address is one of ours, and takes the method."""
    method, path = "get", ""
    words = iter(given)
    for word in words:
        if word in {"-H", "-d", "-F", "--json"}:
            next(words)
            method = method if word == "-H" or method != "get" else "post"
        elif word == "-X":
            method = next(words).lower()
        elif not word.startswith("-"):
            path = word
    check_route(method, path)


def check_route(method, address):
    """A route of the product takes this method."""
    filled = VARIABLE.sub(SOME_ID, address.replace("$URL", "http://127.0.0.1/v1"))
    try:
        found = resolve(urlsplit(filled).path).func
    except Resolver404 as error:
        raise Unfit(f"the address {address}") from error
    actions = getattr(found, "actions", None)
    view = getattr(found, "cls", None) or getattr(found, "view_class", None)
    takes = method in actions if actions else view is None or hasattr(view, method)
    if not takes:
        raise Unfit(f"{method} {address}")


def manage_lines():
    """Every command of `manage.py` that a document quotes, without its program."""
    for document in documents():
        for line in lines(Path(document).read_text()):
            for words in simple_commands(line):
                given = [word for word in words if not ASSIGNMENT.fullmatch(word)]
                if given[1:2] == ["manage.py"]:
                    yield tuple(given[2:])
