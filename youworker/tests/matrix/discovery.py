"""Every route and method the product answers, read from its URL table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver, get_resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> set[tuple[str, str]]:
    """Pairs of method and path; the admin has tests of its own."""
    return {
        (method, path)
        for path, view in patterns(get_resolver())
        if not path.startswith("admin/")
        for method in methods_of(view)
    }


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every path with its view."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def methods_of(view: Any) -> list[str]:
    """The methods a view answers; plain functions are for reading."""
    if actions := getattr(view, "actions", None):
        return [method for method in actions if method in METHODS]
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if kind is None:
        return ["get"]
    answered = getattr(kind, "http_method_names", METHODS)
    return [method for method in METHODS if hasattr(kind, method) and method in answered]
