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
    page("get", "favicon.ico", "public", 302),
    page("get", "sign-in", "signed_out"),
    page("post", "sign-in", "public", 422, body={}),
    page("get", "sign-out"),
    page("post", "sign-out", ok=302),
    page("post", "preferences", "public", 302, body={"theme": "dark"}),
    page("get", "i18n/<slug:language>.js", "public"),
    page("get", "frame/diagram", "public"),
    page("get", "help"),
    page("get", "help/search"),
    page("get", "help/<path:page>"),
]

ACCOUNT = [
    page("get", "account", ok=302),
    page("get", "account/profile"),
    page("post", "account/profile", ok=422, body={}),
    page("get", "account/security"),
    page("get", "account/security/password"),
    page("post", "account/security/password", ok=422, body={}),
    page("get", "account/security/totp"),
    # Sessions of the matrix were not begun by signing in, so none of them is recent.
    page("post", "account/security/totp", ok=422, body={}),
    page("get", "account/security/totp/code.svg", ok=404),
    page("post", "account/security/totp/confirm", ok=409, body={"code": "1"}),
    page("post", "account/security/totp/remove", ok=422, body={}),
    page("post", "account/security/recovery-codes", ok=422, body={}),
    page("post", "account/sessions/end", ok=302),
    page("post", "account/sessions/<uuid:pk>/end", "own", 302, "sign_in"),
    page("get", "account/activity"),
    page("get", "account/keys"),
    page("post", "account/keys", ok=422, body={}),
    page("post", "account/keys/<uuid:pk>/rotate", "own", 200, "key"),
    page("post", "account/keys/<uuid:pk>/revoke", "own", 302, "key"),
    page("get", "account/tools"),
    # Nobody signs in at the server of the matrix: whoever gets in is told so.
    page("post", "account/tools/<uuid:pk>/connect", ok=404, thing="server"),
    page("get", "account/tools/callback", ok=302),
    page("post", "account/tools/<uuid:pk>/disconnect", "own", 302, "connected_server"),
    page("get", "account/usage"),
    page("get", "analytics"),
    page("get", "account/privacy"),
    page("post", "account/privacy/exports", ok=422, body={}),
    # The export of the matrix is not made yet: whoever gets in is told so.
    page("get", "account/privacy/exports/<uuid:pk>", "own", 404, "export"),
    page("post", "account/privacy/history", ok=422, body={}),
    page("post", "account/privacy/erase", ok=422, body={}),
]

GROUP = "groups/<uuid:group_id>"
PROGRAM_URL = f"{GROUP}/service-accounts/<uuid:pk>"
PROGRAM = {"group_id": "group", "pk": "service_account"}
ONE_GROUP = {"group_id": "group"}
IN_GROUP = {"group_id": "group", "user_id": "member"}
GROUPS = [
    page("get", "groups"),
    page("post", "groups", ok=302, body={"name": "New"}),
    page("get", GROUP, "members", things=ONE_GROUP),
    page("get", f"{GROUP}/settings", "managers", things=ONE_GROUP),
    page(
        "post",
        f"{GROUP}/settings",
        "managers",
        302,
        body={"name": "N"},
        things={"group_id": "group"},
    ),
    page("post", f"{GROUP}/delete", "told_managers", 302, things=ONE_GROUP),
    page("post", f"{GROUP}/restore", "told_managers", 302, things={"group_id": "deleted_group"}),
    page("post", f"{GROUP}/members", "managers", 422, body={}, things=ONE_GROUP),
    page(
        "post",
        f"{GROUP}/members/<uuid:user_id>/role",
        "told_managers",
        302,
        body={"role": "admin"},
        things=IN_GROUP,
    ),
    page("post", f"{GROUP}/members/<uuid:user_id>/remove", "told_managers", 302, things=IN_GROUP),
    page("get", f"{GROUP}/service-accounts", "managers", things=ONE_GROUP),
    page("post", f"{GROUP}/service-accounts", "managers", 422, body={}, things=ONE_GROUP),
    page("get", f"{PROGRAM_URL}", "managers", things=PROGRAM),
    page("post", f"{PROGRAM_URL}", "managers", 422, body={}, things=PROGRAM),
    page("post", f"{PROGRAM_URL}/remove", "told_managers", 302, things=PROGRAM),
    page(
        "post",
        f"{PROGRAM_URL}/keys/<uuid:key_id>/revoke",
        "told_managers",
        302,
        things={**PROGRAM, "key_id": "service_key"},
    ),
]

