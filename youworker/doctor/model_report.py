"""`manage.py doctor --models`: how the model servers do, and what their models can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.llm.probing.reports import server_as_json, server_lines
from chat.models import ModelServer
from chat.services.model_checks import look_at_servers, models_to_try, try_models

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOTHING = "note    no model server (LLM_BASE_URL, or one in the console): the quote model answers"


def examine_models(
    *, probe: bool, names: Sequence[str], tell: Callable[[str], object] | None
) -> dict[str, Any]:
    """Look at all enabled model servers now, and with `probe` ask their models small questions.

    Tells in lines, where that is wanted; gives everything as JSON.
    """
    servers = look_at_servers()
    if probe:
        for model in models_to_try(names):
            if tell is not None:
                tell(f"        asking {model.name} ({model.server.name}) ...")
            try_models([model])
        rows = ModelServer.objects.filter(pk__in=[server.pk for server in servers])
        servers = list(rows.in_order())
    if tell is not None:
        for line in [NOTHING] if not servers else []:
            tell(line)
        for server in servers:
            for line in server_lines(server):
                tell(line)
    return {
        "ok": not any(server.last_error for server in servers),
        "servers": {server.name: server_as_json(server) for server in servers},
    }
