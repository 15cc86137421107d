"""Writes what is to be told into the outbox, in the transaction in which it happens."""

from django.db import migrations

# Without an endpoint that wants to be told, a look at a table that is empty or has a few rows.
ANNOUNCE = """
CREATE FUNCTION youworker_webhooks_announce(told text, said jsonb, moment timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM webhooks_endpoint
        WHERE state <> 'gone' AND (told = ANY (actions) OR '*' = ANY (actions))
    ) THEN
        INSERT INTO webhooks_event (id, action, data, created_at, distributed)
        VALUES (gen_random_uuid(), left(told, 64), said, moment, false);
    END IF;
END
$$;

CREATE FUNCTION youworker_webhooks_audited() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM youworker_webhooks_announce(
        NEW.additional_data ->> 'action',
        jsonb_build_object(
            'audit_id', NEW.id,
            'result', NEW.additional_data -> 'result',
            'actor_id', NEW.additional_data -> 'actor',
            'api_key_id', NEW.additional_data -> 'key',
            'object_type', NEW.object_repr,
            'object_id', NEW.object_pk,
            'network_address', host(NEW.remote_addr),
            'correlation_id', NEW.cid,
            'details', NEW.additional_data - ARRAY['action', 'result', 'actor', 'key']
        ),
        NEW."timestamp"
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION youworker_webhooks_run_ended() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM youworker_webhooks_announce(
        'run.end',
        jsonb_build_object(
            'run_id', NEW.id,
            'session_id', NEW.session_id,
            'user_id', NEW.user_id,
            'message_id', NEW.answer_id,
            'api_key_id', NEW.api_key_id,
            'status', NEW.status,
            'error_code', NEW.error_code,
            'model', NEW.model,
            'tokens_in', NEW.tokens_in,
            'tokens_out', NEW.tokens_out,
            'correlation_id', nullif(NEW.correlation_id, '')
        ),
        clock_timestamp()
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER youworker_webhooks_audited AFTER INSERT ON auditlog_logentry
FOR EACH ROW WHEN (NEW.additional_data ->> 'action' IS NOT NULL)
EXECUTE FUNCTION youworker_webhooks_audited();

CREATE TRIGGER youworker_webhooks_run_ended AFTER UPDATE OF status ON chat_run
FOR EACH ROW WHEN (
    OLD.status IS DISTINCT FROM NEW.status
    AND NEW.status IN ('succeeded', 'stopped', 'failed', 'interrupted')
)
EXECUTE FUNCTION youworker_webhooks_run_ended();
"""

REVERSE = """
DROP TRIGGER youworker_webhooks_run_ended ON chat_run;
DROP TRIGGER youworker_webhooks_audited ON auditlog_logentry;
DROP FUNCTION youworker_webhooks_run_ended();
DROP FUNCTION youworker_webhooks_audited();
DROP FUNCTION youworker_webhooks_announce(text, jsonb, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("common", "0002_audit_chain"),
        ("chat", "0018_model_servers"),
    ]

    operations = [migrations.RunSQL(ANNOUNCE, REVERSE)]
