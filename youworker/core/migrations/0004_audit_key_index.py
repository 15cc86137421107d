from django.db import migrations

INDEX = """
CREATE INDEX IF NOT EXISTS audit_entry_key
    ON auditlog_logentry ((additional_data ->> 'key'), "timestamp" DESC)
    WHERE (additional_data ->> 'key') IS NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("common", "0003_key_rotation"),
    ]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX IF EXISTS audit_entry_key;"),
    ]
