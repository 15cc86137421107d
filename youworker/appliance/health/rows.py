"""Parts of the installation as pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.enums import ServerState
from mcp.enums import ServerStatus
from youworker.appliance.health.examination import recent_parts
from youworker.appliance.health.remedies import title_of
from youworker.core.numbers import shown_decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.appliance.health.looking import Outcome

# How a part does, with the colour of its label.
WORDS = {
    "ok": (_("works"), "success"),
    "warning": (_("needs attention"), "warning"),
    "failed": (_("does not work"), "danger"),
    "unknown": (_("not known"), "info"),
}
# What is looked at first: the worst.
ORDER = ("failed", "warning", "unknown", "ok")
IN_NEED = {"failed", "warning"}


def recent_rows() -> list[dict[str, Any]]:
    """Every part as it was a few seconds ago, those that need somebody first."""
    rows = [row_of(name, part) for name, part in recent_parts().items()]
    return sorted(rows, key=lambda row: ORDER.index(row["state"]))


def row_of(name: str, part: Outcome) -> dict[str, Any]:
    """A part as the page shows it."""
    state = "warning" if part["status"] == "ok" and part["warning"] else part["status"]
    word, colour = WORDS[state]
    tell = FACTS.get(name)
    return {
        "name": name,
        "title": title_of(name),
        "state": state,
        "word": word,
        "colour": colour,
        "detail": part.get("detail", ""),
        "remedy": part["remedy"],
        "facts": list(tell(part)) if tell and part["status"] == "ok" else [],
        "latency_ms": part["latency_ms"],
    }


def facts_of_database(part: Outcome) -> Iterator[str]:
    """The version, and the pool of the process that was asked."""
    yield f"PostgreSQL {part['version']}"
    if pool := part["pool"]:
        yield gettext("%(used)s of %(size)s connections in use, %(waiting)s wait") % {
            "used": pool["in_use"],
            "size": pool["size"],
            "waiting": pool["waiting"],
        }


def facts_of_disk(part: Outcome) -> Iterator[str]:
    """The free space."""
    free, total = filesizeformat(part["free_bytes"]), filesizeformat(part["total_bytes"])
    yield gettext("%(free)s of %(total)s free") % {"free": free, "total": total}


def facts_of_queue(part: Outcome) -> Iterator[str]:
    """What waits, and for how long."""
    given = {"count": part["answers_waiting"], "seconds": part["oldest_answer_seconds"]}
    yield gettext("Answers that wait: %(count)s, the oldest for %(seconds)s s") % given
    given = {"count": part["files_waiting"], "seconds": part["oldest_file_seconds"]}
    yield gettext("Files that wait: %(count)s, the oldest for %(seconds)s s") % given


def facts_of_beat(part: Outcome) -> Iterator[str]:
    """The age of the last sign."""
    yield gettext("Last sign of life %(seconds)s s ago") % {
        "seconds": shown_decimal(part["last_beat_seconds"])
    }


def facts_of_clocks(part: Outcome) -> Iterator[str]:
    """How far the clocks are apart."""
    yield gettext("Database %(database)s s, Redis %(redis)s s ahead of this process") % {
        "database": shown_decimal(part["database_seconds"]),
        "redis": shown_decimal(part["redis_seconds"]),
    }


def facts_of_backup(part: Outcome) -> Iterator[str]:
    """When the last backup was made, and verified."""
    if made := part.get("made_at"):
        yield gettext("Last made: %(at)s") % {"at": shown_time(made)}
    if verified := part.get("verified_at"):
        yield gettext("Last verified: %(at)s") % {"at": shown_time(verified)}
    if not part["directory"]:
        yield gettext("None are scheduled (BACKUP_DIR).")


def facts_of_model_servers(part: Outcome) -> Iterator[str]:
    """The model servers, each with its state."""
    for name, server in part["servers"].items():
        yield f"{name}: {ServerState(server['state']).label}"


def facts_of_tool_servers(part: Outcome) -> Iterator[str]:
    """The tool servers, each with its state."""
    for name, server in part["servers"].items():
        yield f"{name}: {ServerStatus(server['status']).label}"


def facts_of_endpoint(part: Outcome) -> Iterator[str]:
    """The address, if there is a server."""
    yield part.get("endpoint") or gettext("None is set up.")


def shown_time(value: str) -> str:
    """A time as readers have it."""
    return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")


FACTS: dict[str, Callable[[Outcome], Iterator[str]]] = {
    "database": facts_of_database,
    "disk": facts_of_disk,
    "queue": facts_of_queue,
    "beat": facts_of_beat,
    "clocks": facts_of_clocks,
    "backup": facts_of_backup,
    "tool_servers": facts_of_tool_servers,
    "model_servers": facts_of_model_servers,
    "models": facts_of_endpoint,
    "embedding_server": facts_of_endpoint,
    "reranker": facts_of_endpoint,
    "collector": facts_of_endpoint,
}
