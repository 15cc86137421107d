"""Registers the audit log's pages: its package is no app, because models import it."""

import youworker.common.audit.admin  # noqa: F401
