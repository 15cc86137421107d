from django.db import migrations

# In which groups their users were then is not known. A name that no model answered to may be
# anything that somebody typed, and so may the name of a tool that there is not.
PAST = """
INSERT INTO quotas_usageevent (created_at, user_id, api_key_id, kind, name, outcome,
                               tokens_in, tokens_out, bytes, duration_ms)
SELECT * FROM (
    SELECT coalesce(finished_at, updated_at) AS at, user_id, api_key_id, 'run',
           CASE WHEN iterations > 0 THEN model ELSE '' END, status, tokens_in, tokens_out, 0,
           greatest(0, extract(epoch FROM finished_at - started_at) * 1000)::bigint
    FROM chat_run WHERE status IN ('succeeded', 'failed', 'stopped', 'interrupted')
    UNION ALL
    SELECT c.created_at, c.user_id, r.api_key_id, 'tool_call',
           CASE WHEN c.tool_id IS NULL THEN '' ELSE c.tool_name END, c.status, 0, 0, 0,
           c.latency_ms
    FROM chat_toolrun c LEFT JOIN chat_run r ON r.id = c.run_id
    WHERE c.status IN ('succeeded', 'failed', 'interrupted')
) past ORDER BY at
"""


class Migration(migrations.Migration):
    """Writes usage events of the answers and calls that there are."""

    dependencies = [
        ("chat", "0006_run_endpoint"),
        ("quotas", "0002_usage_events"),
    ]

    operations = [migrations.RunSQL(PAST, migrations.RunSQL.noop)]
