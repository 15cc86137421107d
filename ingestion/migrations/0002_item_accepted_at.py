import django.db.models.functions.datetime
from django.db import migrations, models

# What waits at this moment was handed in before; the rest has been decided.
BACKDATE = """
    UPDATE ingestion_ingestionitem SET accepted_at = created_at
    WHERE stage IN ('queued', 'parsing', 'embedding')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ingestion", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ingestionitem",
            name="accepted_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False
            ),
        ),
        migrations.RunSQL(BACKDATE, migrations.RunSQL.noop),
    ]
