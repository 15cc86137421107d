"""The staff pages of the audit log and of private content."""

from datetime import UTC, datetime, timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import PrivateAccess
from accounts.tests.factories import UserFactory
from chat.models import Message
from chat.tests.factories import MessageFactory, SessionFactory
from documents.models import Passage
from documents.tests.factories import DocumentFactory
from youworker import audit

pytestmark = pytest.mark.django_db
LIST = "/admin/auditlog/logentry/"
REASON = "Asked by the data protection officer"


@pytest.fixture
def root():
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def pages(root):
    client = Client()
    client.force_login(root)
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_the_log_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    for user in UserFactory.create_batch(count):
        audit.record("user.update", actor=user)
    pages.get(LIST)

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get(LIST)

    assert answer.status_code == 200


def test_lines_are_found_by_everything_that_names_them(pages):
    ada = UserFactory(username="ada-lovelace")
    session = SessionFactory(user=ada)
    audit.record("chat.session.create", actor=ada, target=session)
    LogEntry.objects.update(cid="cause-1", remote_addr="10.1.2.3")
    audit.record("user.login", actor=UserFactory(username="bob"))

    for word in ("lovelace", ada.pk, session.pk, "cause-1", "10.1.2.3", "chat.session.create"):
        found = pages.get(LIST, {"q": word}).content.decode()
        assert str(session.pk) in found, word
        assert "bob" not in found, word


def test_lines_are_filtered(pages):
    audit.record("user.login", actor=UserFactory(username="ada"))
    audit.record("auth.unauthorized", actor=UserFactory(username="bob"), result="denied")

    by_action = pages.get(LIST, {"act": "user.login"}).content
    by_result = pages.get(LIST, {"outcome": "denied"}).content

    assert (b"ada" in by_action, b"bob" in by_action) == (True, False)
    assert (b"ada" in by_result, b"bob" in by_result) == (False, True)


def test_lines_are_told_in_words(pages):
    session = SessionFactory()
    audit.record("chat.session.delete", actor=session.user, target=session, result="denied")

    shown = pages.get(LIST).content.decode().partition("<tbody")[2]

    for words in ("Conversation deleted (chat.session.delete)", "Denied", "Conversation<"):
        assert words in shown
    assert "Session<" not in shown


def test_lines_can_be_read_and_nothing_else(pages):
    audit.record("user.login", actor=UserFactory())
    line = LogEntry.objects.get()

    shown = pages.get(f"{LIST}{line.pk}/change/")

    assert (shown.status_code, b"user.login" in shown.content) == (200, True)
    assert pages.post(f"{LIST}{line.pk}/change/", {"cid": "x"}).status_code == 403
    assert pages.post(f"{LIST}{line.pk}/delete/", {"post": "yes"}).status_code == 403
    assert pages.get(f"{LIST}add/").status_code == 403
    for page in ("/admin/common/auditlink/", "/admin/common/auditcheckpoint/"):
        assert pages.get(page).status_code == 200


def private_page(row):
    options = row._meta
    return f"/admin/{options.app_label}/{options.model_name}/{row.pk}/read-private/"


def session_with_text():
    session = SessionFactory(title="Plans")
    MessageFactory(session=session, content="<script>alert('two')</script>")
    return session


def document_with_text():
    document = DocumentFactory()
    text = "<script>alert('two')</script>"
    Passage.objects.create(
        document=document, ordinal=0, text=text, heading="<b>One</b>", start=0, end=len(text)
    )
    return document


