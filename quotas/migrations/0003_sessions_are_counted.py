from django.db import migrations, models


class Migration(migrations.Migration):
    """Usage events of conversations that were begun, and of vectors for programs."""

    dependencies = [("quotas", "0002_usage_events")]

    operations = [
        migrations.AlterField(
            model_name="usageevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("session", "New conversation"),
                    ("run", "Run"),
                    ("embedding", "Vectors of texts"),
                    ("search", "Search"),
                    ("ingestion", "Ingestion"),
                    ("tool_call", "tool call"),
                ],
                max_length=16,
            ),
        ),
    ]
