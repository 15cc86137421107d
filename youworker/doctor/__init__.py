"""Checks of the data in groups, each of which a flag of `manage.py doctor` runs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.inspection import LIBRARY_CHECKS
from ingestion.inspection import INGESTION_CHECKS
from mcp.inspection import TOOL_CHECKS
from youworker.doctor.examination import Outcome, run_examination

if TYPE_CHECKING:
    from youworker.core.inspection import Check

__all__ = ["GROUPS", "Outcome", "run_examination"]

GROUPS: dict[str, tuple[Check, ...]] = {
    "ingestion": (*LIBRARY_CHECKS, *INGESTION_CHECKS),
    "tools": TOOL_CHECKS,
}
