"""Statements of hot paths, compiled once: building a queryset costs more than its answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connection, connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models import Field, Model, QuerySet

    from accounts.models import User

    Values = Sequence[Any] | Mapping[str, Any]

# Nobody's id.
STAND_IN = UUID(int=0)


class Insert:
    """The `INSERT` of one row of a model, for a statement that writes several tables.

    `expressions` replace the value of a column, by attribute, with SQL that may hold `%s`.
    """

    def __init__(self, model: type[Model], **expressions: str) -> None:
        self.model, self.expressions = model, expressions

    @cached_property
    def fields(self) -> Sequence[Field[Any, Any]]:
        """The columns' fields, in order."""
        return self.model._meta.concrete_fields

    @cached_property
    def sql(self) -> str:
        """The statement, with a place for each value."""
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields)
        places = ", ".join(self.expressions.get(field.attname, "%s") for field in self.fields)
        return f"INSERT INTO {quote(self.model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 -- names of a model

    def values(self, row: Model, **given: Sequence[Any]) -> list[Any]:
        """What goes into the places: the row's values, and those `given` for expressions."""
        found: list[Any] = []
        # Not by way of its proxy, which looks for the thread's connection at every attribute.
        database = connections[DEFAULT_DB_ALIAS]
        for field in self.fields:
            if field.attname in self.expressions:
                found += given.get(field.attname, ())
            else:
                found.append(field.get_db_prep_save(field.pre_save(row, add=True), database))
        return found


class Columns:
    """All columns of a model in a `SELECT`, under its alias there, and the rows they make."""

    def __init__(self, model: type[Model], alias: str) -> None:
        self.model, self.alias = model, alias

    @cached_property
    def fields(self) -> Sequence[Field[Any, Any]]:
        """The columns' fields, in order."""
        return self.model._meta.concrete_fields

    @cached_property
    def names(self) -> list[str]:
        """The attributes of a row, in order."""
        return [field.attname for field in self.fields]

    @cached_property
    def converters(self) -> list[tuple[int, Any]]:
        """What makes a value of what the driver gives, by place; most fields need nothing."""
        found = list[tuple[int, Any]]()
        for place, field in enumerate(self.fields):
            # As the ORM does it: the backend's own, then the field's.
            own = connection.ops.get_db_converters(field.cached_col)
            found += [(place, each) for each in [*own, *field.get_db_converters(connection)]]
        return found

    @cached_property
    def sql(self) -> str:
        """The list of columns."""
        quote = connection.ops.quote_name
        return ", ".join(f"{self.alias}.{quote(str(field.column))}" for field in self.fields)

    def make_row(self, values: Sequence[Any]) -> Any:
        """The row whose columns have these values."""
        found = list(values)
        for place, convert in self.converters:
            found[place] = convert(found[place], self.fields[place].cached_col, connection)
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, found)


class UserQuery:
    """A query about a user, the only thing in it that changes."""

    def __init__(self, rows: Callable[[User], QuerySet[Any, Any]]) -> None:
        self.rows = rows

    @cached_property
    def compiled(self) -> tuple[str, tuple[Any, ...]]:
        """The statement with its values, of somebody who stands in for everybody."""
        return self.rows(get_user_model()(pk=STAND_IN)).query.sql_with_params()

    def of(self, user: User) -> tuple[str, list[Any]]:
        """The statement, with a place for each value, and the values for a user."""
        sql, values = self.compiled
        return sql, [user.pk if value == STAND_IN else value for value in values]


def mark_stored(*rows: Model) -> None:
    """Note that new rows are in the database now: saving them writes changes."""
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 -- Django's own


def lock_names(*names: str, shared: bool = False, held_by: Any = None) -> None:
    """Hold the advisory locks of these names until the commit; waits for whoever holds them.

    Shared ones exclude only those who want a name alone. `held_by` is another connection.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    # In one order everywhere, so that two transactions never wait for each other.
    statement = f"SELECT {function}(hashtextextended(name, 0)) FROM unnest(%s::text[]) name"  # noqa: S608 -- one of two
    with (held_by or connection).cursor() as cursor:
        cursor.execute(statement, [sorted(names)])


def fetch_row(statement: str, values: Values) -> tuple[Any, ...] | None:
    """The first row of what a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def fetch_rows(statement: str, values: Values) -> list[tuple[Any, ...]]:
    """All rows of what a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
