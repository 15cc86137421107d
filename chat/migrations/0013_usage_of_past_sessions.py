from django.db import migrations

# In which groups their users were then is not known.
PAST = """
INSERT INTO quotas_usageevent (created_at, user_id, kind, name, outcome,
                               tokens_in, tokens_out, bytes)
SELECT created_at, user_id, 'session', '', 'succeeded', 0, 0, 0
FROM chat_session ORDER BY created_at
"""


class Migration(migrations.Migration):
    """Writes usage events of the conversations that there are."""

    dependencies = [
        ("chat", "0012_citations_outlive_passages"),
        ("quotas", "0003_sessions_are_counted"),
    ]

    operations = [migrations.RunSQL(PAST, migrations.RunSQL.noop)]
