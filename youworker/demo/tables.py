"""Writing many rows quickly: `COPY`, with what the models' fields say is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import AutoField, Field

from youworker.encryption.crypto import encrypt
from youworker.encryption.fields import EncryptedTextField

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import Model

# The end of every id that was made here, beside which no other sign is needed to tell them.
MARK = 0x64656D6F
# Bits of the counter, which stands where other ids of version 7 are random.
HIGH, LOW = 12, 30


class Ids:
    """Ids of version 7 for moments of the past, each given once; they end with the mark."""

    def __init__(self, first: int) -> None:
        self.next = first % (1 << (HIGH + LOW))

    def at(self, moment: datetime) -> UUID:
        """The next id, as if it had been made at this moment."""
        milliseconds = int(moment.timestamp() * 1000)
        number = self.next
        self.next = (number + 1) % (1 << (HIGH + LOW))
        high, low = number >> LOW, number & ((1 << LOW) - 1)
        return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low << 32 | MARK)


def is_marked(pk: UUID) -> bool:
    """Whether an id was made here."""
    return pk.int & 0xFFFFFFFF == MARK


class Table:
    """Rows of one model that wait to be written."""

    def __init__(self, model: type[Model]) -> None:
        fields = [field for field in model._meta.concrete_fields if is_written(field)]
        self.name = model._meta.db_table
        self.columns = [field.column for field in fields]
        self.defaults = [stored_default(field) for field in fields]
        self.places = {field.attname: place for place, field in enumerate(fields)}
        self.rows: list[list[Any]] = []

    def add(self, **values: Any) -> None:
        """Remember a row: what is not given has the default of its field."""
        row = self.defaults.copy()
        for name, value in values.items():
            row[self.places[name]] = value
        self.rows.append(row)

    def sealed(self, column: str, pk: UUID, value: Any) -> str:
        """The token that an encrypted field of a row stores."""
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        return encrypt(text, context=f"{self.name}.{column}:{pk}")

    def write(self) -> int:
        """Write what was remembered; how many rows that were."""
        columns = ", ".join(f'"{column}"' for column in self.columns)
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{self.name}" ({columns}) FROM STDIN') as copy,
        ):
            for row in self.rows:
                copy.write_row(row)
        count = len(self.rows)
        self.rows = []
        return count


def is_written(field: Field[Any, Any]) -> bool:
    """Whether we say what a column holds; the database numbers and dates the others."""
    return not isinstance(field, AutoField) and not field.has_db_default()


def stored_default(field: Field[Any, Any]) -> Any:
    """What the column of a field holds where nothing is said."""
    if isinstance(field, EncryptedTextField):
        return None if field.null else ""
    return field.get_db_prep_save(field.get_default(), connection)


def write_all(tables: Iterable[Table]) -> int:
    """Write several tables in this order; how many rows that were."""
    return sum(table.write() for table in tables)
