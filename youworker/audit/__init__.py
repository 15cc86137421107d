"""The audit log: who did what, written in the act's transaction and chained at its commit."""

from youworker.audit.actions import ACTIONS, RESULTS
from youworker.audit.denials import record_denied
from youworker.audit.lines import has_happened, lines_about, record

__all__ = ["ACTIONS", "RESULTS", "has_happened", "lines_about", "record", "record_denied"]
