"""What is looked up in the audit log, which only grows, is answered by indexes."""

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from youworker.audit import lines_about
from youworker.audit.admin import meaning
from youworker.audit.lines import with_words
from youworker.core.ids import uuid7

pytestmark = pytest.mark.django_db


def plan_of(lines):
    with connection.cursor() as cursor:
        # Small tables are read as a whole; what remains then shows what no index answers.
        cursor.execute("SET LOCAL enable_seqscan = off")
    return lines.order_by().values("pk").explain()


def test_staff_find_the_lines_of_a_key():
    plan = plan_of(with_words().filter(meaning(str(uuid7()))))

    assert "audit_entry_key" in plan
    assert "Seq Scan" not in plan


def test_people_find_their_own_lines():
    plan = plan_of(lines_about(UserFactory()))

    assert {"audit_entry_actor", "audit_entry_owner"} <= set(plan.split())
    assert "Seq Scan" not in plan
