from django.db import migrations, models

import mcp.naming


class Migration(migrations.Migration):

    dependencies = [
        ('mcp', '0004_connections'),
    ]

    operations = [
        migrations.AddField(
            model_name='server',
            name='base_url',
            field=models.CharField(blank=True, default='', max_length=500, validators=[mcp.naming.validate_address]),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='server',
            name='document',
            field=models.TextField(blank=True, default='', editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='tool',
            name='recipe',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AlterField(
            model_name='server',
            name='transport',
            field=models.CharField(choices=[('inprocess', 'in process'), ('stdio', 'program (stdio)'), ('http', 'streamable HTTP'), ('openapi', 'OpenAPI document')], max_length=16),
        ),
    ]
