from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ("documents", "0010_golden_questions"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="language_chosen",
            field=models.BooleanField(default=False, editable=False),
        ),
        # Compounds are indexed by their parts from now on.
        migrations.RemoveIndex(model_name="document", name="document_outdated_index"),
        # Only German ones have to be indexed again for that.
        migrations.RunSQL(
            "UPDATE documents_document SET index_version = 2"
            " WHERE index_version = 1 AND text_config <> 'german'",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["-id"],
                condition=Q(("index_version__lt", 2)),
                name="document_outdated_index",
            ),
        ),
    ]
