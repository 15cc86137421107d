from django.db import migrations


class Migration(migrations.Migration):
    """Forgets the model; the table is taken over by `quotas.0002`."""

    dependencies = [("accounts", "0009_two_looks_at_leases")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("TokenUsage")]
        )
    ]
