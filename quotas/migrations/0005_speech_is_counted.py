from django.db import migrations, models


class Migration(migrations.Migration):
    """Usage events of what is heard and spoken."""

    dependencies = [("quotas", "0004_titles_are_counted")]

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
                    ("hearing", "Speech understood"),
                    ("speaking", "Text spoken"),
                    ("search", "Search"),
                    ("ingestion", "Ingestion"),
                    ("tool_call", "tool call"),
                ],
                max_length=16,
            ),
        ),
    ]
