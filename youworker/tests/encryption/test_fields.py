"""Encrypted fields: what the database has, and what happens to damaged content."""

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction

from youworker.encryption.fields import DAMAGED_TEXT

SECRET = "the text nobody else may read 🤫"


def stored(note, column="text"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM common_note WHERE id = %s", [note.pk])  # noqa: S608
        return cursor.fetchone()[0]


def put(note, token, column="text"):
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE common_note SET {column} = %s WHERE id = %s",  # noqa: S608
            [token, note.pk],
        )


def test_values_come_back_and_are_not_stored_readable(note_model):
    data = {"list": [1, None, "è"], "deep": {"a": True}}
    note = note_model.objects.create(text=SECRET, data=data, reasoning=None)

    read = note_model.objects.get()

    assert (read.text, read.data, read.reasoning) == (SECRET, data, None)
    assert SECRET not in stored(note)
    assert "deep" not in stored(note, "data")
    assert stored(note, "reasoning") is None


def test_the_empty_text_stays_empty_and_the_same_text_looks_different_each_time(note_model):
    empty = note_model.objects.create()
    first = note_model.objects.create(text=SECRET)
    second = note_model.objects.create(text=SECRET)

    assert stored(empty) == ""
    assert note_model.objects.get(pk=empty.pk).text == ""
    assert stored(first) != stored(second)


def test_rows_written_in_bulk_are_encrypted(note_model):
    notes = [note_model(text=SECRET), note_model(text="other")]
    note_model.objects.bulk_create(notes)

    assert SECRET not in stored(notes[0])
    assert [note.text for note in note_model.objects.oldest_first()] == [SECRET, "other"]


def test_deferred_values_are_read_when_they_are_needed(note_model, django_assert_num_queries):
    note_model.objects.create(text=SECRET)
    note = note_model.objects.defer("text").get()

    with django_assert_num_queries(1):
        assert note.text == SECRET
        assert note.text == SECRET


def test_a_token_of_another_row_is_shown_as_damaged(note_model):
    own = note_model.objects.create(text="mine")
    other = note_model.objects.create(text=SECRET)
    put(own, stored(other))

    assert note_model.objects.get(pk=own.pk).text == DAMAGED_TEXT
    assert note_model.objects.get(pk=other.pk).text == SECRET


def test_a_token_of_another_field_is_shown_as_damaged(note_model):
    note = note_model.objects.create(text=SECRET, reasoning="why")
    put(note, stored(note), "reasoning")

    read = note_model.objects.get()
    assert (read.text, read.reasoning) == (SECRET, DAMAGED_TEXT)


@pytest.mark.parametrize("token", ["plain text", "gAAAAAB", "\u00e8", " "])
def test_what_is_no_token_is_shown_as_damaged(note_model, token):
    note = note_model.objects.create(text=SECRET, data={"a": 1})
    put(note, token)
    put(note, token, "data")

    read = note_model.objects.get()
    assert (read.text, read.data) == (DAMAGED_TEXT, DAMAGED_TEXT)


def test_damaged_content_survives_a_save(note_model, settings):
    good = settings.MESSAGE_ENCRYPTION_KEYS
    note = note_model.objects.create(text=SECRET)
    before = stored(note)

    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    read = note_model.objects.get()
    assert read.text == DAMAGED_TEXT
    read.title = "renamed"
    read.save()
    settings.MESSAGE_ENCRYPTION_KEYS = good

    assert stored(note) == before
    assert note_model.objects.get().text == SECRET


def test_saving_without_reading_keeps_the_token(note_model):
    note = note_model.objects.create(text=SECRET)
    before = stored(note)

    note_model.objects.get().save()

    assert stored(note) == before


def test_a_token_that_is_written_back_unread_gets_the_first_key(note_model, settings):
    note = note_model.objects.create(text=SECRET)
    unread = note_model.objects.get()
    fresh = Fernet.generate_key().decode()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, *settings.MESSAGE_ENCRYPTION_KEYS]

    unread.save()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    assert Fernet(fresh).decrypt(stored(note))
    assert note_model.objects.get().text == SECRET


def test_older_keys_still_read(note_model, settings):
    note_model.objects.create(text=SECRET)
    fresh = Fernet.generate_key().decode()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, *settings.MESSAGE_ENCRYPTION_KEYS]

    assert note_model.objects.get().text == SECRET


@pytest.mark.parametrize(
    "query",
    [
        lambda model: model.objects.filter(text=SECRET).exists(),
        lambda model: model.objects.update(text="readable"),
        lambda model: model.objects.update(data={"a": 1}),
        lambda model: model.objects.bulk_update([model(text="readable")], ["text"]),
    ],
)
def test_plain_text_never_reaches_a_query(note_model, query):
    note_model.objects.create(text=SECRET)

    with pytest.raises(TypeError, match="encrypted"), transaction.atomic():
        query(note_model)

    assert note_model.objects.get().text == SECRET


def test_empty_values_may_be_set_and_looked_for(note_model):
    note_model.objects.create(text=SECRET)

    note_model.objects.update(text="", reasoning=None)

    assert note_model.objects.filter(text="").count() == 1
