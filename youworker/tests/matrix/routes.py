"""The routes of the product, and who may use them."""

from __future__ import annotations

from youworker.tests.matrix.chat_pages import CHAT_PAGES
from youworker.tests.matrix.pages import PAGE_ROWS
from youworker.tests.matrix.world import Row

READ, WRITE = "documents.read", "documents.write"
LONG = "x" * 1000

PAGES = [
    Row("get", "health/live", "public"),
    Row("get", "health/ready", "public"),
    Row("get", "health/detailed", "staff", "admin"),
    Row("get", "metrics", "public"),
    Row("get", "v1/schema", "public"),
    Row("get", "v1/docs", "public"),
    Row("get", "v1/redoc", "public"),
    Row("get", "v1/redoc.js", "public"),
]

ACCOUNTS = [
    Row("post", "v1/auth/login", "public", ok=400, body={}),
    Row("post", "v1/auth/logout", "signed_in", ok=204, refused_key=401),
    Row("get", "v1/auth/methods", "public"),
    # No proxy is trusted and no provider is configured here.
    Row("post", "v1/auth/sso", "public", ok=401),
    Row("post", "auth/oidc/login", "public", ok=404),
    Row("get", "auth/oidc/callback", "public", ok=404),
    Row("get", "v1/auth/csrf-token", "public"),
    # A key of any scope may ask what it is.
    Row("get", "v1/auth/me", "signed_in", "account", refused_key=200),
    Row("patch", "v1/auth/me", "signed_in", "account", body={}),
    Row("post", "v1/auth/tickets", "signed_in", "chat"),
    Row("get", "v1/users", "signed_in", "account", body={"search": "ow"}),
    Row("post", "v1/account/password", "signed_in", ok=400, body={}, refused_key=401),
    Row("get", "v1/account/mfa", "signed_in", refused_key=401),
    # Sessions of the matrix were not begun by signing in, so none of them is recent.
    Row("post", "v1/account/mfa/totp", "signed_in", ok=403, body={}, refused_key=401),
    Row("delete", "v1/account/mfa/totp", "signed_in", ok=400, body={}, refused_key=401),
    Row("post", "v1/account/mfa/totp/confirm", "signed_in", ok=400, body={}, refused_key=401),
    Row("post", "v1/account/mfa/recovery-codes", "signed_in", ok=400, body={}, refused_key=401),
    Row("get", "v1/account/sessions", "signed_in", refused_key=401),
    Row("delete", "v1/account/sessions", "signed_in", refused_key=401),
    Row("delete", "v1/account/sessions/<uuid:pk>", "own", ok=204, thing="sign_in", refused_key=401),
    Row("get", "v1/account/api-keys", "signed_in", "account"),
    Row("post", "v1/account/api-keys", "signed_in", "account", ok=400, body={}),
    Row("delete", "v1/account/api-keys/<uuid:pk>", "own", "account", 204, "key"),
    Row("post", "v1/account/api-keys/<uuid:pk>/rotate", "own", "account", 201, "key"),
    Row("get", "v1/account/usage", "signed_in", "account"),
    Row("get", "v1/analytics/overview", "signed_in", "account"),
    Row("get", "v1/analytics/tokens-timeline", "signed_in", "account"),
    Row("get", "v1/analytics/tool-performance", "signed_in", "account"),
    Row("get", "v1/analytics/tool-timeline", "signed_in", "account"),
    Row("get", "v1/analytics/ingestion-stats", "signed_in", "account"),
    Row("get", "v1/analytics/session-activity", "signed_in", "account"),
    Row("get", "v1/analytics/unanswered-questions", "staff", "admin"),
    Row("get", "v1/account/audit", "signed_in", "account"),
    Row("get", "v1/account/private-reads", "signed_in", "account"),
    # Neither of the two goes without a recent sign-in.
    # Without a young session or the password: whoever gets in is asked for it.
    Row("post", "v1/account/exports", "signed_in", "account", ok=403, body={}),
    Row("delete", "v1/account", "signed_in", "account", ok=403, body={}),
    Row("get", "v1/account/exports", "signed_in", "account"),
    Row("get", "v1/account/exports/<uuid:pk>", "own", "account", thing="export"),
    # The export of the matrix is not made yet: whoever gets in is told so.
    Row("get", "v1/account/exports/<uuid:pk>/download", "own", "account", 404, "export"),
    Row("delete", "v1/account/history", "signed_in", "account"),
]

