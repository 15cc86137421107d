"""`manage.py restore DIR`: a backup into an empty installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils import timezone

from youworker.backup.restoring import Restored, restore_backup
from youworker.management.backup_arguments import BackupReader
from youworker.webhooks.delivering import leave_unsent

if TYPE_CHECKING:
    from collections.abc import Callable

    from youworker.backup.places import BackupPlace
    from youworker.backup.sealing import Opener


class Command(BackupReader):
    help = "Restore a backup into an empty installation, which nobody uses yet."
    # Deliveries of webhooks that waited when the backup was made.
    unsent = 0

    def read(
        self, place: BackupPlace, name: str, opener: Opener, progress: Callable[[int], object]
    ) -> Restored:
        began = timezone.now()
        said = restore_backup(place, name, opener, progress=progress)
        self.unsent = leave_unsent(began)
        return said

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
        if self.unsent:
            self.stdout.write(
                f"{self.unsent} deliveries of webhooks waited in the backup and are not sent: they "
                "may have arrived since. The admin lists them as failed and sends them again."
            )

    def figures(self, said: Restored) -> dict[str, Any]:
        counted = {"files": len(said.manifest.files), "audit_entries": said.audit_entries}
        more = {"rows": said.manifest.rows, "erased_again": said.erased_again}
        more |= {"webhooks_unsent": self.unsent}
        return {**counted, **more, "doubts": said.doubts}

    def refuse(self, said: Restored) -> None:
        if said.doubts:
            raise CommandError("\n".join(said.doubts))
