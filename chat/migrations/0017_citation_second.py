from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0016_approvals"),
        ("documents", "0014_seconds_of_recordings"),
    ]

    operations = [
        migrations.AddField(
            "citation", "second", models.PositiveIntegerField(blank=True, null=True)
        ),
    ]
