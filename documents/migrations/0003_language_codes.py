"""Languages are kept as codes; what the former guess stored were names of configurations."""

from django.db import migrations

CODES = {
    "simple": "",
    "english": "en",
    "italian": "it",
    "german": "de",
    "french": "fr",
    "spanish": "es",
}


def store_codes(apps, schema_editor):
    documents = apps.get_model("documents", "Document")._base_manager
    for name, code in CODES.items():
        documents.filter(language=name).update(language=code)


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_document_file")]

    operations = [migrations.RunPython(store_codes, migrations.RunPython.noop, elidable=True)]
