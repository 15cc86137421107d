from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0010_session_limited'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='origin',
            field=models.CharField(blank=True, choices=[('', 'YouWorker'), ('openai', 'OpenAI client')], default='', editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name='run',
            name='thread',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('thread', ''), _negated=True), fields=['thread'], name='run_thread'),
        ),
    ]
