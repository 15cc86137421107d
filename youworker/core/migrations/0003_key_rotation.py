from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('common', '0002_audit_chain'),
    ]

    operations = [
        migrations.AddField(
            model_name='keyfingerprint',
            name='retired_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
