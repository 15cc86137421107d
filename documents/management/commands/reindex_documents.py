"""`manage.py reindex_documents`: what the worker does bit by bit after an update, at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from documents import services


class Command(BaseCommand):
    """Works beside a running product, which goes on searching."""

    help = (
        "Index the documents again that an older version indexed, so that words are found as this"
        " version finds them. The worker does it, too, little by little; may be ended and repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = services.reindex_documents()
        self.stdout.write(f"{count} documents were indexed again.")
