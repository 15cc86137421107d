from django.db import migrations


class Migration(migrations.Migration):
    """Forgets the model; the table is taken over by `quotas.0001`."""

    dependencies = [("groups", "0004_retention")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Quota")])
    ]
