import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0009_scanned_pages")]

    operations = [
        migrations.CreateModel(
            name="HeardPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.FloatField()),
                ("end", models.FloatField()),
                ("language", models.CharField(blank=True, max_length=16)),
                ("segments", models.JSONField(default=list)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="heard_pieces",
                        to="ingestion.ingestionitem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "start"), name="ingestion_heard_piece_once"
                    )
                ],
            },
        ),
    ]
