"""What templates and modules must not contain: the policy forbids it, or a text could act."""

import re
from pathlib import Path

import pytest

from youworker.server.static_files import INSTALLED, found_files

ROOT = Path(__file__).resolve().parents[2]

MODULES = {
    name: path
    for name, path in found_files()
    if path.suffix == ".js"
    and not path.is_relative_to(INSTALLED)
    and not name.startswith("vendor/")
}
TEMPLATES = [
    path
    for rooms in ("*", "youworker/*")
    for path in ROOT.glob(f"{rooms}/templates/**/*.html")
    if path.name != "redoc.html" and "admin" not in path.parts
]
MARKUP_WRITERS = re.compile(
    r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|setHTML"
    r"|createContextualFragment|\beval\(|new Function"
)
ACTING_MARKUP = {
    "a script of its own": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S"),
    "a style of its own": re.compile(r"<style|\sstyle="),
    "a handler": re.compile(r"\son[a-z]+=|\shx-on"),
    "an expression": re.compile(r"""hx-[\w:-]+=["']\s*js:|hx-trigger=["'][^"']*\["""),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape off|mark_safe"),
    "another origin": re.compile(r"""(?:src|href|action)=["'](?:https?:)?//"""),
    "data as an address": re.compile(r"""["']data:"""),
}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_only_the_sanitizer_makes_nodes_of_markup(name):
    assert MARKUP_WRITERS.findall(MODULES[name].read_text()) == []


@pytest.mark.parametrize("what", ACTING_MARKUP)
def test_no_template_has(what):
    found = [path.name for path in TEMPLATES if ACTING_MARKUP[what].search(path.read_text())]

    assert found == []


def test_every_icon_that_is_named_is_drawn():
    sprite = (ROOT / "youworker/static/youworker/icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    in_templates = re.compile(r'_icon\.html" with name="([\w-]+)"')
    in_modules = re.compile(r'\bicon\("([\w-]+)"')

    named = {icon for path in TEMPLATES for icon in in_templates.findall(path.read_text())}
    named |= {icon for path in MODULES.values() for icon in in_modules.findall(path.read_text())}

    assert len(named) > 10
    assert named <= drawn
