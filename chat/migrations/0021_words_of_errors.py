from django.db import migrations, models

import youworker.encryption.fields


class Migration(migrations.Migration):
    dependencies = [("chat", "0020_told_runs")]

    operations = [
        migrations.AddField(
            "toolrun",
            "error_code",
            models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64
            ),
        ),
        migrations.AddField(
            "toolrun",
            "error_words",
            youworker.encryption.fields.EncryptedJSONField(editable=False, null=True),
        ),
    ]
