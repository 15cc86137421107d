"""The pages people use, and who may open them; whoever is not signed in is sent to do so."""

from __future__ import annotations

from typing import Any

from youworker.tests.matrix.world import Row


def page(
    method: str,
    path: str,
    access: str = "signed_in",
    ok: int = 200,
    thing: str = "",
    body: dict[str, Any] | None = None,
    things: dict[str, str] | None = None,
) -> Row:
    """One page and method; `ok` is the status of whoever gets in (302 leads to another page)."""
    return Row(method, path, access, None, ok, thing, body, things or {}, is_page=True)


SHELL = [
    page("get", "", ok=302),
    page("get", "sign-in", "signed_out"),
    page("post", "sign-in", "public", 422, body={}),
    page("post", "sign-out", ok=302),
    page("post", "preferences", "public", 302, body={"theme": "dark"}),
    page("get", "i18n/<slug:language>.js", "public"),
    page("get", "frame/diagram", "public"),
]

PAGE_ROWS = [*SHELL]
