"""Copies of accounts where originals lie in a bucket, against moto's server."""

import io
import zipfile

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from accounts.models import DataExport
from accounts.tests.factories import UserFactory
from documents import object_storage
from youworker.data_protection import export_files, exports
from youworker.tests.support.s3_server import running_s3, use_storage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def bucket(monkeypatch, settings):
    """The storage of this installation, in an empty bucket."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "documents.object_storage.ObjectStorage"},
    }
    with running_s3() as address:
        use_storage(
            monkeypatch,
            url="s3://originals/of/us",
            endpoint_url=address,
            region="us-east-1",
            access_key="key",
            secret_key="secret",
        )
        storage = storages["default"]
        storage.client.create_bucket(Bucket="originals")
        yield storage
    object_storage.client_of.cache_clear()


def keys(storage):
    found = storage.client.list_objects_v2(Bucket="originals").get("Contents", ())
    return sorted(one["Key"] for one in found)


def made_export(user):
    export = exports.request_export(user, actor=user)
    exports.make_exports()
    return export


def test_a_copy_is_fetched_from_the_bucket_and_removed_from_it(bucket, client):
    user, other = UserFactory(), UserFactory()
    export, kept = made_export(user), made_export(other)
    url = f"/v1/account/exports/{export.pk}/download"
    client.force_login(user)

    whole = b"".join(client.get(url).streaming_content)
    part = client.get(url, headers={"Range": "bytes=0-1"})

    # Nothing of it is left on this machine, and it is taken for no original.
    assert list(export_files.ensure_exports_folder().iterdir()) == []
    assert keys(bucket) == sorted(f"of/us/exports/{one.pk}.zip" for one in (export, kept))
    assert list(bucket.hashes()) == []
    assert zipfile.is_zipfile(io.BytesIO(whole))
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"PK")
    assert client.get(f"/v1/account/exports/{kept.pk}/download").status_code == 404

    DataExport.objects.filter(pk=export.pk).update(expires_at=timezone.now())
    assert exports.expire_exports() == 1
    assert client.get(url).status_code == 404
    DataExport.objects.filter(pk=kept.pk).delete()
    assert exports.remove_strays() == 1
    assert keys(bucket) == []
