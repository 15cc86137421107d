"""The company that does not exist comes as it is ordered, and goes without a trace."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from accounts.tests.factories import UserFactory
from chat.models import Citation, Message, Run, Session
from chat.tests.factories import CitationFactory, MessageFactory, ToolGrantFactory
from documents.models import Document, DocumentShare, Passage
from groups.tests.factories import GroupFactory
from ingestion.models import IngestionItem
from quotas.models import TokenUsage, UsageEvent
from youworker.demo.tables import is_marked
from youworker.encryption.keyring import require_keys

pytestmark = pytest.mark.django_db


def seed(**options):
    call_command("seed_demo", messages=60, documents=12, users=7, days=30, **options)


def counts():
    """Rows of every table."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- the database's names
            found[table] = cursor.fetchone()[0]
    # Whoever asks for vectors first makes the row of their model.
    del found["documents_embeddingmodel"]
    return found


def test_the_company_is_whole_and_readable():
    seed()

    assert User.objects.count() == 7
    assert Message.objects.count() in {60, 61}
    ready = IngestionItem.objects.filter(stage="ready").count()
    assert (IngestionItem.objects.count(), Document.objects.count()) == (12, ready)
    assert Passage.objects.filter(search=None).count() == 0
    question = Message.objects.filter(role="user").first()
    assert "damaged" not in question.content
    assert len(question.content) > 20
    quoted = Citation.objects.select_related("document").first()
    assert quoted.quote == Passage.objects.get(pk=quoted.passage_id).text
    runs = UsageEvent.objects.filter(kind="run")
    assert runs.count() == Run.objects.count()
    assert sum(one.tokens_out for one in runs) == sum(
        one.tokens_out for one in TokenUsage.objects.all()
    )
    assert all(is_marked(pk) for pk in Run.objects.values_list("pk", flat=True))


def test_ids_are_in_the_order_of_time():
    seed()

    times = list(Run.objects.order_by("pk").values_list("created_at", flat=True))

    assert [one.replace(microsecond=0) for one in times] == sorted(
        one.replace(microsecond=0) for one in times
    )


def test_nothing_is_left_of_it_and_nothing_else_goes():
    kept = MessageFactory()
    require_keys()
    before = counts()
    seed(beside_people=True)

    call_command("seed_demo", remove=True)

    assert counts() == before
    assert Message.objects.get() == kept


def test_nobody_can_sign_in_as_one_of_them(client):
    seed()

    assert not any(user.has_usable_password() for user in User.objects.all())


def test_it_does_not_come_twice_or_among_people():
    UserFactory(username="ada")
    with pytest.raises(CommandError, match="--beside-people"):
        seed()

    seed(beside_people=True)
    with pytest.raises(CommandError, match="--remove"):
        seed(beside_people=True)


def test_a_superuser_alone_is_nobody_to_be_disturbed():
    UserFactory(username="root", is_superuser=True, is_staff=True)

    seed()

    assert User.objects.count() == 8


@pytest.mark.parametrize("remove", [False, True])
def test_a_dry_run_changes_nothing(remove):
    before = counts()

    call_command("seed_demo", dry_run=True, remove=remove)

    assert counts() == before


@pytest.mark.parametrize("size", [{"users": 2}, {"days": 0}, {"days": 10**9}])
def test_a_company_that_makes_no_sense_is_refused(size):
    with pytest.raises(CommandError, match="at least"):
        call_command("seed_demo", **size)

    assert not User.objects.exists()


def test_a_name_that_is_taken_is_told():
    GroupFactory(name="Demo: sales")

    with pytest.raises(CommandError, match="name of the demonstration"):
        seed()

    assert not User.objects.exists()


def test_it_goes_with_what_others_have_put_there():
    seed()
    session, document = Session.objects.first(), Document.objects.first()
    real = UserFactory(username="ada")
    ToolGrantFactory(user=session.user, session=session)
    DocumentShare.objects.create(document=document, group=GroupFactory())
    CitationFactory(message__session__user=real, document=document)

    call_command("seed_demo", remove=True)

    assert User.objects.filter(username__startswith="demo-").count() == 0
    assert Citation.objects.get().document is None
    assert Session.objects.get().user == real


def test_somebody_who_is_called_like_them_stays():
    real = UserFactory(username="demo-real", email="real@demo.invalid")

    call_command("seed_demo", remove=True)

    assert User.objects.get() == real