DOCUMENT, COLLECTION = "documents/<uuid:pk>", "collections/<uuid:pk>"
VERSION = f"{DOCUMENT}/versions/<int:number>"
DOCUMENTS = [
    page("get", "documents"),
    # Without a choice whoever gets in is led back to the list.
    page("post", "documents/batch", ok=302, body={}),
    page("post", "documents/restore", ok=404, body={}),
    page("get", DOCUMENT, "readers", thing="document"),
    page("get", "search"),
    # Whoever opens the address of a part of a page is led to the page.
    page("get", f"{DOCUMENT}/panel", "readers", 302, "document"),
    # No file of the matrix is stored: whoever gets in is told so.
    page("get", f"{DOCUMENT}/original", "readers", 404, "document"),
    page("get", f"{VERSION}/original", "readers", 404, "versioned"),
    page("get", f"{DOCUMENT}/edit", "writers", thing="document"),
    page("post", f"{DOCUMENT}/edit", "writers", 422, "document", {}),
    page("post", f"{DOCUMENT}/delete", "writers", 302, "document"),
    page("post", f"{DOCUMENT}/keep-answer", "measurers", 302, "document"),
    page("post", f"{VERSION}/restore", "told_writers", 302, "versioned"),
    page("post", f"{VERSION}/delete", "told_writers", 302, "versioned"),
    page("get", f"{DOCUMENT}/sharing", "readers", thing="document"),
    page("post", f"{DOCUMENT}/sharing", "writers", 422, "document", {}),
    page("get", "collections/add"),
    page("post", "collections/add", ok=422, body={}),
    page("get", COLLECTION, "readers", thing="collection"),
    page("get", f"{COLLECTION}/edit", "writers", thing="collection"),
    page("post", f"{COLLECTION}/edit", "writers", 422, "collection", {}),
    page("get", f"{COLLECTION}/delete", "writers", thing="collection"),
    page("post", f"{COLLECTION}/delete", "writers", 302, "collection"),
    page("post", f"{COLLECTION}/restore", "own", 302, "collection"),
    page("get", f"{COLLECTION}/sharing", "readers", thing="collection"),
    page("post", f"{COLLECTION}/sharing", "writers", 422, "collection", {}),
]

INGESTION_RUN = "documents/runs/<uuid:pk>"
SOURCE = "sources/<uuid:pk>"
INGESTION = [
    page("get", "documents/add"),
    page("post", "documents/add", ok=422, body={}),
    page("get", "documents/add-web"),
    page("post", "documents/add-web", ok=422, body={}),
    page("get", "documents/runs"),
    page("get", INGESTION_RUN, "own", thing="ingestion"),
    # Nothing of the matrix's run is left to be cancelled, and nothing of it has failed.
    page("post", f"{INGESTION_RUN}/cancel", "own", 409, "ingestion"),
    page("post", f"{INGESTION_RUN}/retry", "own", 409, "ingestion"),
    page("post", f"{INGESTION_RUN}/delete", "own", 302, "ingestion"),
    page("get", "sources"),
    page("get", "sources/add"),
    page("post", "sources/add", ok=422, body={}),
    page("get", f"{SOURCE}/edit", "own", thing="source"),
    page("post", f"{SOURCE}/edit", "own", 422, "source", {}),
    page("get", f"{SOURCE}/delete", "own", thing="source"),
    page("post", f"{SOURCE}/delete", "own", 302, "source"),
    page("post", f"{SOURCE}/sync", "own", 302, "source"),
    page("post", f"{SOURCE}/pause", "own", 302, "source"),
]

PAGE_ROWS = [*SHELL, *ACCOUNT, *GROUPS, *DOCUMENTS, *INGESTION]
