"""Statements in plain SQL that stand in for the ORM."""

import pytest
from django.db.models.sql.compiler import SQLCompiler

from accounts import services
from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory
from chat.models import Session
from chat.tests.factories import SessionFactory
from documents.search.operators import Understood
from documents.search.scope import as_scope, columns_of, documents_in, scope_of
from groups.tests.factories import MembershipFactory
from quotas.models import Quota
from quotas.policies import find_limits
from youworker.core.sql import STAND_IN, Columns, fetch_row
from youworker.encryption.fields import Ciphertext

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_querysets(monkeypatch):
    """Lets nothing be read by a statement that is built for the occasion."""

    def refuse(compiler, *args, **kwargs):
        raise AssertionError(f"a queryset of {compiler.query.model} was compiled")

    monkeypatch.setattr(SQLCompiler, "as_sql", refuse)


@pytest.mark.parametrize("factory", [UserFactory, ApiKeyFactory, SessionFactory])
def test_a_row_is_as_the_orm_reads_it(factory):
    made = factory()
    columns = Columns(type(made), "it")
    table = type(made)._meta.db_table

    row = columns.make_row(fetch_row(f"SELECT {columns.sql} FROM {table} AS it", []))  # noqa: S608 -- our own words

    read = type(made).objects.get(pk=made.pk)
    assert type(row) is type(made)
    plain = {name: value for name, value in vars(row).items() if name != "_state"}
    assert plain == {name: value for name, value in vars(read).items() if name != "_state"}
    row.save()  # which changes the stored row, and adds none


def test_an_encrypted_column_of_a_row_is_read_when_it_is_looked_at():
    made = SessionFactory(title="Replication")
    columns = Columns(Session, "it")

    row = columns.make_row(fetch_row(f"SELECT {columns.sql} FROM chat_session AS it", []))  # noqa: S608 -- our own words

    assert isinstance(vars(row)["title"], Ciphertext)
    assert row.title == made.title


def test_a_key_is_recognised_by_one_statement_that_was_built_before(
    request, django_assert_num_queries
):
    user = UserFactory()
    key, secret = services.create_api_key(user, name="a", scopes=["chat"], actor=user)
    request.getfixturevalue("no_querysets")
    assert services.user_of_key(secret) is not None  # and its use is noted, for a minute

    with django_assert_num_queries(1):
        found, shown = services.user_of_key(secret)

    assert (found, shown) == (user, key)
    assert isinstance(found, User)
    assert shown.user is found
    assert services.user_of_key("yw_unknown") is None


def test_limits_are_found_by_one_statement_that_was_built_before(
    request, django_assert_num_queries
):
    user = UserFactory()
    group, key = MembershipFactory(user=user).group, ApiKeyFactory(user=user)
    Quota.objects.create(user=user, documents=3)
    Quota.objects.create(group=group, stored_bytes=0)
    Quota.objects.create(api_key=key, runs_at_once=1)
    Quota.objects.create(api_key=ApiKeyFactory(user=user), runs_at_once=9)
    Quota.objects.create(user=UserFactory(), runs_at_once=9)
    request.getfixturevalue("no_querysets")

    with django_assert_num_queries(1):
        limits = find_limits(user, key.pk)

    assert sorted((limit.subject.name, limit.kind.value, limit.most) for limit in limits) == sorted(
        [
            (user.username, "documents", 3),
            (group.name, "stored_bytes", 0),
            (key.name, "runs_at_once", 1),
        ]
    )


def test_the_library_is_searched_by_a_statement_that_was_built_before(request):
    first, second = UserFactory(), UserFactory()
    question = Understood("penguins")
    scope_of(first, question)
    expected = as_scope(*columns_of(documents_in(second, None, None, None)).query.sql_with_params())
    request.getfixturevalue("no_querysets")

    found = scope_of(second, question)

    assert found == expected
    assert second.pk in found.parameters.values()
    assert not {first.pk, STAND_IN} & set(found.parameters.values())
