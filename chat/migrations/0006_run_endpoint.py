from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_run_state_and_decisions")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="endpoint",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
            preserve_default=False,
        ),
    ]
