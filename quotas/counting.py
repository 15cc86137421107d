"""What was used, counted for Prometheus: the same acts as in the usage events, without people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quotas.enums import UsageKind
from youworker.core.metrics import families

if TYPE_CHECKING:
    from youworker.core.metrics.shared import Counter, Histogram

# What of a kind is counted by, beside its tokens: how often by ending or by name, how long.
BY_OUTCOME: dict[UsageKind, tuple[Counter, Histogram, tuple[str, ...]]] = {
    UsageKind.RUN: (families.RUNS, families.RUN_SECONDS, ()),
    UsageKind.INGESTION: (families.FILES, families.STAGE_SECONDS, ("parsing",)),
}
MILLISECONDS = 1000


class Act(NamedTuple):
    """What was done, as it is counted: nobody's name is part of it."""

    kind: UsageKind
    name: str
    outcome: str
    tokens_in: int
    tokens_out: int
    duration_ms: int | None


def count_usage(act: Act) -> None:
    """Count one act that is committed; names of models are not told apart."""
    seconds = None if act.duration_ms is None else act.duration_ms / MILLISECONDS
    if act.tokens_in:
        families.TOKENS.add(act.kind.value, "in", by=act.tokens_in)
    if act.tokens_out:
        families.TOKENS.add(act.kind.value, "out", by=act.tokens_out)
    if act.kind == UsageKind.TOOL_CALL:
        count_call(act.name, act.outcome, seconds)
    elif act.kind == UsageKind.SEARCH:
        families.SEARCHES.add(act.name)
        observe(families.SEARCH_SECONDS, seconds)
    elif act.kind in BY_OUTCOME:
        counter, durations, labels = BY_OUTCOME[act.kind]
        counter.add(act.outcome)
        observe(durations, seconds, *labels)


def count_call(name: str, outcome: str, seconds: float | None) -> None:
    """Count a call under the server of its tool; one without a name is of none there is."""
    server = name.partition(".")[0] or "unknown"
    families.TOOL_CALLS.add(server, outcome)
    observe(families.TOOL_SECONDS, seconds, server)


def observe(durations: Histogram, seconds: float | None, *labels: str) -> None:
    """Count a duration, if it is known."""
    if seconds is not None:
        durations.observe(seconds, *labels)
