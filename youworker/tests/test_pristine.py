"""What a test commits is gone when it ends, and what migrations made is there again."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from accounts.models import User
from accounts.tests.factories import UserFactory
from documents.tests.factories import DocumentFactory
from documents.tests.factories import write as write_passage
from youworker.tests.support.pristine import restore_database

pytestmark = pytest.mark.django_db(transaction=True)


def rows_by_table():
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        return {table: rows_of(cursor, table) for table in tables}


def rows_of(cursor, table):
    cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t ORDER BY 1")  # noqa: S608
    return cursor.fetchall()


def test_every_table_is_as_it_was():
    before = rows_by_table()
    write_passage(DocumentFactory(owner=UserFactory(username="ada")), "Thirty days of leave.")
    LogEntry.objects.log_create(User.objects.get(), action=LogEntry.Action.UPDATE, changes={"a": 1})
    Permission.objects.filter(codename="add_user").delete()
    Permission.objects.filter(codename="view_user").update(name="Something else")
    ContentType.objects.create(app_label="common", model="nothing")
    changed = rows_by_table()

    restore_database()

    assert {table for table, rows in changed.items() if rows != before[table]} >= {
        "accounts_user",
        "auditlog_logentry",
        "common_auditlink",
        "auth_permission",
        "documents_passage",
        "django_content_type",
    }
    assert rows_by_table() == before


def test_checks_and_triggers_work_on():
    UserFactory(username="ada")

    restore_database()

    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_content_types_are_not_remembered_past_their_row():
    made = ContentType.objects.create(app_label="common", model="nothing")
    ContentType.objects.get_for_id(made.pk)

    restore_database()

    with pytest.raises(ContentType.DoesNotExist):
        ContentType.objects.get_for_id(made.pk)
