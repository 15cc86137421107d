"""Which module knows which: in one direction only, whatever `lint-imports` cannot say."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import grimp
import pytest

from youworker.core.config import BASE_DIR

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("accounts", "groups", "documents", "ingestion", "mcp", "chat", "youworker")
# What the image leaves out, besides tests.
OUTSIDE = (BASE_DIR / ".dockerignore").read_text().split()
# Of the apps: `youworker.core.managers` has the way over a relation itself.
MANAGERS = sorted(BASE_DIR.glob("*/managers.py"))


@pytest.fixture(scope="module")
def graph():
    """Every import but those for type checkers; ones inside functions count like all others."""
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, directly or through others: every such group, sorted."""
    reach = {module: reachable(module, imports) for module in imports}
    groups = {
        tuple(sorted(other for other in reach[module] if module in reach[other]))
        for module in imports
    }
    return sorted(list(group) for group in groups if group)


def reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    """What a module imports, and what that imports, and so on."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        news = imports[waiting.pop()] - found
        found |= news
        waiting += news
    return found


def test_circles_finds_those_that_lead_over_others():
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"e"}}

    assert circles(imports) == [["b", "c"], ["e"]]


def test_no_module_imports_one_that_imports_it(graph):
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}

    assert len(imports) > 400
    assert circles(imports) == []


def test_imports_inside_functions_are_seen(graph):
    seen = graph.find_modules_directly_imported_by("youworker.apps")

    assert "youworker.celery" in seen


@pytest.mark.parametrize("path", MANAGERS, ids=lambda path: path.parent.name)
def test_managers_reach_models_by_relations_only(path: Path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}

    assert not names & {"apps", "get_model", "get_user_model", "related_model"}


def stays_outside(module: str) -> bool:
    """Whether a module is left out of the image."""
    path = module.replace(".", "/")
    if "tests" in path.split("/"):
        return True
    return any(f"{path}/".startswith(f"{line.removesuffix('.py')}/") for line in OUTSIDE)


def test_the_image_needs_nothing_that_is_left_out_of_it(graph):
    left_out = {module for module in graph.modules if stays_outside(module)}
    inside = graph.modules - left_out

    assert {
        "youworker.tests.support.plugin",
        "youworker.tests.bench.chat",
        "chat.tests.fakes",
    } <= left_out
    assert {"chat.models", "youworker.server"} <= inside
    needed = {name: graph.find_modules_directly_imported_by(name) & left_out for name in inside}
    assert {name: found for name, found in needed.items() if found} == {}
