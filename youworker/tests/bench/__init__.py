"""Measuring the product against its budgets."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `ok` is None where there is no budget."""

    name: str
    value: float
    unit: str
    budget: str = ""
    ok: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The figure as plain data."""
        return asdict(self)

    def as_line(self) -> str:
        """The figure as one line of a table."""
        verdict = {True: "ok", False: "MISSED", None: ""}[self.ok]
        return f"{self.name:<62} {self.value:>12,.2f} {self.unit:<10} {self.budget:<12} {verdict}"


@dataclass(frozen=True, slots=True)
class Report:
    """Figures, the reasons why the measured is not good enough, and what the figures come from."""

    figures: list[Figure]
    reasons: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    # Further lines of the table, which stand in `details` as data.
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as plain data."""
        rows = [figure.as_json() for figure in self.figures]
        return {"figures": rows, "reasons": self.reasons, **self.details}


def at_most(name: str, value: float, unit: str, budget: float) -> Figure:
    """A figure that should not exceed its budget."""
    return Figure(name, value, unit, f"<= {budget:g}", value <= budget)


def at_least(name: str, value: float, unit: str, budget: float) -> Figure:
    """A figure that should reach its budget."""
    return Figure(name, value, unit, f">= {budget:g}", value >= budget)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text().splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
