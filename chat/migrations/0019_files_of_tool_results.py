import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0018_model_servers")]

    operations = [
        migrations.AddField(
            "attachment",
            "tool_run",
            models.ForeignKey(
                "chat.toolrun",
                django.db.models.deletion.CASCADE,
                null=True,
                blank=True,
                related_name="attachments",
            ),
        ),
    ]