@pytest.mark.parametrize("made", [session_with_text, document_with_text])
def test_private_content_is_shown_for_a_reason_and_escaped(pages, root, made):
    row = made()

    button = pages.get(private_page(row).replace("read-private", "change"))
    asked = pages.get(private_page(row))
    shown = pages.post(private_page(row), {"reason": REASON})

    assert b"read-private" in button.content
    assert b"alert(" not in button.content + asked.content
    assert b"&lt;script&gt;alert(" in shown.content
    assert b"<script>alert(" not in shown.content
    assert b"<b>One" not in shown.content
    assert "no-store" in shown["Cache-Control"]
    access = PrivateAccess.objects.get()
    assert (access.reader, access.reason, access.object_id) == (root, REASON, row.pk)
    line = LogEntry.objects.get(additional_data__action="admin.read_private")
    assert (line.actor, line.object_pk) == (root, str(row.pk))
    assert line.additional_data["access"] == str(access.pk)
    assert "officer" not in str(line.additional_data)


def test_a_conversation_is_read_in_the_language_and_the_time_of_its_reader(pages, root):
    root.language, root.time_zone = "it", "Asia/Tokyo"
    root.save()
    message = MessageFactory(session=SessionFactory(), role="assistant", content="Ciao")
    moment = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    Message.objects.filter(pk=message.pk).update(created_at=moment)

    shown = pages.post(private_page(message.session), {"reason": REASON}).content.decode()

    assert "Assistente, 02/03/2026 05:30" in shown


@pytest.mark.parametrize("reason", ["", "too short"])
def test_private_content_is_not_shown_without_a_reason(pages, reason):
    answer = pages.post(private_page(session_with_text()), {"reason": reason})

    assert b"alert(" not in answer.content
    assert not PrivateAccess.objects.exists()


def clerk(*names):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def test_private_content_needs_the_right():
    row = session_with_text()

    looking = clerk("view_session")
    page = looking.get(private_page(row).replace("read-private", "change"))

    assert (page.status_code, b"read-private" in page.content) == (200, False)
    assert looking.post(private_page(row), {"reason": REASON}).status_code == 403
    assert clerk("read_private").get(private_page(row)).status_code == 403
    allowed = clerk("view_session", "read_private").post(private_page(row), {"reason": REASON})
    assert b"alert(" in allowed.content


def test_private_content_of_a_superuser_is_for_superusers(root):
    session = SessionFactory(user=root)
    MessageFactory(session=session, content="root's own")

    answer = clerk("view_session", "read_private").post(private_page(session), {"reason": REASON})

    assert (answer.status_code, b"root&#x27;s own" in answer.content) == (403, False)
    assert not PrivateAccess.objects.exists()
    assert LogEntry.objects.get().additional_data["action"] == "auth.unauthorized"


@pytest.mark.parametrize(
    ("passed", "reason", "noted"),
    [
        (timedelta(minutes=59), f" {REASON}", 1),
        (timedelta(minutes=61), REASON, 2),
        (timedelta(minutes=1), f"{REASON} again", 2),
    ],
)
def test_a_page_that_is_loaded_again_is_one_reading(pages, passed, reason, noted):
    page = private_page(session_with_text())
    pages.post(page, {"reason": REASON})
    PrivateAccess.objects.update(created_at=timezone.now() - passed)

    shown = pages.post(page, {"reason": reason})

    assert b"alert(" in shown.content
    assert PrivateAccess.objects.count() == noted
    assert LogEntry.objects.filter(additional_data__action="admin.read_private").count() == noted


def test_another_reader_or_conversation_is_another_reading(pages):
    row, other = session_with_text(), session_with_text()
    colleague = clerk("view_session", "read_private")

    for client, read in ((pages, row), (pages, other), (colleague, row)):
        client.post(private_page(read), {"reason": REASON})

    assert PrivateAccess.objects.count() == 3


@pytest.mark.usefixtures("rate_limits")
def test_private_content_is_opened_a_limited_number_of_times(pages, monkeypatch):
    monkeypatch.setenv("RATE_ADMIN_ACTION", "1/h")
    page = private_page(session_with_text())

    answers = [pages.post(page, {"reason": REASON}).status_code for _ in range(2)]

    assert answers == [200, 429]


def test_what_does_not_exist_is_not_found(pages):
    session = SessionFactory()
    page = private_page(session)
    session.hard_delete()

    assert pages.get(page).status_code == 404
