"""`manage.py restore DIR`: a backup into an empty installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from youworker.backup.restoring import Restored, restore_backup
from youworker.management.backup_arguments import BackupReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from youworker.backup.places import BackupPlace
    from youworker.backup.sealing import Opener


class Command(BackupReader):
    help = "Restore a backup into an empty installation, which nobody uses yet."

    def read(
        self, place: BackupPlace, name: str, opener: Opener, progress: Callable[[int], object]
    ) -> Restored:
        return restore_backup(place, name, opener, progress=progress)

    def tell(self, place: BackupPlace, name: str, said: Restored) -> None:
        rows = said.manifest.rows
        self.stdout.write(
            f"Restored {name}: {rows['chat_message']:,} messages, "
            f"{len(said.manifest.files):,} originals, {said.audit_entries:,} audit entries"
        )
        if said.erased_again:
            self.stdout.write(
                f"{said.erased_again} people who were erased since are erased again "
                "as soon as the product runs."
            )

    def figures(self, said: Restored) -> dict[str, Any]:
        counted = {"files": len(said.manifest.files), "audit_entries": said.audit_entries}
        more = {"rows": said.manifest.rows, "erased_again": said.erased_again}
        return {**counted, **more, "doubts": said.doubts}

    def refuse(self, said: Restored) -> None:
        if said.doubts:
            raise CommandError("\n".join(said.doubts))