GROUP = "v1/groups/<uuid:group_id>"
MEMBER = {"group_id": "group", "user_id": "member"}
PROGRAM = {"group_id": "group", "pk": "service_account"}
GROUPS = [
    Row("get", "v1/groups", "signed_in", "account"),
    Row("post", "v1/groups", "signed_in", "account", 201, body={"name": "New"}),
    Row("get", "v1/groups/<uuid:pk>", "members", "account", thing="group"),
    Row("patch", "v1/groups/<uuid:pk>", "managers", "account", 200, "group", {"name": "N"}),
    Row("delete", "v1/groups/<uuid:pk>", "managers", "account", 204, "group"),
    Row("post", "v1/groups/<uuid:pk>/restore", "managers", "account", 200, "deleted_group"),
    Row("get", f"{GROUP}/members", "members", "account", things=MEMBER),
    Row("post", f"{GROUP}/members", "managers", "account", 400, body={}, things=MEMBER),
    Row(
        "patch",
        f"{GROUP}/members/<uuid:user_id>",
        "managers",
        "account",
        body={"role": "admin"},
        things=MEMBER,
    ),
    Row("delete", f"{GROUP}/members/<uuid:user_id>", "leavers", "account", 204, things=MEMBER),
    Row("get", f"{GROUP}/service-accounts", "managers", "account", things=PROGRAM),
    Row("post", f"{GROUP}/service-accounts", "managers", "account", 400, "", {}, PROGRAM),
    Row(
        "delete",
        f"{GROUP}/service-accounts/<uuid:pk>",
        "managers",
        "account",
        204,
        things=PROGRAM,
    ),
    Row(
        "get",
        f"{GROUP}/service-accounts/<uuid:pk>/api-keys",
        "managers",
        "account",
        things=PROGRAM,
    ),
    Row(
        "post",
        f"{GROUP}/service-accounts/<uuid:pk>/api-keys",
        "managers",
        "account",
        400,
        body={},
        things=PROGRAM,
    ),
    Row(
        "delete",
        f"{GROUP}/service-accounts/<uuid:pk>/api-keys/<uuid:key_id>",
        "managers",
        "account",
        204,
        things={**PROGRAM, "key_id": "service_key"},
    ),
]

VERSION = "v1/documents/<uuid:pk>/versions/<int:number>"
DOCUMENTS = [
    Row("get", "v1/collections", "signed_in", READ),
    Row("post", "v1/collections", "signed_in", WRITE, 201, body={"name": "New"}),
    Row("get", "v1/collections/<uuid:pk>", "readers", READ, thing="collection"),
    Row("patch", "v1/collections/<uuid:pk>", "writers", WRITE, 200, "collection", {"name": "N"}),
    Row("delete", "v1/collections/<uuid:pk>", "writers", WRITE, 204, "collection"),
    Row("post", "v1/collections/<uuid:pk>/restore", "own", WRITE, 200, "collection"),
    Row("get", "v1/documents", "signed_in", READ),
    Row("get", "v1/documents/<uuid:pk>", "readers", READ, thing="document"),
    Row("patch", "v1/documents/<uuid:pk>", "writers", WRITE, 200, "document", {"title": "T"}),
    Row("delete", "v1/documents/<uuid:pk>", "writers", WRITE, 204, "document"),
    Row("post", "v1/documents/<uuid:pk>/restore", "writers", WRITE, 200, "document"),
    # The document of the matrix has no stored file: whoever gets in is told so.
    Row("get", "v1/documents/<uuid:pk>/content", "readers", READ, 404, "document"),
    Row("get", "v1/documents/<uuid:pk>/passages", "readers", READ, thing="document"),
    Row("get", "v1/documents/<uuid:pk>/access", "readers", READ, thing="document"),
    Row("get", "v1/documents/<uuid:pk>/versions", "readers", READ, thing="versioned"),
    Row("get", VERSION, "readers", READ, thing="versioned"),
    Row("delete", VERSION, "writers", WRITE, 204, "versioned"),
    Row("post", f"{VERSION}/restore", "writers", WRITE, 200, "versioned"),
    # Nor has its older version one.
    Row("get", f"{VERSION}/content", "readers", READ, 404, "versioned"),
    Row("get", f"{VERSION}/passages", "readers", READ, thing="versioned"),
    Row("get", "v1/tags", "signed_in", READ),
    Row("post", "v1/search", "signed_in", READ, 400, body={}),
]

