"""How checks are carried out: two looks, so that work in progress is no finding; then repairs."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from youworker import audit
from youworker.core.exceptions import DomainError
from youworker.doctor.remedies import remedy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accounts.models import User
    from youworker.core.inspection import Check, Finding

logger = logging.getLogger(__name__)

# Sweepers repair every ten seconds what dies in daily life; what two looks see they do not repair.
PAUSE_SECONDS = 12.0
# Findings of one check; a second examination finds the rest.
MOST_FINDINGS = 10_000
# Findings that are told one by one.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found, and whether that was repaired; `left` is what is there afterwards."""

    check: Check
    findings: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()
    was_repaired: bool = False
    error: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether no rule is broken now."""
        return not self.error and (self.check.is_notice or not self.left)

    def as_json(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "check": self.check.name,
            "notice": self.check.is_notice,
            "found": len(self.findings),
            "left": len(self.left),
            "repairable": self.check.repair is not None,
            "repaired": self.was_repaired,
            "error": self.error,
            "remedy": remedy_for(self.check) if self.left else "",
            "findings": [
                {"subject": one.subject, "detail": one.detail} for one in self.findings[:SHOWN]
            ],
        }


def run_examination(
    checks: Sequence[Check],
    *,
    deep: bool = False,
    fix: bool = False,
    pause: float = PAUSE_SECONDS,
    actor: User | None = None,
    tell: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Look at everything, twice where something was found, and repair it if asked to.

    What only one of two looks sees is work in progress. Repairs are audited as the actor's.
    """
    first = {check.name: looked_at(check, deep=deep) for check in checks}
    broken = [check for check in checks if first[check.name].findings]
    if any(not check.is_notice for check in broken):
        time.sleep(pause)
    outcomes = []
    for check in checks:
        outcome = first[check.name]
        if outcome.findings:
            outcome = confirmed(outcome, looked_at(check, deep=deep))
        if fix and outcome.findings and check.repair is not None:
            outcome = repaired(outcome, deep=deep, actor=actor)
        if tell is not None:
            tell(outcome)
        outcomes.append(outcome)
    return outcomes


def looked_at(check: Check, *, deep: bool) -> Outcome:
    """One look; a check that cannot be carried out says why."""
    try:
        findings = tuple(islice(check.look(deep), MOST_FINDINGS))
    except (DatabaseError, OSError, DomainError) as error:
        logger.exception("The check %s could not be carried out", check.name)
        return Outcome(check, error=f"{type(error).__name__}: it could not be looked at")
    return Outcome(check, findings, findings)


def confirmed(first: Outcome, second: Outcome) -> Outcome:
    """What both looks saw, as the second saw it."""
    seen = {finding.subject for finding in first.findings}
    both = tuple(finding for finding in second.findings if finding.subject in seen)
    return replace(second, findings=both, left=both)


def repaired(outcome: Outcome, *, deep: bool, actor: User | None) -> Outcome:
    """Repair what was found, and look again."""
    check = outcome.check
    assert check.repair is not None  # noqa: S101 -- asked before
    subjects = [finding.subject for finding in outcome.findings]
    try:
        check.repair(subjects)
    except (DatabaseError, OSError, DomainError) as error:
        logger.exception("What the check %s found could not be repaired", check.name)
        return replace(outcome, error=f"{type(error).__name__}: it could not be repaired")
    logger.info("The check %s repaired %s findings", check.name, len(subjects))
    audit.record(
        "admin.settings.update",
        actor=actor,
        setting="doctor",
        step=check.name,
        repaired=len(subjects),
    )
    after = looked_at(check, deep=deep)
    left = tuple(finding for finding in after.findings if finding.subject in set(subjects))
    return replace(outcome, left=left, was_repaired=not left, error=after.error)
