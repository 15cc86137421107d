import django.db.models.deletion
from django.db import migrations, models

# Only what may still be read: the files of the others belong to their documents, or to nobody.
CARRY_OVER = """
    INSERT INTO documents_storedfile (sha256, size, name, created_at)
    SELECT DISTINCT ON (file) right(file, 64), size, file, created_at
    FROM ingestion_ingestionitem
    WHERE file <> '' AND stage IN ('queued', 'parsing', 'failed') ORDER BY file, created_at
    ON CONFLICT DO NOTHING;
    UPDATE ingestion_ingestionitem SET stored_file_id = right(file, 64)
    WHERE file <> '' AND stage IN ('queued', 'parsing', 'failed');
"""
TAKE_BACK = """
    UPDATE ingestion_ingestionitem AS i SET file = s.name
    FROM documents_storedfile AS s WHERE s.sha256 = i.stored_file_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0005_stored_files"),
        ("ingestion", "0005_usage_of_past_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="ingestionitem",
            name="duplicate",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="ingestionitem",
            name="stored_file",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ingestion_items",
                to="documents.storedfile",
            ),
        ),
        migrations.RunSQL(CARRY_OVER, TAKE_BACK),
        migrations.RemoveIndex(model_name="ingestionitem", name="ingestion_item_file"),
        migrations.AlterField(
            "ingestionitem", "file", models.TextField(blank=True, default="", editable=False)
        ),
        migrations.RemoveField(model_name="ingestionitem", name="file"),
        migrations.AddIndex(
            model_name="ingestionitem",
            index=models.Index(fields=["stored_file"], name="ingestion_item_stored_file"),
        ),
    ]