INGESTION = [
    Row("post", "v1/ingestion/uploads", "signed_in", WRITE, 415, body={}),
    Row("post", "v1/ingestion/paths", "staff", WRITE, 400, body={"path": "/nowhere"}),
    Row("post", "v1/ingestion/urls", "signed_in", WRITE, 400, body={"url": "ftp://x/"}),
    Row("get", "v1/ingestion/runs", "signed_in", READ),
    Row("get", "v1/ingestion/runs/<uuid:pk>", "own", READ, thing="ingestion"),
    Row("delete", "v1/ingestion/runs/<uuid:pk>", "own", WRITE, 204, "ingestion"),
    Row("get", "v1/ingestion/runs/<uuid:run_id>/items", "own", READ, thing="ingestion"),
    Row("post", "v1/ingestion/runs/<uuid:pk>/cancel", "own", WRITE, 409, "ingestion"),
    Row("post", "v1/ingestion/runs/<uuid:pk>/retry", "own", WRITE, 409, "ingestion"),
    Row("get", "v1/sources", "signed_in", READ),
    Row("post", "v1/sources", "signed_in", WRITE, 400, body={}),
    Row("get", "v1/sources/<uuid:pk>", "own", READ, thing="source"),
    Row("patch", "v1/sources/<uuid:pk>", "own", WRITE, 200, "source", {"name": "N"}),
    Row("delete", "v1/sources/<uuid:pk>", "own", WRITE, 204, "source"),
    Row("post", "v1/sources/<uuid:pk>/sync", "own", WRITE, 202, "source"),
]

CHAT = [
    Row("get", "v1/sessions", "signed_in", "chat"),
    Row("post", "v1/sessions", "signed_in", "chat", 201, body={}),
    Row("get", "v1/sessions/<uuid:pk>", "own", "chat", thing="session"),
    Row("patch", "v1/sessions/<uuid:pk>", "own", "chat", 200, "session", {"title": "T"}),
    Row("delete", "v1/sessions/<uuid:pk>", "own", "chat", 204, "session"),
    Row("post", "v1/sessions/<uuid:pk>/restore", "own", "chat", 200, "deleted_session"),
    Row("get", "v1/sessions/<uuid:pk>/messages", "own", "chat", thing="session"),
    Row("post", "v1/sessions/<uuid:pk>/messages", "own", "chat", 400, "session", {}),
    Row("get", "v1/sessions/<uuid:pk>/transcript", "own", "chat", thing="session"),
    Row("get", "v1/sessions/<uuid:pk>/summaries", "own", "chat", thing="session"),
    Row("get", "v1/sessions/<uuid:pk>/attachments", "own", "chat", thing="session"),
    Row("post", "v1/attachments", "signed_in", "chat", 201, body={}),
    Row("post", "v1/attachments/<uuid:pk>/keep", "own", "chat", 200, "attachment"),
    # The image of the matrix has no stored file: whoever gets in is told so.
    Row("get", "v1/attachments/<uuid:pk>/picture", "own", "chat", 404, "attachment"),
    Row("get", "v1/attachments/<uuid:pk>/thumbnail", "own", "chat", 404, "attachment"),
    # Without words nothing is looked for.
    Row("get", "v1/messages", "signed_in", "chat", 400),
    Row("get", "v1/messages/<uuid:pk>", "own", "chat", thing="message"),
    Row("post", "v1/messages/<uuid:pk>/regenerate", "own", "chat", 400, "message", {"model": LONG}),
    Row("post", "v1/messages/<uuid:pk>/continue", "own", "chat", 400, "message", {"model": LONG}),
    Row("post", "v1/messages/<uuid:pk>/feedback", "own", "chat", 200, "answer", {"rating": 1}),
    Row("get", "v1/runs/<uuid:pk>", "own", "chat", thing="run"),
    Row("get", "v1/runs/<uuid:pk>/events", "own", "chat", thing="run"),
    Row("post", "v1/runs/<uuid:pk>/stop", "own", "chat", 409, "run"),
    Row("get", "v1/approvals", "signed_in", "chat"),
    Row("get", "v1/tool-grants", "signed_in", "chat"),
    Row("delete", "v1/tool-grants/<uuid:pk>", "own", "chat", 204, "tool_grant"),
    # The run of the matrix has ended: whoever gets in is told so.
    Row(
        "post",
        "v1/runs/<uuid:pk>/approvals/<uuid:tool_run_id>",
        "own",
        "chat",
        409,
        body={"decision": "allow"},
        things={"pk": "run", "tool_run_id": "tool_run"},
    ),
    Row("post", "v1/chat", "signed_in", "chat", 400, body={}),
    Row("get", "v1/tool-runs", "signed_in", "tools"),
    Row("post", "v1/chat/completions", "signed_in", "chat", 400, body={}),
    Row("post", "v1/responses", "signed_in", "chat", 400, body={}),
    Row("post", "v1/embeddings", "signed_in", "chat", 400, body={}),
    # A form is wanted, and this is JSON.
    Row("post", "v1/audio/transcriptions", "signed_in", "chat", 415, body={}),
    Row("post", "v1/audio/speech", "signed_in", "chat", 400, body={}),
    Row("get", "v1/messages/<uuid:pk>/speech", "own", "chat", thing="answer"),
    Row("get", "v1/models", "signed_in", "chat"),
    # What stands in the path is no model: whoever gets in is told so.
    Row("get", "v1/models/<path:name>", "signed_in", "chat", 404),
]

