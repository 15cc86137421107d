import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# A row may lose its user, their key and their groups, and nothing else of it may change.
FINAL = """
CREATE FUNCTION youworker_usage_event_is_final() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage events are not changed';
END
$$;

CREATE TRIGGER usage_event_is_final BEFORE UPDATE ON quotas_usageevent FOR EACH ROW
WHEN (
    (NEW.id, NEW.created_at, NEW.kind, NEW.name, NEW.outcome,
     NEW.tokens_in, NEW.tokens_out, NEW.bytes, NEW.duration_ms)
    IS DISTINCT FROM
    (OLD.id, OLD.created_at, OLD.kind, OLD.name, OLD.outcome,
     OLD.tokens_in, OLD.tokens_out, OLD.bytes, OLD.duration_ms)
    OR NEW.user_id <> OLD.user_id OR (OLD.user_id IS NULL AND NEW.user_id IS NOT NULL)
    OR NEW.api_key_id <> OLD.api_key_id OR (OLD.api_key_id IS NULL AND NEW.api_key_id IS NOT NULL)
    OR NEW.group_ids <> OLD.group_ids OR (OLD.group_ids IS NULL AND NEW.group_ids IS NOT NULL)
)
EXECUTE FUNCTION youworker_usage_event_is_final();
"""
NOT_FINAL = """
DROP TRIGGER usage_event_is_final ON quotas_usageevent;
DROP FUNCTION youworker_usage_event_is_final();
"""


def move_rights(apps, schema_editor):
    """Rows of content types carry rights and lines of logs: they go on under the new name."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_content_type SET app_label = 'quotas' "
            "WHERE (app_label, model) = ('accounts', 'tokenusage')"
        )


class Migration(migrations.Migration):
    """Takes the tokens by day over from `accounts`, and begins the record of what was done."""

    dependencies = [
        ("accounts", "0010_token_usage_in_quotas"),
        ("quotas", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("ALTER TABLE accounts_tokenusage RENAME TO quotas_tokenusage"),
                migrations.RunPython(move_rights),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="TokenUsage",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("day", models.DateField()),
                        ("tokens_in", models.PositiveBigIntegerField(default=0)),
                        ("tokens_out", models.PositiveBigIntegerField(default=0)),
                        ("api_key", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="token_usage", to="accounts.apikey")),
                        ("user", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="token_usage", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "verbose_name_plural": "token usage",
                        "indexes": [
                            models.Index(fields=["user", "day"], name="token_usage_of_user"),
                            models.Index(fields=["api_key", "day"], name="token_usage_of_key"),
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("group_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None)),
                ("kind", models.CharField(choices=[("run", "Run"), ("search", "Search"), ("ingestion", "Ingestion"), ("tool_call", "tool call")], max_length=16)),
                ("name", models.CharField(blank=True, max_length=300)),
                ("outcome", models.CharField(choices=[("succeeded", "Succeeded"), ("failed", "Failed"), ("stopped", "Stopped"), ("interrupted", "Interrupted"), ("denied", "Denied")], max_length=16)),
                ("tokens_in", models.PositiveBigIntegerField(default=0)),
                ("tokens_out", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("duration_ms", models.PositiveBigIntegerField(null=True)),
                ("api_key", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.apikey")),
                ("user", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="usage_events", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["created_at"], name="usage_event_at"),
                    models.Index(fields=["user", "created_at"], name="usage_event_of_user"),
                    models.Index(condition=models.Q(("api_key__isnull", False)), fields=["api_key"], name="usage_event_of_key"),
                ],
            },
        ),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
