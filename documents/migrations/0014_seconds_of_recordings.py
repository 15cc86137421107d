from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0013_private_collections")]

    operations = [
        migrations.AddField("passage", "second", models.IntegerField(null=True)),
        migrations.AddField(
            "versionpassage", "second", models.IntegerField(editable=False, null=True)
        ),
    ]
