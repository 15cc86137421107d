from django.db import migrations, models


class Migration(migrations.Migration):
    """Usage events of titles that models find."""

    dependencies = [("quotas", "0003_sessions_are_counted")]

    operations = [
        migrations.AlterField(
            model_name="usageevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("session", "New conversation"),
                    ("run", "Run"),
                    ("title", "Title"),
                    ("embedding", "Vectors of texts"),
                    ("search", "Search"),
                    ("ingestion", "Ingestion"),
                    ("tool_call", "tool call"),
                ],
                max_length=16,
            ),
        ),
    ]
