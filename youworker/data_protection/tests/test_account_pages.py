"""The privacy page and the usage page."""

import pytest
from django.utils import timezone

from accounts.enums import ExportStatus
from accounts.models import DataExport, Erasure, PrivateAccess, SignIn, User
from accounts.tests.factories import UserFactory
from chat.models import Session
from chat.tests.factories import SessionFactory
from youworker.data_protection.export_files import path_of

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


@pytest.fixture
def ada(client, queued_tasks):
    user = UserFactory(username="ada")
    user.set_password(PASSWORD)
    user.save()
    client.post("/sign-in", {"username": "ada", "password": PASSWORD})
    return user


@pytest.fixture
def stale(ada):
    SignIn.objects.update(created_at="2020-01-01T00:00:00Z")
    return ada


def text(answer):
    return answer.content.decode()


def test_reads_of_staff_are_shown_with_their_reason(client, ada):
    reader = UserFactory(display_name="Root", is_staff=True)
    PrivateAccess.objects.create(
        owner=ada,
        reader=reader,
        kind="session",
        object_id=ada.pk,
        title="Leave <i>",
        reason="A complaint",
    )

    shown = text(client.get("/account/privacy"))

    assert "Root" in shown
    assert "Leave &lt;i&gt;" in shown
    assert "A complaint" in shown


def test_a_copy_is_asked_for_and_fetched(client, ada):
    answer = client.post("/account/privacy/exports", follow=True)
    export = DataExport.objects.get(user=ada)
    assert "The copy is being made" in text(answer)
    assert client.get(f"/account/privacy/exports/{export.pk}").status_code == 404

    path_of(export.pk).parent.mkdir(parents=True, exist_ok=True)
    path_of(export.pk).write_bytes(b"PK")
    later = timezone.now() + timezone.timedelta(hours=1)
    DataExport.objects.update(status=ExportStatus.READY, bytes=2, expires_at=later)
    fetched = client.get(f"/account/privacy/exports/{export.pk}")

    assert b"".join(fetched.streaming_content) == b"PK"
    assert "Download" in text(client.get("/account/privacy"))


def test_an_older_session_needs_the_password(client, stale):
    refused = client.post("/account/privacy/exports")
    wrong = client.post("/account/privacy/erase", {"understood": "on", "password": "wrong"})

    assert (refused.status_code, wrong.status_code) == (422, 422)
    assert not DataExport.objects.exists()
    assert not Erasure.objects.exists()


def test_whoever_has_no_password_is_told_to_sign_in_again(client, stale):
    stale.set_unusable_password()
    stale.save()
    client.force_login(stale)

    form = {"understood": "on", "shared_documents": "hand_over"}
    shown = text(client.get("/account/privacy"))
    refused = client.post("/account/privacy/erase", form)

    assert 'name="password"' not in shown
    assert shown.count("This needs a sign-in of the last few minutes.") == 2
    assert "Sign out and in again first." in text(refused)
    assert not Erasure.objects.exists()


def test_all_conversations_are_removed_after_a_yes(client, ada):
    SessionFactory.create_batch(2, user=ada)
    SessionFactory()

    without = client.post("/account/privacy/history")
    answer = client.post("/account/privacy/history", {"understood": "on"}, follow=True)

    assert without.status_code == 422
    assert "2 conversations are removed." in text(answer)
    assert Session.objects.count() == 1


def test_the_account_is_closed_at_once(client, ada):
    form = {"understood": "on", "shared_documents": "hand_over"}
    without = client.post("/account/privacy/erase", {"shared_documents": "hand_over"})
    answer = client.post("/account/privacy/erase", form, follow=True)

    assert without.status_code == 422
    assert "Your account is closed. Its data is being erased." in text(answer)
    assert not User.objects.get(pk=ada.pk).is_active
    assert client.get("/account/privacy")["Location"].startswith("/sign-in")


def test_use_and_limits_are_shown_in_words(client, ada, configured):
    configured("quota", tokens_per_day=1000)

    shown = text(client.get("/account/usage"))

    assert "Tokens today" in shown
    assert "0 of 1,000" in shown
    assert "Nothing is limited" not in shown
