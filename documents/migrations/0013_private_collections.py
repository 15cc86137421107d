import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0012_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='collection',
            name='is_private',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RemoveConstraint(
            model_name='collection',
            name='collection_name_once_per_owner',
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.UniqueConstraint(models.F('owner'), django.db.models.functions.text.Lower('name'), condition=models.Q(('deleted_at__isnull', True), ('is_default', False), ('is_private', False)), name='collection_name_once_per_owner'),
        ),
    ]
