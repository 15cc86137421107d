"""`manage.py backup DIR`: rows and files of one moment, while people work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents.models import StoredFile
from youworker.backup.buckets import location_of
from youworker.backup.making import make_backup
from youworker.backup.places import BackupPlace, refuse_own_data
from youworker.backup.schedule import remove_old
from youworker.core.exceptions import DomainError
from youworker.encryption.keyring import require_keys
from youworker.management.backup_arguments import add_sealing, chosen_seal

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Back up the database and the originals, while people work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", help="where backups lie: outside of DATA_DIR, or s3://BUCKET/PREFIX"
        )
        add_sealing(parser)
        parser.add_argument(
            "--with-keys", action="store_true", help="put the encryption keys in, too (encrypted)"
        )
        parser.add_argument("--keep", type=int, help="remove all but so many of the newest")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, folder: str, with_keys: bool, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep must be 1 or more.")
        require_keys()
        try:
            root = location_of(folder)
            refuse_own_data(root)
            seal = chosen_seal(BackupPlace(root), options)
            size = sum(StoredFile.objects.values_list("size", flat=True))
            with tqdm(total=size, unit="B", unit_scale=True, disable=None) as bar:
                made = make_backup(root, seal, with_keys=with_keys, progress=bar.update)
            removed = remove_old(BackupPlace(root), options["keep"]) if options["keep"] else 0
        except (DomainError, OSError) as error:
            raise CommandError(getattr(error, "message", None) or str(error)) from error
        manifest = made.manifest
        if options["json"]:
            said = {"name": made.name, "files": len(manifest.files), "new_bytes": made.new_bytes}
            said |= {"rows": manifest.rows, "missing": manifest.missing, "removed": removed}
            self.stdout.write(json.dumps(said))
        else:
            self.stdout.write(
                f"{made.folder}: {len(manifest.files):,} originals ({made.new_files:,} new), "
                f"{manifest.rows['chat_message']:,} messages, "
                f"{manifest.rows['documents_document']:,} documents"
            )
            if manifest.in_bucket:
                self.stdout.write(
                    "The originals are not in it (BACKUP_BUCKET_ORIGINALS): they stay in the "
                    "bucket of STORAGE_URL, which needs versions or a copy of its own. The backup "
                    "lists them."
                )
        if manifest.missing:
            raise CommandError(
                f"{len(manifest.missing)} originals were not in the store: see manage.py doctor."
            )
