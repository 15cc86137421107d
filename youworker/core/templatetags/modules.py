"""What modules of a page import, told at once: else a browser learns of it one import at a time."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join

register = template.Library()

# Every page has it, and tells its imports.
COMMON = "youworker/js/app.js"
# They import nothing.
VENDORED = "vendor/"
# The last line of an import; what is loaded later (`import(…)`) is not needed for the page.
IMPORT = re.compile(r'^(?:import|export|\})[^"\n]*"(\.[^"\n]+)";', re.MULTILINE)


@register.simple_tag
@cache
def preload_imports(*names: str) -> str:
    """Links to whatever these modules import, besides what every page has."""
    told = {} if COMMON in names else dict.fromkeys((COMMON, *imports_of(COMMON)))
    wanted = dict.fromkeys(one for name in names for one in imports_of(name) if one not in told)
    links = ((static(name),) for name in wanted)
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', links)


@cache
def imports_of(name: str) -> tuple[str, ...]:
    """The modules that one imports, and that those import, by their names; the nearest first."""
    found = dict[str, None]()
    waiting = [name]
    for importing in waiting:
        for path in IMPORT.findall(source_of(importing)):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(importing), path))
            if imported not in found:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)


def source_of(name: str) -> str:
    """The text of a module, if it is ours; raises `FileNotFoundError` for none."""
    if name.startswith(VENDORED):
        return ""
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")
