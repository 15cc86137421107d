"""The pages of the chat, and who may open them."""

from __future__ import annotations

from youworker.tests.matrix.pages import page

SESSION, IN = "chat/<uuid:session_id>", {"session_id": "session"}
MESSAGE, RUN = "chat/messages/<uuid:pk>", "chat/runs/<uuid:pk>"
LONG = "x" * 201
CALL = {"pk": "run", "tool_run_id": "tool_run"}

CHAT_PAGES = [
    page("get", "chat"),
    page("post", "chat", ok=422, body={}),
    page("get", "chat/attach"),
    page("get", "chat/attach/found"),
    page("get", "chat/list"),
    # Without words nothing is looked for.
    page("get", "chat/said", ok=400),
    page("get", SESSION, "own", things=IN),
    page("post", SESSION, "own", 422, body={}, things=IN),
    page("get", f"{SESSION}/messages", "own", things=IN),
    page("get", f"{SESSION}/rename", "own", things=IN),
    page("post", f"{SESSION}/rename", "own", 422, body={}, things=IN),
    page("get", f"{SESSION}/settings", "own", things=IN),
    page("post", f"{SESSION}/settings", "own", 302, body={}, things=IN),
    page("get", f"{SESSION}/transcript", "own", things=IN),
    page("get", f"{SESSION}/print", "own", things=IN),
    page("post", f"{SESSION}/archive", "own", 302, things=IN),
    page("post", f"{SESSION}/delete", "own", 302, things=IN),
    page("post", f"{SESSION}/restore", "own", 302, things={"session_id": "deleted_session"}),
    page("post", f"{SESSION}/branch", "own", 400, body={}, things=IN),
    page("get", MESSAGE, "own", 302, "message"),
    page("get", f"{MESSAGE}/edit", "own", 200, "message"),
    page("post", f"{MESSAGE}/edit", "own", 422, "message", {}),
    page("post", f"{MESSAGE}/regenerate", "own", 400, "message", {"model": LONG}),
    page("post", f"{MESSAGE}/continue", "own", 400, "message", {"model": LONG}),
    page("get", f"{MESSAGE}/summary", "own", 200, "answer"),
    page("post", f"{MESSAGE}/feedback", "own", 302, "answer", {"rating": 1}),
    page("get", f"{MESSAGE}/reasoning", "own", 200, "answer"),
    # No file of the matrix is stored: whoever gets in is told so.
    page("get", "chat/attachments/<uuid:pk>/picture", "own", 404, "attachment"),
    # The run of the matrix has ended: whoever gets in is told so on the page of the chat.
    page("post", "chat/attachments/<uuid:pk>/keep", "own", 302, "attachment"),
    page("get", "approvals"),
    page("get", "account/allowed-tools"),
    page("post", "account/allowed-tools/<uuid:pk>/revoke", "own", 302, "tool_grant"),
    page("post", f"{RUN}/stop", "own", 302, "run"),
    page(
        "post",
        f"{RUN}/tools/<uuid:tool_run_id>",
        "own",
        302,
        body={"decision": "allow"},
        things=CALL,
    ),
]
