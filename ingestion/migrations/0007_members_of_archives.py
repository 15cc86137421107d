import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0006_stored_files")]

    operations = [
        migrations.AddField(
            model_name="ingestionitem",
            name="parent",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="ingestion.ingestionitem",
            ),
        ),
        migrations.AddField(
            model_name="ingestionitem",
            name="root",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="descendants",
                to="ingestion.ingestionitem",
            ),
        ),
        migrations.AddField(
            model_name="ingestionitem",
            name="level",
            field=models.SmallIntegerField(default=0, editable=False),
        ),
    ]
