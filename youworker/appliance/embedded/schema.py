"""What a new database begins with: the tables as the migrations listed in it have made them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# Written by `make schema`; only for the PostgreSQL that comes with the product.
SCHEMA = Path(__file__).with_name("schema.sql")
# The dump has functions before the tables they name.
UNCHECKED = "SET LOCAL check_function_bodies = off;\n"


def create_tables(connection: psycopg.Connection) -> None:
    """Make the tables of an empty database, all or none; later migrations come on top."""
    with connection.transaction():
        connection.execute((UNCHECKED + SCHEMA.read_text()).encode())
