"""Stored files that nothing refers to go; what is needed, and what is new, stays."""

import os
import time
from pathlib import Path

import pytest
from django.conf import settings

from documents.services import remove_unused_file
from documents.tests.factories import DocumentFactory
from ingestion import store
from ingestion.enums import Stage
from ingestion.services import remove_unused_files
from ingestion.store import ORPHAN_SECONDS
from ingestion.tests.factories import ItemFactory

pytestmark = pytest.mark.django_db


def stored(name, *, age=ORPHAN_SECONDS + 60):
    path = Path(settings.MEDIA_ROOT) / "ab" / "cd" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_only_old_files_without_a_use_are_removed():
    orphan, given_up, fresh = stored("orphan"), stored("done"), stored("fresh", age=0)
    used, hidden, queued, failed = (stored(name) for name in ("used", "hidden", "todo", "failed"))
    DocumentFactory(file="ab/cd/used")
    DocumentFactory(file="ab/cd/hidden").soft_delete()
    ItemFactory(file="ab/cd/todo", stage=Stage.QUEUED)
    ItemFactory(file="ab/cd/failed", stage=Stage.FAILED)
    ItemFactory(file="ab/cd/done", stage=Stage.SKIPPED)

    assert remove_unused_files() == 2

    assert [path.exists() for path in (orphan, given_up)] == [False, False]
    assert all(path.exists() for path in (fresh, used, hidden, queued, failed))


def test_a_file_that_is_stored_once_more_meanwhile_stays():
    path = stored("again")

    def nothing_is_needed(_files):
        os.utime(path)
        return set()

    assert store.remove_orphans(nothing_is_needed, remove_unused_file) == 0
    assert path.exists()


def test_many_files_in_use_cost_few_queries(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(store, "FILES_AT_ONCE", 2)
    files = [stored(f"file-{number}") for number in range(5)]
    for path in files:
        DocumentFactory(file=f"ab/cd/{path.name}")

    with django_assert_num_queries(6):
        assert remove_unused_files() == 0

    assert all(path.exists() for path in files)
