"""Put the database back as the migrations left it, after a test that committed.

Django truncates every table and makes its permissions anew, which takes longer than most tests
that commit. Here only what a test changed is touched, and rows of migrations stay.
"""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import connection

# In a schema of their own, where no test that lists the tables comes across the copies.
REMEMBER = """
CREATE SCHEMA pristine;

DO $$
DECLARE
    item record;
    filled boolean;
BEGIN
    FOR item IN SELECT oid::regclass AS live, relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', item.live) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE UNLOGGED TABLE pristine.%I AS TABLE %s', item.name, item.live);
        END IF;
    END LOOP;
END
$$;

-- A replica fires no trigger, so neither the order of tables nor the audit chain matters.
CREATE FUNCTION pristine.restore() RETURNS void
LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
    item record;
    changed boolean;
BEGIN
    FOR item IN
        SELECT tables.oid::regclass AS live, copies.oid::regclass AS copy,
               EXISTS (SELECT FROM pg_index JOIN pg_class found ON found.oid = indexrelid
                       JOIN pg_am ON pg_am.oid = found.relam
                       WHERE indrelid = tables.oid AND amname = 'hnsw') AS has_graph
        FROM pg_class tables
        LEFT JOIN pg_class copies ON copies.relname = tables.relname
            AND copies.relnamespace = 'pristine'::regnamespace
        WHERE tables.relnamespace = 'public'::regnamespace AND tables.relkind = 'r'
            AND pg_relation_size(tables.oid) > 0
    LOOP
        -- Waits for whoever still writes; they would commit behind our back.
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', item.live);
        IF item.copy IS NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', item.live) INTO changed;
        ELSE
            EXECUTE format('SELECT EXISTS ((TABLE %1$s EXCEPT ALL TABLE %2$s)'
                           ' UNION ALL (TABLE %2$s EXCEPT ALL TABLE %1$s))',
                           item.live, item.copy) INTO changed;
        END IF;
        CONTINUE WHEN NOT changed;
        IF item.has_graph THEN
            -- Deleted vectors would stay in the graph that the next test's search walks.
            EXECUTE format('TRUNCATE %s CASCADE', item.live);
        ELSE
            EXECUTE format('DELETE FROM %s', item.live);
        END IF;
        IF item.copy IS NOT NULL THEN
            EXECUTE format('INSERT INTO %s TABLE %s', item.live, item.copy);
        END IF;
    END LOOP;
END
$$;
"""
RESTORE = "SELECT pristine.restore()"


def remember_database() -> None:
    """Keep a copy of every row there is, for `restore_database`."""
    execute(REMEMBER)


def restore_database() -> None:
    """Undo what a test committed; sequences go on, as they do after a rollback."""
    execute(RESTORE)
    ContentType.objects.clear_cache()


def execute(statement: str) -> None:
    """Send statements without parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
