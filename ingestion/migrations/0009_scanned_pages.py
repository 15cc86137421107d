import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0008_sources_and_crawls")]

    operations = [
        migrations.CreateModel(
            name="ScannedPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("number", models.IntegerField()),
                ("total", models.IntegerField()),
                ("text", models.TextField(blank=True)),
                ("seconds", models.FloatField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scanned_pages",
                        to="ingestion.ingestionitem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "digest", "number"), name="ingestion_scanned_page_once"
                    )
                ],
            },
        ),
    ]
