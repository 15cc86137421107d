"""Names that tell: `python -m tools.names` lists functions whose names break the rules.

A function that writes, calls out or waits begins with a verb; a bare noun or participle only
computes. A function of a module says its object as well: one word is for methods.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
KNOWN = ROOT / "tools" / "names.toml"
VERBS = frozenset((ROOT / "tools" / "verbs.txt").read_text().split())
# A question that is answered by yes or no.
PREDICATES = {
    "is",
    "are",
    "was",
    "has",
    "had",
    "may",
    "can",
    "does",
    "must",
    "should",
    "needs",
    "remains",
}
SKIPPED = {"migrations", "tests", "tools", "var"}
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Calls that write rows, files or queues, or wait, by the last part of what is called. Words that
# values have as well (`set`, `add`, `get`, `update` without names) say nothing and are left out.
EFFECTS = {
    "abulk_create",
    "acreate",
    "adelete",
    "apply_async",
    "asave",
    "aupdate",
    "bulk_create",
    "bulk_update",
    "create",
    "delay",
    "delete",
    "execute",
    "executemany",
    "executescript",
    "get_or_create",
    "hard_delete",
    "mkdir",
    "read_bytes",
    "rmtree",
    "save",
    "save_fields",
    "send_task",
    "sleep",
    "soft_delete",
    "unlink",
    "update_or_create",
    "write_bytes",
    "write_text",
}
# These are read without parentheses, or named by a framework.
UNCALLED = {"property", "cached_property", "setter", "overload"}


class Finding(NamedTuple):
    """One name that breaks a rule."""

    name: str
    rule: str
    place: str


def main(arguments: list[str] | None = None) -> int:
    """Check every module; 1 when a name breaks a rule, or an exception is no longer needed."""
    argparse.ArgumentParser(prog="python -m tools.names", description=__doc__).parse_args(arguments)
    found = {each.name: each for each in findings(ROOT)}
    excused = tomllib.loads(KNOWN.read_text())["allowed"].keys()
    news = sorted(found.keys() - excused)
    lines = [f"{found[name].place}: {name} {found[name].rule}" for name in news]
    lines += [f"{KNOWN.name}: {name} is no exception any more" for name in excused - found.keys()]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


def findings(root: Path) -> Iterator[Finding]:
    """Every name that breaks a rule in the modules under a folder."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not SKIPPED.intersection(parts) and not any(part.startswith(".") for part in parts):
            yield from check_module(path.read_text(), path.relative_to(root))


def check_module(text: str, path: Path) -> Iterator[Finding]:
    """Every name that breaks a rule in one module."""
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for owner, node in functions(ast.parse(text)):
        rule = broken_rule(node, is_method=bool(owner))
        if rule:
            name = ".".join(filter(None, (module, owner, node.name)))
            yield Finding(name, rule, f"{path}:{node.lineno}")


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """The functions of a module and of its classes; those inside functions are nobody else's."""
    for node in tree.body:
        if isinstance(node, Function):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, each) for each in node.body if isinstance(each, Function))


def broken_rule(node: Function, *, is_method: bool) -> str | None:
    """Which rule a function's name breaks, if any."""
    words = node.name.strip("_").lower().split("_")
    is_called = not UNCALLED.intersection(decorators(node))
    named_by_custom = node.name == "main" or node.name.startswith("__")
    if named_by_custom or words[0] in PREDICATES or not is_called:
        return None
    acts = has_effect(node)
    if acts and words[0] not in VERBS and words[0].removeprefix("a") not in VERBS:
        return "writes, calls out or waits, and does not begin with a verb"
    if acts and len(words) == 1 and not is_method:
        return "says no object"
    return None


def decorators(node: Function) -> set[str]:
    """The last part of each decorator's name."""
    called = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {
        each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in called
    }


def has_effect(node: Function) -> bool:
    """Whether a function awaits, or calls something that is known to write or to wait."""
    for each in own_nodes(node):
        if isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith):
            return True
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            name = each.func.attr
            if name in EFFECTS or (name == "update" and any(word.arg for word in each.keywords)):
                return True
    return False


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What a function does itself: a decorator does not do what its wrapper does."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, Function | ast.Lambda):
            yield each
            yield from own_nodes(each)


if __name__ == "__main__":
    sys.exit(main())
