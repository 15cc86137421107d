"""Holding the audit chain against its checkpoints, and signing what was found sound."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.audit import checkpoints
from youworker.audit.chain import (
    ChainEntry,
    ChainError,
    ChainHead,
    find_unlinked,
    find_without_actor,
    verify_chain,
)
from youworker.core.models import AuditCheckpoint, AuditLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.audit.checkpoints import Checkpoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    head: ChainHead
    error: ChainError | None
    checkpoints: int
    unknown_keys: int


class CheckpointVerifier:
    """The checkpoints of one source, met in the order of the chain."""

    def __init__(self, source: Iterator[Checkpoint]) -> None:
        self.source = source
        self.known = checkpoints.checkpoint_keys()
        self.agreed = self.unknown = 0
        self.next = self.read_next()

    def read_next(self) -> Checkpoint | None:
        """The next checkpoint whose key is known."""
        for checkpoint in self.source:
            if checkpoint.key in self.known:
                return checkpoint
            self.unknown += 1
        return None

    def contradiction(self, entry: ChainEntry) -> ChainError | None:
        """What the checkpoints of this place say against the entry."""
        while self.next is not None and self.next.seq <= entry.seq:
            if not checkpoints.is_genuine(self.next, self.known):
                return self.error_at(entry, "is not signed by us")
            if self.next.seq < entry.seq:
                return self.error_at(entry, "speaks of an earlier place than those before it")
            if self.next.hash != entry.hash:
                return self.error_at(entry, "speaks of another entry: the log was rewritten")
            self.agreed += 1
            self.next = self.read_next()
        return None

    def error_at(self, entry: ChainEntry, problem: str) -> ChainError:
        """A contradiction at an entry."""
        detail = f"{self.next.source} {problem}" if self.next else problem
        return ChainError("checkpoint mismatch", entry.seq, entry.entry_id, entry.time, detail)

    def beyond(self, head: ChainHead) -> ChainError | None:
        """What the checkpoints know of a tail that is not there."""
        while self.next is not None and self.next.seq == 0:
            self.next = self.read_next()
        if self.next is None:
            return None
        detail = f"{self.next.source} knows {self.next.seq} entries: the end was cut off"
        return ChainError("deleted", head.seq + 1, None, None, detail)


def verify_log(advance: Callable[[], object] = lambda: None) -> Report:
    """Verify the whole log; `advance` is called for each entry. Writes nothing."""
    sources = [
        CheckpointVerifier(checkpoints.checkpoints_in_database()),
        CheckpointVerifier(checkpoints.checkpoints_in_file()),
    ]

    def reached(entry: ChainEntry) -> ChainError | None:
        advance()
        return next(filter(None, (each.contradiction(entry) for each in sources)), None)

    end = verify_chain(ChainHead(), reached)
    if isinstance(end, ChainError):
        error: ChainError | None = end
        head = ChainHead(max((end.seq or 1) - 1, 0))
    else:
        head = end
        tails = (each.beyond(head) for each in sources)
        error = next(filter(None, tails), None) or find_unlinked() or find_without_actor()
    agreed = sum(each.agreed for each in sources)
    return Report(head, error, agreed, sum(each.unknown for each in sources))


def sign_verified(head: ChainHead) -> bool:
    """Write a checkpoint for a head that was just verified, unless it has one."""
    last = last_signed()
    if last is None or last.seq >= head.seq:
        return False
    checkpoints.store_checkpoint(checkpoints.signed(head))
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
    end = verify_chain(last, lambda _link: None)
    if isinstance(end, ChainError):
        logger.critical("the audit log is damaged, run audit_verify: %s", end)
        return False
    return sign_verified(end)


def last_signed() -> ChainHead | None:
    """The newest place that a checkpoint in the table fixes; None when that one is forged."""
    known = checkpoints.checkpoint_keys()
    newest = AuditCheckpoint.objects.filter(key__in=known).order_by("-seq", "-pk").first()
    if newest is None:
        return ChainHead()
    if not checkpoints.is_genuine(checkpoints.from_row(newest), known):
        return None
    return ChainHead(newest.seq, newest.hash)


def is_in_chain(anchor: ChainHead) -> bool:
    """Whether the chain has this hash at this place."""
    links = AuditLink.objects.filter(seq=anchor.seq, hash=anchor.hash)
    return anchor == ChainHead() or links.exists()
