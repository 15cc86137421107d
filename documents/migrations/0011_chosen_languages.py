from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("documents", "0009_prompts_of_models"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="language_chosen",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
