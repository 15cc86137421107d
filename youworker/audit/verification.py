"""Holding the audit chain against its checkpoints, and signing what was found sound."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.audit import checkpoints
from youworker.audit.chain import Anchor, Fault, Link, unlinked, walk, without_actor
from youworker.core.models import AuditCheckpoint, AuditLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.audit.checkpoints import Checkpoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    head: Anchor
    fault: Fault | None
    checkpoints: int
    unknown_keys: int


class Witnesses:
    """The checkpoints of one source, met in the order of the chain."""

    def __init__(self, source: Iterator[Checkpoint]) -> None:
        self.source = source
        self.known = checkpoints.keys()
        self.agreed = self.unknown = 0
        self.next = self.following()

    def following(self) -> Checkpoint | None:
        """The next checkpoint whose key is known."""
        for checkpoint in self.source:
            if checkpoint.key in self.known:
                return checkpoint
            self.unknown += 1
        return None

    def contradiction(self, link: Link) -> Fault | None:
        """What the checkpoints of this place say against the link."""
        while self.next is not None and self.next.seq <= link.seq:
            if not checkpoints.verdict(self.next, self.known):
                return self.fault(link, "is not signed by us")
            if self.next.seq < link.seq:
                return self.fault(link, "speaks of an earlier place than those before it")
            if self.next.hash != link.hash:
                return self.fault(link, "speaks of another entry: the log was rewritten")
            self.agreed += 1
            self.next = self.following()
        return None

    def fault(self, link: Link, problem: str) -> Fault:
        """A contradiction at a link."""
        detail = f"{self.next.source} {problem}" if self.next else problem
        return Fault("checkpoint mismatch", link.seq, link.entry_id, link.time, detail)

    def beyond(self, head: Anchor) -> Fault | None:
        """What the checkpoints know of a tail that is not there."""
        while self.next is not None and self.next.seq == 0:
            self.next = self.following()
        if self.next is None:
            return None
        detail = f"{self.next.source} knows {self.next.seq} entries: the end was cut off"
        return Fault("deleted", head.seq + 1, None, None, detail)


def verify(advance: Callable[[], object] = lambda: None) -> Report:
    """Verify the whole log; `advance` is called for each entry. Writes nothing."""
    sources = [Witnesses(checkpoints.in_database()), Witnesses(checkpoints.in_file())]

    def reached(link: Link) -> Fault | None:
        advance()
        return next(filter(None, (each.contradiction(link) for each in sources)), None)

    end = walk(Anchor(), reached)
    if isinstance(end, Fault):
        fault: Fault | None = end
        head = Anchor(max((end.seq or 1) - 1, 0))
    else:
        head = end
        tails = (each.beyond(head) for each in sources)
        fault = next(filter(None, tails), None) or unlinked() or without_actor()
    agreed = sum(each.agreed for each in sources)
    return Report(head, fault, agreed, sum(each.unknown for each in sources))


def sign(head: Anchor) -> bool:
    """Write a checkpoint for a head that was just verified, unless it has one."""
    last = last_signed()
    if last is None or last.seq >= head.seq:
        return False
    checkpoints.keep(checkpoints.signed(head))
    return True


def sign_head() -> bool:
    """Write a checkpoint when the log has grown; false when there is nothing to sign.

    What came since the last checkpoint is verified before, so that nothing rewritten is signed:
    then it is left to `audit_verify`, and said in the log of the process.
    """
    last = last_signed()
    if last is None or not is_in_chain(last):
        logger.critical("the audit log contradicts its last checkpoint: run audit_verify")
        return False
    end = walk(last, lambda _link: None)
    if isinstance(end, Fault):
        logger.critical("the audit log is damaged, run audit_verify: %s", end)
        return False
    return sign(end)


def last_signed() -> Anchor | None:
    """The newest place that a checkpoint in the table fixes; None when that one is forged."""
    known = checkpoints.keys()
    newest = AuditCheckpoint.objects.filter(key__in=known).order_by("-seq", "-pk").first()
    if newest is None:
        return Anchor()
    if not checkpoints.verdict(checkpoints.from_row(newest), known):
        return None
    return Anchor(newest.seq, newest.hash)


def is_in_chain(anchor: Anchor) -> bool:
    """Whether the chain has this hash at this place."""
    links = AuditLink.objects.filter(seq=anchor.seq, hash=anchor.hash)
    return anchor == Anchor() or links.exists()