GROUP_POLICY = "v1/tools/<uuid:pk>/group-policies/<uuid:group_id>"
OF_GROUP = {"pk": "tool", "group_id": "group"}
CONNECTION = "v1/mcp/servers/<uuid:pk>/connection"
TOOLS = [
    Row("get", "v1/mcp/servers", "signed_in", "tools"),
    Row("post", "v1/mcp/servers", "staff", "admin", 400, body={}),
    Row("patch", "v1/mcp/servers/<uuid:pk>", "staff", "admin", 200, "server", {"title": "T"}),
    Row("delete", "v1/mcp/servers/<uuid:pk>", "staff", "admin", 204, "server"),
    Row("post", "v1/mcp/servers/<uuid:pk>/refresh", "staff", "admin", 503, "server"),
    # Nobody signs in at the server of the matrix: whoever gets in is told so.
    Row("post", CONNECTION, "signed_in", "tools", 404, "server"),
    Row("delete", CONNECTION, "own", "tools", 204, "connected_server"),
    Row("get", "v1/mcp/connections", "signed_in", "tools"),
    Row("get", "v1/tools", "signed_in", "tools"),
    Row("patch", "v1/tools/<uuid:pk>", "staff", "admin", 200, "tool", {"policy": "deny"}),
    Row("get", "v1/tools/<uuid:pk>/group-policies", "staff", "admin", thing="tool"),
    Row("put", GROUP_POLICY, "staff", "admin", body={"policy": "deny"}, things=OF_GROUP),
    Row("delete", GROUP_POLICY, "staff", "admin", 204, things=OF_GROUP),
]

HOOK = "v1/webhooks/<uuid:pk>"
SENT = {"pk": "webhook", "delivery_id": "webhook_delivery"}
WEBHOOKS = [
    Row("get", "v1/webhooks", "rightful_staff", "admin"),
    Row("post", "v1/webhooks", "rightful_staff", "admin", 400, body={}),
    Row("get", "v1/webhooks/actions", "rightful_staff", "admin"),
    Row("get", HOOK, "rightful_staff", "admin", thing="webhook"),
    Row("patch", HOOK, "rightful_staff", "admin", 200, "webhook", {"description": "T"}),
    Row("delete", HOOK, "rightful_staff", "admin", 204, "webhook"),
    Row("post", f"{HOOK}/rotate-secret", "rightful_staff", "admin", 200, "webhook"),
    Row("post", f"{HOOK}/pause", "rightful_staff", "admin", 200, "webhook"),
    Row("post", f"{HOOK}/resume", "rightful_staff", "admin", 200, "webhook"),
    Row("post", f"{HOOK}/test", "rightful_staff", "admin", 202, "webhook"),
    Row("get", f"{HOOK}/deliveries", "rightful_staff", "admin", thing="webhook"),
    Row(
        "post",
        f"{HOOK}/deliveries/<uuid:delivery_id>/resend",
        "rightful_staff",
        "admin",
        202,
        things=SENT,
    ),
]

ROWS = [
    *(*PAGE_ROWS, *CHAT_PAGES, *PAGES, *ACCOUNTS, *GROUPS, *DOCUMENTS, *INGESTION, *CHAT, *TOOLS),
    *WEBHOOKS,
]
