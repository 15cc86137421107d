from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0014_seconds_of_recordings")]

    operations = [
        migrations.AddField(
            "passage",
            "layout",
            models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            "versionpassage",
            "layout",
            models.TextField(blank=True, db_default="", default="", editable=False),
        ),
    ]
