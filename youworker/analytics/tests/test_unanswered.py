"""Which answers count as questions that the documents did not answer."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from chat.enums import RunStatus, ToolRunStatus
from chat.models import Run
from chat.tests.factories import CitationFactory, RunFactory, SessionFactory, ToolRunFactory
from documents.tests.factories import CollectionFactory
from youworker.analytics.periods import period_of
from youworker.analytics.unanswered import unanswered_questions, unanswered_runs

pytestmark = pytest.mark.django_db


def answered(session, *, searched=True, quotes=False, tool="semantic.query", **fields):
    """An answer of a conversation."""
    run = RunFactory(session=session, **fields)
    if searched:
        ToolRunFactory(session=session, run=run, tool_name=tool)
    if quotes:
        CitationFactory(message=run.answer)
    return run


def week():
    return period_of(ZoneInfo("UTC"), days=7)


def test_what_searched_and_quotes_nothing_counts_for_its_collection():
    handbook, prices = CollectionFactory(name="Handbook"), CollectionFactory(name="Prices")
    limited, both, free = SessionFactory(), SessionFactory(), SessionFactory()
    limited.collections.set([handbook])
    both.collections.set([handbook, prices])
    first = answered(limited)
    answered(limited, quotes=True)
    answered(limited, searched=False)
    answered(limited, tool="time.now")
    answered(limited, status=RunStatus.FAILED)
    second = answered(both)
    third = answered(free)

    rows = unanswered_questions(week())["collections"]

    found = {row["collection_id"]: (row["unanswered"], row["searched"]) for row in rows}
    assert found == {handbook.pk: (2, 3), prices.pk: (1, 1), None: (1, 1)}
    assert rows[0]["collection_id"] == handbook.pk
    assert rows[0]["first_at"] == first.created_at
    assert rows[0]["last_at"] == second.created_at
    assert [row["id"] for row in unanswered_runs(week(), handbook.pk)] == [second.pk, first.pk]
    assert [row["id"] for row in unanswered_runs(week(), None)] == [third.pk]


def test_a_collection_that_answers_everything_is_not_told():
    session = SessionFactory()
    session.collections.set([CollectionFactory()])
    answered(session, quotes=True)

    assert unanswered_questions(week()) == {"collections": []}


def test_a_search_that_failed_says_nothing_about_the_documents():
    run = answered(SessionFactory(), searched=False)
    ToolRunFactory(session=run.session, run=run, status=ToolRunStatus.FAILED)

    assert unanswered_questions(week()) == {"collections": []}


def test_what_was_long_ago_is_not_told():
    run = answered(SessionFactory())
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=8))

    assert unanswered_questions(week()) == {"collections": []}


def test_nothing_private_is_told():
    run = answered(SessionFactory(title="secret"))

    told = str(unanswered_questions(week())) + str(unanswered_runs(week(), None))

    assert "secret" not in told
    assert run.user.username not in told
    assert run.question.content not in told
