"""`manage.py verify_backup DIR`: can this backup be restored?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from youworker.backup.verifying import Verified, verify_backup
from youworker.management.backup_arguments import BackupReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from youworker.backup.places import BackupPlace
    from youworker.backup.sealing import Opener


class Command(BackupReader):
    help = "Read a whole backup, and say whether it is whole, unaltered and can be opened."

    def read(
        self, place: BackupPlace, name: str, opener: Opener, progress: Callable[[int], object]
    ) -> Verified:
        return verify_backup(place, name, opener, progress=progress)

    def tell(self, place: BackupPlace, name: str, said: Verified) -> None:
        self.stdout.write(
            f"{place.folder(name)} is whole: {said.files:,} originals, {said.bytes:,} bytes, "
            f"made {said.manifest.made_at}"
        )

    def figures(self, said: Verified) -> dict[str, Any]:
        return {"files": said.files, "bytes": said.bytes, "made_at": said.manifest.made_at}
