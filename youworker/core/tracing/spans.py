"""A span as those who do something see it, whether it is sent or not."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Span(AbstractContextManager["Span"]):
    """One thing that is being done; this one, which is nobody's, does nothing."""

    def note(self, **about: object) -> None:
        """Add what is known only now."""

    def rename(self, name: str) -> None:
        """Call it by a name that is known only now."""

    def drop(self) -> None:
        """Send nothing of it: it is not worth a span."""

    def end(self, *, error: str = "") -> None:
        """End the span, once; an error is told by its kind."""

    def active(self) -> AbstractContextManager[object]:
        """A block whose spans are parts of this one, which does not end it."""
        return nullcontext()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it with the block."""
