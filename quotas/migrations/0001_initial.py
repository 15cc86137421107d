import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import youworker.core.ids


def move_rights(apps, schema_editor):
    """Rows of content types carry rights and lines of logs: they go on under the new name."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_content_type SET app_label = 'quotas' "
            "WHERE (app_label, model) = ('groups', 'quota')"
        )


class Migration(migrations.Migration):
    """Takes the limits over from `groups`, rows and rights included."""

    initial = True

    dependencies = [
        ("accounts", "0009_two_looks_at_leases"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("groups", "0005_quotas_in_their_own_app"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("ALTER TABLE groups_quota RENAME TO quotas_quota"),
                migrations.RunPython(move_rights),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Quota",
                    fields=[
                        ("id", models.UUIDField(default=youworker.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("created_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("tokens_per_day", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("tokens_per_month", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("stored_bytes", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("documents", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("runs_at_once", models.PositiveIntegerField(blank=True, null=True)),
                        ("api_key", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="quota", to="accounts.apikey")),
                        ("group", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="quota", to="groups.group")),
                        ("user", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="quota", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(models.Q(("api_key__isnull", True), ("group__isnull", True), ("user__isnull", False)), models.Q(("api_key__isnull", True), ("group__isnull", False), ("user__isnull", True)), models.Q(("api_key__isnull", False), ("group__isnull", True), ("user__isnull", True)), _connector="OR"), name="quota_of_one_subject", violation_error_message="Choose a user, a group or an API key: one of them."),
                            models.CheckConstraint(condition=models.Q(("api_key__isnull", True), models.Q(("documents__isnull", True), ("stored_bytes__isnull", True)), _connector="OR"), name="quota_of_key_without_files", violation_error_message="A key is limited in tokens and answers only."),
                        ],
                    },
                ),
            ],
        ),
    ]
