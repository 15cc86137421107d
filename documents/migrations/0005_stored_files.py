import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# What documents called their file is the name in the storage; equal bytes have equal names.
CARRY_OVER = """
    INSERT INTO documents_storedfile (sha256, size, name, created_at)
    SELECT DISTINCT ON (sha256) sha256, size, file, created_at
    FROM documents_document WHERE file <> '' ORDER BY sha256, created_at;
    UPDATE documents_document SET stored_file_id = sha256 WHERE file <> '';
"""
TAKE_BACK = """
    UPDATE documents_document AS d SET file = s.name
    FROM documents_storedfile AS s WHERE s.sha256 = d.stored_file_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_embedding_tasks"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "sha256",
                    models.CharField(
                        editable=False, max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("size", models.BigIntegerField(editable=False)),
                ("name", models.CharField(editable=False, max_length=255)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
        ),
        migrations.AddField(
            model_name="document",
            name="stored_file",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="documents.storedfile",
            ),
        ),
        migrations.RunSQL(CARRY_OVER, TAKE_BACK),
        migrations.RemoveConstraint(model_name="document", name="document_once_per_owner"),
        migrations.RemoveIndex(model_name="document", name="document_owner_sha256"),
        migrations.RemoveIndex(model_name="document", name="document_file"),
        # Empty for the way back, which makes the field before it knows the names.
        migrations.AlterField("document", "file", models.TextField(default="", editable=False)),
        migrations.RemoveField(model_name="document", name="file"),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["collection", "sha256"], name="document_collection_sha256"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["collection", "path_hash"], name="document_collection_place"
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["stored_file"], name="document_stored_file"),
        ),
    ]
