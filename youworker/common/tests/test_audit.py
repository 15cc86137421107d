import pytest
from auditlog.models import LogEntry
from django.utils.functional import SimpleLazyObject

from accounts.tests.factories import UserFactory
from youworker.common import audit

pytestmark = pytest.mark.django_db


def test_record_takes_a_line_about_nobody_known():
    audit.record("auth.login.failed", actor=None, result="denied")

    line = LogEntry.objects.get()
    assert (line.object_repr, line.object_pk, line.actor) == ("User", "", None)


def test_record_is_about_the_actor_when_there_is_no_target():
    user = UserFactory()

    audit.record("user.login", actor=user)

    line = LogEntry.objects.get()
    assert (line.object_pk, line.actor) == (str(user.pk), user)
    assert line.additional_data["actor"] == str(user.pk)


def test_the_user_of_a_session_is_named_like_any_other():
    user = UserFactory()

    audit.record("user.update", actor=user, target=SimpleLazyObject(lambda: user))

    assert LogEntry.objects.get().object_repr == "User"
