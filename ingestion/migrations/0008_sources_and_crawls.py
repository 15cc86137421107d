
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import youworker.core.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0009_prompts_of_models'),
        ('ingestion', '0007_members_of_archives'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WebHost',
            fields=[
                ('lease_token', models.UUIDField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('lease_suspected_at', models.DateTimeField(editable=False, null=True)),
                ('host', models.CharField(max_length=300, primary_key=True, serialize=False)),
                ('robots', models.TextField(blank=True)),
                ('robots_read_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WebPage',
            fields=[
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='web_page', serialize=False, to='documents.document')),
                ('etag', models.CharField(blank=True, max_length=512)),
                ('last_modified', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name='ingestionitem',
            name='asked_hash',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='ingestionitem',
            name='depth',
            field=models.SmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='ingestionitem',
            name='etag',
            field=models.CharField(blank=True, editable=False, max_length=512),
        ),
        migrations.AddField(
            model_name='ingestionitem',
            name='last_modified',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='ingestionrun',
            name='reach',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.UUIDField(default=youworker.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('lease_token', models.UUIDField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('lease_suspected_at', models.DateTimeField(editable=False, null=True)),
                ('kind', models.CharField(choices=[('folder', 'Folder'), ('website', 'Website')], max_length=16)),
                ('name', models.CharField(max_length=200)),
                ('target', models.TextField()),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, size=None)),
                ('recursive', models.BooleanField(default=True)),
                ('depth', models.SmallIntegerField(default=2)),
                ('max_pages', models.IntegerField(default=200)),
                ('every_hours', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(744)])),
                ('daily_at', models.TimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('idle', 'Idle'), ('syncing', 'Syncing'), ('failed', 'Failed'), ('paused', 'Paused')], default='idle', max_length=16)),
                ('error_code', models.CharField(blank=True, editable=False, max_length=64)),
                ('error_detail', models.TextField(blank=True, editable=False)),
                ('last_sync_at', models.DateTimeField(editable=False, null=True)),
                ('next_sync_at', models.DateTimeField(db_index=True, editable=False, null=True)),
                ('counts', models.JSONField(blank=True, default=dict, editable=False)),
                ('accepts_deletions', models.BooleanField(default=False, editable=False)),
                ('collection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sources', to='documents.collection')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='ingestionrun',
            name='source',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='ingestion.source'),
        ),
        migrations.CreateModel(
            name='SourceEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('path_hash', models.CharField(editable=False, max_length=64)),
                ('uri', models.TextField()),
                ('depth', models.SmallIntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('modified_ns', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='source_entries', to='documents.document')),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='ingestion.source')),
            ],
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('every_hours__isnull', True), ('daily_at__isnull', True), _connector='OR'), name='source_one_schedule'),
        ),
        migrations.AddConstraint(
            model_name='sourceentry',
            constraint=models.UniqueConstraint(fields=('source', 'path_hash'), name='source_entry_once'),
        ),
    ]
