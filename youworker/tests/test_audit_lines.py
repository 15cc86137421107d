import pytest
from auditlog.models import LogEntry

from accounts.tests.factories import UserFactory
from documents.enums import Access
from youworker import audit

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


@pytest.mark.parametrize(("action", "result"), [("user.logn", "ok"), ("user.login", "fine")])
def test_record_refuses_unknown_names(action, result):
    with pytest.raises(ValueError, match="There is no audit action"):
        audit.record(action, actor=None, result=result)

    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "Report.pdf",
        "ada@example.org",
        "yw_dGhpcyBpcyBhIGtleQ-0123456789ABCDEFGHIJKLMN",
        "",
        "x" * 65,
        "line\n",
        "città",
        b"bytes",
        {"title": "secret"},
        ["fine", "not fine"],
        [["nested"]],
        list(range(101)),
        object(),
    ],
)
def test_record_refuses_what_may_be_content(value):
    with pytest.raises(TypeError, match="'note'") as refusal:
        audit.record("user.update", actor=None, note=value)

    assert str(value or "''") not in str(refusal.value)
    assert not LogEntry.objects.exists()


def test_record_refuses_to_overwrite_the_key():
    with pytest.raises(TypeError, match="filled in by itself"):
        audit.record("user.update", actor=None, key="forged")


def test_record_keeps_ids_numbers_flags_and_words():
    user = UserFactory()

    audit.record(
        "user.update",
        actor=user,
        group=user.pk,
        bytes=3,
        share=0.5,
        on=True,
        nothing=None,
        access=Access.READ,
        fields=("display_name", "email"),
    )

    line = LogEntry.objects.get()
    assert line.additional_data == {
        "action": "user.update",
        "result": "ok",
        "actor": str(user.pk),
        "key": None,
        "group": str(user.pk),
        "bytes": 3,
        "share": 0.5,
        "on": True,
        "nothing": None,
        "access": "read",
        "fields": ["display_name", "email"],
    }


def test_a_line_outlives_its_actor_as_a_pseudonym():
    user = UserFactory(username="charlotte", email="charlotte@example.org")
    pk = str(user.pk)
    audit.record("user.login", actor=user)

    user.delete()

    line = LogEntry.objects.get()
    assert (line.actor, line.additional_data["actor"], line.object_pk) == (None, pk, pk)
    assert line.actor_email is None
    assert "charlotte" not in str(list(LogEntry.objects.values()))


def test_lines_about_somebody_are_his_acts_and_those_on_him():
    ada, bob = UserFactory.create_batch(2)
    audit.record("user.login", actor=ada)
    audit.record("user.update", actor=bob, target=ada)
    audit.record("admin.read_private", actor=bob, owner=ada.pk)
    audit.record("user.login", actor=bob)

    acts = [line.act for line in audit.lines_about(ada)]

    assert acts == ["admin.read_private", "user.update", "user.login"]
