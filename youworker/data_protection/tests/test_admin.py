"""Superusers erase people from the admin."""

import pytest
from auditlog.models import LogEntry
from django.test import Client

from accounts.models import DataExport, Erasure
from accounts.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued_tasks")]
URL = "/admin/accounts/user/"


def pages_of(user):
    client = Client()
    client.force_login(user)
    return client


def erase(pages, *people, **fields):
    chosen = {"action": "erase_everywhere", "_selected_action": [str(each.pk) for each in people]}
    return pages.post(URL, {**chosen, **fields}, follow=True)


def test_a_superuser_is_asked_and_then_obeyed():
    root, user = UserFactory(is_staff=True, is_superuser=True), UserFactory(username="grace")

    asked = erase(pages_of(root), user)
    assert asked.status_code == 200
    assert b"grace" in asked.content
    # What takes nothing away has the focus, and says what is asked.
    assert b'autofocus aria-describedby="warning">Cancel' in asked.content
    assert not Erasure.objects.exists()
    erase(pages_of(root), user, confirmed="yes")

    assert Erasure.objects.get().subject == user.pk
    assert LogEntry.objects.filter(additional_data__action="admin.user.delete").count() == 1


def test_staff_are_not_offered_it():
    from django.contrib.auth.models import Permission

    staff, user = UserFactory(is_staff=True), UserFactory()
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))

    page = erase(pages_of(staff), user, confirmed="yes")

    assert page.status_code == 200
    assert b"Erase everywhere" not in page.content
    assert not Erasure.objects.exists()


def test_the_last_superuser_is_not_erased_from_here_either():
    root = UserFactory(is_staff=True, is_superuser=True)

    page = erase(pages_of(root), root, confirmed="yes")

    assert b"last superuser" in page.content
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("name", ["dataexport", "erasure"])
def test_their_pages_open(name):
    root = UserFactory(is_staff=True, is_superuser=True)
    rows = {
        "dataexport": DataExport.objects.create(user=root),
        "erasure": Erasure.objects.create(subject=UserFactory().pk),
    }
    pages = pages_of(root)

    assert pages.get(f"/admin/accounts/{name}/?q=x").status_code == 200
    assert pages.get(f"/admin/accounts/{name}/{rows[name].pk}/change/").status_code == 200
