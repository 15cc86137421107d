from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0019_files_of_tool_results")]

    operations = [
        migrations.AddField(
            "modelserver",
            "told_runs",
            models.PositiveIntegerField(null=True, blank=True, editable=False),
        ),
        migrations.AlterField(
            "modelserver",
            "max_runs",
            models.PositiveIntegerField(
                null=True,
                blank=True,
                help_text=(
                    "Further answers wait for their turn. Empty: LLM_MAX_RUNS, or what the server "
                    "tells. 0: no limit."
                ),
            ),
        ),
    ]
