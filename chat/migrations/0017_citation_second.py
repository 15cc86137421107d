from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0013_usage_of_past_sessions"),
        ("documents", "0014_seconds_of_recordings"),
    ]

    operations = [
        migrations.AddField(
            "citation", "second", models.PositiveIntegerField(blank=True, null=True)
        ),
    ]
