"""Soft deletion and order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from youworker.tests.support.rows import refreshed


def test_deleted_rows_are_hidden_kept_and_restored(note_model):
    note = note_model.objects.create()

    note.soft_delete()
    assert note.is_deleted
    assert not note_model.objects.exists()
    assert note_model.all_objects.get().deleted_at is not None

    refreshed(note).restore()
    assert not note_model.objects.get().is_deleted


def test_querysets_delete_and_restore_and_count_changes_only(note_model):
    notes = [note_model.objects.create() for _ in range(3)]
    notes[0].soft_delete()

    assert note_model.all_objects.all().soft_delete() == 2
    assert note_model.all_objects.all().soft_delete() == 0
    assert note_model.all_objects.filter(pk=notes[0].pk).restore() == 1
    assert note_model.all_objects.all().restore() == 2
    assert note_model.objects.count() == 3


def test_hard_deletion_has_to_be_said(note_model):
    first, second = (note_model.objects.create() for _ in range(2))

    with pytest.raises(TypeError, match="hard_delete"):
        first.delete()
    with pytest.raises(TypeError, match="hard_delete"):
        note_model.objects.all().delete()
    first.hard_delete()
    assert note_model.all_objects.get().pk == second.pk
    note_model.all_objects.all().hard_delete()
    assert not note_model.all_objects.exists()


def test_alive_and_deleted_divide_all_rows(note_model):
    kept, hidden = (note_model.objects.create() for _ in range(2))
    hidden.soft_delete()

    assert note_model.all_objects.alive().get() == kept
    assert note_model.all_objects.deleted().get() == hidden


def test_order_is_stable_for_equal_times(note_model):
    now = timezone.now()
    notes = [note_model.objects.create(created_at=now) for _ in range(3)]
    old = note_model.objects.create(created_at=now - timedelta(days=1))

    assert list(note_model.objects.newest_first()) == [*reversed(notes), old]
    assert list(note_model.objects.oldest_first()) == [old, *notes]


def test_save_fields_writes_the_named_fields_and_the_time(note_model):
    note = note_model.objects.create(title="a", text="x")
    before = note.updated_at
    note.title, note.text = "b", "y"

    note.save_fields("title")

    read = note_model.objects.get()
    assert (read.title, read.text) == ("b", "x")
    assert read.updated_at > before
