"""Model servers that staff added; those of the environment stand there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat.model_servers import ModelServer
from chat.services.model_servers import delete_model_server, save_model_server
from youworker.configuration.plan import Hidden
from youworker.configuration.secrets import Placeholders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.configuration import shapes
    from youworker.configuration.plan import Plan
    from youworker.configuration.reading import Path
    from youworker.configuration.secrets import Secrets

PLAIN = ("url", "position", "enabled", "max_runs", "context_tokens")


def export_model_servers() -> dict[str, Any]:
    """The model servers that staff added, by name, without their keys."""
    found: dict[str, Any] = {}
    placeholders = Placeholders()
    for row in ModelServer.objects.filter(is_configured=False).order_by("name"):
        key = {"key": placeholders.name("MODEL", row.name, "KEY")} if row.key else {}
        found[row.name] = {name: getattr(row, name) for name in PLAIN} | key
    return found


@dataclass(slots=True)
class ModelServersApplied:
    """Brings model servers to what a file says."""

    plan: Plan
    secrets: Secrets

    def apply(self, wanted: Mapping[str, shapes.ModelServer]) -> None:
        """Add, change and, if that is wished, remove model servers."""
        rows = {row.name: row for row in ModelServer.objects.all()}
        for name, shape in wanted.items():
            path = ("model_servers", name)
            with self.plan.at(path):
                self.apply_one(path, shape, rows.get(name))
        for row in rows.values() if self.plan.prune else ():
            if row.name not in wanted and not row.is_configured:
                self.plan.delete(("model_servers", row.name))
                delete_model_server(row, actor=None)

    def apply_one(self, path: Path, shape: shapes.ModelServer, row: ModelServer | None) -> None:
        """Bring one server to what the file says of it."""
        if row is not None and row.is_configured:
            self.plan.leave_out(path, "this server stands in the environment (LLM_BASE_URL)")
            return
        if row is None and not shape.url:
            raise self.plan.refusal((*path, "url"), "a new server needs its address")
        after = {
            name: value for name, value in shape.given(*PLAIN).items() if name != "url" or value
        }
        if "url" in after:
            # As it is kept.
            after["url"] = after["url"].strip().rstrip("/")
        key = self.key_of(path, shape, row)
        if key is not None:
            after["key"] = Hidden(key)
        elif shape.key and row is None:
            return
        before = None
        if row is not None:
            before = {name: getattr(row, name) for name in PLAIN} | {"key": Hidden(row.key)}
        changed = self.plan.compare(path, before, after)
        if row is not None and not changed:
            return
        row = row or ModelServer(name=str(path[-1]))
        for name in changed - {"key"}:
            setattr(row, name, after[name])
        key = key if "key" in changed else None
        save_model_server(row, key=key, fields=sorted(changed - {"key"}), actor=None)

    def key_of(self, path: Path, shape: shapes.ModelServer, row: ModelServer | None) -> str | None:
        """The key the file means; None where it says nothing of it, or what it names is not set."""
        if "key" not in shape.model_fields_set:
            return None
        if shape.key is None:
            return ""
        key = self.secrets.read(shape.key)
        if key is None:
            stays = "the server is left out"
            if row is not None:
                stays = "the key that is stored stays" if row.key else "the server has none"
            self.plan.leave_out((*path, "key"), f"{shape.key.name} is not set: {stays}")
        return key
