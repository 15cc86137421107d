"""What applying a configuration changes, in order, and what it leaves out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson

from youworker.configuration.exceptions import InvalidConfiguration
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from youworker.configuration.reading import Path, Written

Act = Literal["create", "change", "delete"]
SIGNS = {"create": "+", "change": "~", "delete": "-"}
LONGEST_SHOWN = 60
HIDDEN = "(secret)"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret: it is compared, and never shown."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is made, changed or deleted; `fields` are what was and what will be."""

    act: Act
    place: str
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def as_lines(self) -> list[str]:
        """The step for people."""
        lines = [f"{SIGNS[self.act]} {self.place}"]
        for name, (before, after) in self.fields.items():
            was = "" if self.act == "create" else f"{shown(before)} -> "
            lines.append(f"    {name}: {was}{shown(after)}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """The step for programs."""
        fields = {
            name: {"before": told(was), "after": told(will)}
            for name, (was, will) in self.fields.items()
        }
        return {"act": self.act, "place": self.place, "fields": fields}


@dataclass(slots=True)
class Plan:
    """All steps of one application."""

    written: Written
    prune: bool = False
    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0
    # Sentences about what the file says and cannot be had here.
    left_out: list[str] = field(default_factory=list)

    def compare(
        self, path: Path, before: Mapping[str, Any] | None, after: Mapping[str, Any]
    ) -> set[str]:
        """Note what becomes of one thing, which is new without a `before`; the changed fields."""
        known = before or {}
        changed = {
            name: (known.get(name), value)
            for name, value in after.items()
            if before is None or known.get(name) != value
        }
        if before is None or changed:
            act: Act = "create" if before is None else "change"
            self.steps.append(Step(act, place_of(path), changed))
        else:
            self.unchanged += 1
        return set(changed)

    def delete(self, path: Path) -> None:
        """Note that something goes."""
        self.steps.append(Step("delete", place_of(path)))

    def leave_out(self, path: Path, why: str) -> None:
        """Note that something cannot be as the file says."""
        self.left_out.append(f"{self.written.where(path)}: {why}")

    @contextmanager
    def at(self, path: Path) -> Iterator[None]:
        """Say where in the file a refusal comes from."""
        try:
            yield
        except InvalidConfiguration:
            raise
        except DomainError as error:
            attr = getattr(error, "attr", None)
            raise self.refusal((*path, attr) if attr else path, error.message) from error

    def refusal(self, path: Path, why: str) -> InvalidConfiguration:
        """What is wrong at a place of the file."""
        return InvalidConfiguration([f"{self.written.where(path)}: {why}"])

    def as_lines(self) -> list[str]:
        """The plan for people."""
        return [line for step in self.steps for line in step.as_lines()]

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "steps": [step.as_json() for step in self.steps],
            "unchanged": self.unchanged,
            "left_out": self.left_out,
        }


def place_of(path: Path) -> str:
    """Where something stands in a file."""
    return ".".join(map(str, path))


def told(value: Any) -> Any:
    """A value that may be shown."""
    return (HIDDEN if value.value else None) if isinstance(value, Hidden) else value


def shown(value: Any) -> str:
    """A value on one line."""
    value = told(value)
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = " ".join(text.split()) or '""'
    # A description may hold what a terminal obeys.
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
