from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    atomic = False
    dependencies = [
        ("documents", "0016_answers_of_golden_questions"),
    ]

    operations = [
        # More compounds are divided from now on; only German documents are indexed again for that.
        migrations.RunSQL(
            "UPDATE documents_document SET index_version = 3"
            " WHERE index_version = 2 AND text_config <> 'german'",
            migrations.RunSQL.noop,
        ),
        RemoveIndexConcurrently(model_name="document", name="document_outdated_index"),
        AddIndexConcurrently(
            model_name="document",
            index=models.Index(
                fields=["-id"],
                condition=Q(("index_version__lt", 3)),
                name="document_outdated_index",
            ),
        ),
    ]
