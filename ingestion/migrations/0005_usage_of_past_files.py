from django.db import migrations

# An item that failed without ever having been read again has no document.
PAST = """
INSERT INTO quotas_usageevent (created_at, user_id, kind, name, outcome,
                               tokens_in, tokens_out, bytes)
SELECT i.updated_at, r.owner_id, 'ingestion',
       CASE WHEN i.document_id IS NULL THEN '' ELSE i.mime END,
       CASE WHEN i.document_id IS NULL THEN 'failed' ELSE 'succeeded' END, 0, 0, i.size
FROM ingestion_ingestionitem i JOIN ingestion_ingestionrun r ON r.id = i.run_id
WHERE i.document_id IS NOT NULL OR i.stage = 'failed'
ORDER BY i.updated_at
"""


class Migration(migrations.Migration):
    """Writes usage events of the files that were read."""

    dependencies = [
        ("ingestion", "0004_items_follow_documents"),
        ("quotas", "0002_usage_events"),
    ]

    operations = [migrations.RunSQL(PAST, migrations.RunSQL.noop)]
