from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0010_heard_pieces")]

    operations = [
        migrations.AddField(
            "scannedpage", "words", models.TextField(blank=True, db_default="", default="")
        ),
    ]
