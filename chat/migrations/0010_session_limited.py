from django.db import migrations, models

LIMITED = """
UPDATE chat_session SET limited = TRUE WHERE EXISTS (
    SELECT FROM chat_session_collections AS chosen WHERE chosen.session_id = chat_session.id
)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0009_branches_and_unsupported'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='limited',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunSQL(LIMITED, migrations.RunSQL.noop),
    ]
