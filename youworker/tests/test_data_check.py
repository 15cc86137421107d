"""The staff page on which the data are looked at: who may, one at a time, and what it tells."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from redis import ConnectionError as RedisGone

from accounts.tests.factories import UserFactory
from documents.models import Document
from documents.tests.conftest import use_model
from documents.tests.factories import DocumentFactory, embed, write
from documents.tests.fakes import LetterEmbedder
from youworker import tasks
from youworker.core.effects import redis_rest
from youworker.core.inspection import Check, Finding
from youworker.core.redis import sync_redis
from youworker.doctor import reports

pytestmark = pytest.mark.django_db
PAGE = "/admin/data-check/"


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """What a worker was told, instead of one; no report of another test."""
    told = []
    monkeypatch.setattr(reports, "queue_task", lambda name, *given: told.append((name, given)))
    sync_redis().delete(reports.REPORT, reports.BEGUN)
    yield told
    sync_redis().delete(reports.REPORT, reports.BEGUN)


def staff(*rights, **fields):
    user = UserFactory(is_staff=True, **fields)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client, user


@pytest.fixture
def broken(monkeypatch):
    """A document that says it has more passages than it has."""
    use_model(monkeypatch, LetterEmbedder(), active=True)
    document = DocumentFactory(title="secret plans")
    write(document, "penguins")
    embed()
    Document.objects.filter(pk=document.pk).update(passage_count=99)
    return document


def work(queued):
    """Do what a worker was told."""
    name, (fix, actor) = queued.pop()
    assert name == tasks.examine_data.name
    tasks.examine_data(fix, actor)


def test_what_is_wrong_is_shown_and_repaired(broken, queued, monkeypatch):
    monkeypatch.setattr("youworker.doctor.examination.time.sleep", lambda seconds: None)
    client, user = staff(is_superuser=True)
    assert "Nobody has looked yet" in client.get(PAGE).content.decode()

    assert client.post(PAGE, {"act": "look"}).status_code == 302
    assert 'http-equiv="refresh"' in client.get(PAGE).content.decode()
    work(queued)
    shown = client.get(PAGE).content.decode()
    assert "something is wrong" in shown
    assert str(broken.pk) in shown
    assert "99 instead of 1" in shown
    assert "secret plans" not in shown
    assert 'http-equiv="refresh"' not in shown
    assert Document.objects.get(pk=broken.pk).passage_count == 99

    client.post(PAGE, {"act": "repair"})
    work(queued)
    shown = client.get(PAGE).content.decode()
    assert "all is well" in shown
    assert "repaired" in shown
    assert Document.objects.get(pk=broken.pk).passage_count == 1
    assert LogEntry.objects.get(additional_data__setting="doctor").actor == user


def test_one_examination_at_a_time(queued):
    client, _ = staff(is_superuser=True)

    client.post(PAGE, {"act": "look"})
    answer = client.post(PAGE, {"act": "repair"}, follow=True)

    assert "The data are being looked at already." in answer.content.decode()
    assert len(queued) == 1


def test_an_examination_that_fails_makes_room_for_the_next(queued, monkeypatch):
    client, _ = staff(is_superuser=True)
    client.post(PAGE, {"act": "look"})

    def fail(*given, **options):
        raise OSError("killed")

    monkeypatch.setattr(reports, "run_examination", fail)
    with pytest.raises(OSError, match="killed"):
        work(queued)

    assert not reports.is_being_made()


def test_without_redis_the_page_says_so(queued, monkeypatch):
    def away():
        raise RedisGone("away")

    monkeypatch.setattr(reports, "sync_redis", away)
    monkeypatch.setattr(redis_rest, "resting_until", 0.0)
    client, _ = staff(is_superuser=True)

    answer = client.post(PAGE, {"act": "look"})

    assert answer.status_code == 302
    assert not queued


def test_the_page_is_for_staff_with_the_right(queued):
    viewer, _ = staff("view_ingestionitem")
    stranger, _ = staff("view_document")

    assert stranger.get(PAGE).status_code == 403
    assert stranger.post(PAGE, {"act": "look"}).status_code == 403
    assert viewer.get(PAGE).status_code == 200
    assert "Look and repair" not in viewer.get(PAGE).content.decode()
    assert viewer.post(PAGE, {"act": "repair"}).status_code == 403
    assert not queued
    assert viewer.post(PAGE, {"act": "look"}).status_code == 302
    assert [given[0] for _, given in queued] == [False]
    nobody = Client()
    nobody.force_login(UserFactory())
    assert nobody.get(PAGE).status_code == 302
    assert Client().post(PAGE).status_code == 302
    assert Client().delete(PAGE).status_code in {302, 405}


def test_the_sidebar_offers_it_to_those(queued):
    viewer, _ = staff("view_ingestionitem")
    stranger, _ = staff("view_document")

    assert f'href="{PAGE}"' in viewer.get("/admin/").content.decode()
    assert f'href="{PAGE}"' not in stranger.get("/admin/").content.decode()


def test_somebody_who_left_repairs_nothing(broken, queued, monkeypatch):
    monkeypatch.setattr("youworker.doctor.examination.time.sleep", lambda seconds: None)
    client, user = staff(is_superuser=True)
    client.post(PAGE, {"act": "repair"})
    type(user).objects.filter(pk=user.pk).update(is_active=False)

    work(queued)

    assert Document.objects.get(pk=broken.pk).passage_count == 99


def test_a_check_that_is_not_known_any_more_is_shown_by_its_name(queued):
    client, _ = staff(is_superuser=True)
    old = Check("old-rule", "Old rule", lambda deep: iter([Finding("x")]))
    reports.make_report((old,), fix=False, actor=None, pause=0)

    assert "old-rule" in client.get(PAGE).content.decode()
