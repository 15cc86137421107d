"""Links every audit entry into a hash chain at its commit, and those that are there already."""

import django.utils.timezone
from django.db import migrations, models

# The order and the form of the fields are repeated in `youworker.audit.chain`, which
# verifies without these functions. `actor_id` is left out: erasing an account empties it, and the
# pseudonym is in `additional_data`.
FUNCTIONS = """
CREATE FUNCTION youworker_audit_field(value text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(octet_length(convert_to(value, 'UTF8'))::text || ':' || value, '-') || ','
$$;

CREATE FUNCTION youworker_audit_time(value timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT to_char(value AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
$$;

CREATE FUNCTION youworker_audit_hash(
    previous text, seq bigint, linked_at timestamptz, entry auditlog_logentry
) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        youworker_audit_field(previous)
        || youworker_audit_field(seq::text)
        || youworker_audit_field(youworker_audit_time(linked_at))
        || youworker_audit_field(entry.id::text)
        || youworker_audit_field(entry.content_type_id::text)
        || youworker_audit_field(entry.object_pk)
        || youworker_audit_field(entry.object_id::text)
        || youworker_audit_field(entry.object_repr)
        || youworker_audit_field(entry.serialized_data::text)
        || youworker_audit_field(entry.action::text)
        || youworker_audit_field(entry.changes_text)
        || youworker_audit_field(entry.changes::text)
        || youworker_audit_field(entry.cid)
        || youworker_audit_field(entry.remote_addr::text)
        || youworker_audit_field(entry.remote_port::text)
        || youworker_audit_field(youworker_audit_time(entry."timestamp"))
        || youworker_audit_field(entry.additional_data::text)
        || youworker_audit_field(entry.actor_email),
    'UTF8')), 'hex')
$$;

CREATE FUNCTION youworker_audit_append(entry auditlog_logentry) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    before text;
    moment timestamptz;
BEGIN
    -- Held until the commit is visible, so that the next one sees this link as the head.
    PERFORM pg_advisory_xact_lock(hashtextextended('youworker.audit', 0));
    moment := clock_timestamp();
    SELECT seq, hash INTO number, before FROM common_auditlink ORDER BY seq DESC LIMIT 1;
    number := coalesce(number, 0) + 1;
    before := coalesce(before, repeat('0', 64));
    INSERT INTO common_auditlink (seq, entry_id, previous, hash, linked_at)
    VALUES (
        number, entry.id, before, youworker_audit_hash(before, number, moment, entry), moment
    );
END
$$;
"""

# Two steps, both deferred: the second is queued behind every other check of the commit, so that
# whoever holds the lock waits for nobody. With one step, a foreign key that waits for a row
# another commit deletes would be a deadlock.
TRIGGERS = """
CREATE UNLOGGED TABLE common_auditpending (entry_id bigint PRIMARY KEY);

CREATE FUNCTION youworker_audit_queue() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO common_auditpending (entry_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION youworker_audit_link() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    entry auditlog_logentry;
BEGIN
    DELETE FROM common_auditpending WHERE entry_id = NEW.entry_id;
    SELECT * INTO entry FROM auditlog_logentry WHERE id = NEW.entry_id;
    -- Not there: written and taken back within one transaction.
    IF FOUND THEN
        PERFORM youworker_audit_append(entry);
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER youworker_audit_queue AFTER INSERT ON auditlog_logentry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION youworker_audit_queue();

CREATE CONSTRAINT TRIGGER youworker_audit_link AFTER INSERT ON common_auditpending
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION youworker_audit_link();
"""

EXISTING = """
LOCK TABLE auditlog_logentry IN SHARE ROW EXCLUSIVE MODE;

DO $$
DECLARE
    entry auditlog_logentry;
BEGIN
    FOR entry IN SELECT * FROM auditlog_logentry ORDER BY id LOOP
        PERFORM youworker_audit_append(entry);
    END LOOP;
END
$$;
"""

REVERSE = """
DROP TRIGGER youworker_audit_queue ON auditlog_logentry;
DROP TABLE common_auditpending;
DROP FUNCTION youworker_audit_queue();
DROP FUNCTION youworker_audit_link();
DROP FUNCTION youworker_audit_append(auditlog_logentry);
DROP FUNCTION youworker_audit_hash(text, bigint, timestamptz, auditlog_logentry);
DROP FUNCTION youworker_audit_time(timestamptz);
DROP FUNCTION youworker_audit_field(text);
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS audit_entry_newest
    ON auditlog_logentry ("timestamp" DESC, id DESC);
CREATE INDEX IF NOT EXISTS audit_entry_action
    ON auditlog_logentry ((additional_data ->> 'action'), "timestamp" DESC);
CREATE INDEX IF NOT EXISTS audit_entry_actor
    ON auditlog_logentry ((additional_data ->> 'actor'), "timestamp" DESC);
CREATE INDEX IF NOT EXISTS audit_entry_owner
    ON auditlog_logentry ((additional_data ->> 'owner'))
    WHERE (additional_data ->> 'owner') IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_entry_address
    ON auditlog_logentry (remote_addr, "timestamp" DESC);
"""

WITHOUT_INDEXES = """
DROP INDEX IF EXISTS audit_entry_newest;
DROP INDEX IF EXISTS audit_entry_action;
DROP INDEX IF EXISTS audit_entry_actor;
DROP INDEX IF EXISTS audit_entry_owner;
DROP INDEX IF EXISTS audit_entry_address;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("auditlog", "0017_add_actor_email"),
        ("common", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                ("linked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(db_index=True)),
                ("hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("key", models.CharField(max_length=16)),
                ("mac", models.CharField(max_length=64)),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, REVERSE),
        migrations.RunSQL(INDEXES, WITHOUT_INDEXES),
    ]
