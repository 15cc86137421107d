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
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["-id"],
                condition=Q(("index_version__lt", 2)),
                name="document_outdated_index",
            ),
        ),
    ]
