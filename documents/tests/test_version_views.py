"""Versions over the API: listed, read, downloaded, restored and removed."""

import pytest

from documents.models import DocumentVersion
from documents.tests.factories import (
    CollectionShareFactory,
    DocumentFactory,
    keep_older,
    store_bytes,
    write,
)
from groups.tests.factories import MembershipFactory
from youworker.audit import lines_about

pytestmark = pytest.mark.django_db


def versioned(owner=None, **more):
    """A document whose file was replaced once."""
    document = DocumentFactory(
        **({"owner": owner} if owner else {}),
        title="Rules",
        uri="rules.txt",
        stored_file=store_bytes(b"old bytes"),
        **more,
    )
    write(document, "Old rule.", "Both.")
    keep_older(document)
    document.stored_file = store_bytes(b"new bytes")
    document.sha256 = document.stored_file.sha256
    document.save()
    write(document, "New rule.", "Both.")
    return document


def test_the_present_version_and_the_older_ones_are_listed(client_of):
    document = versioned()

    rows = client_of(document.owner).get(f"/v1/documents/{document.pk}/versions").json()["results"]

    assert [(row["number"], row["current"]) for row in rows] == [(2, True), (1, False)]
    assert rows[0]["replaced_at"] is None
    assert rows[1]["replaced_at"] == rows[0]["since"]
    assert rows[1]["sha256"] != rows[0]["sha256"]
    assert client_of(document.owner).get(f"/v1/documents/{document.pk}").json()["version"] == 2


@pytest.mark.parametrize("count", [1, 3])
def test_versions_are_listed_in_a_fixed_number_of_queries(
    count, client_of, django_assert_num_queries
):
    document = DocumentFactory()
    for _ in range(count):
        keep_older(document)
    client = client_of(document.owner)

    with django_assert_num_queries(4):  # the document, its tags and shares, the older versions
        answer = client.get(f"/v1/documents/{document.pk}/versions")

    assert len(answer.json()["results"]) == count + 1


def test_each_version_is_read_and_downloaded(client_of):
    document = versioned()
    client = client_of(document.owner)
    url = f"/v1/documents/{document.pk}/versions"

    texts, bytes_of = {}, {}
    for number in (1, 2):
        rows = client.get(f"{url}/{number}/passages").json()["results"]
        texts[number] = [row["text"] for row in rows]
        answer = client.get(f"{url}/{number}/content")
        bytes_of[number] = b"".join(answer.streaming_content)
        assert client.get(f"{url}/{number}").json()["number"] == number

    assert texts == {1: ["Old rule.", "Both."], 2: ["New rule.", "Both."]}
    assert bytes_of == {1: b"old bytes", 2: b"new bytes"}
    assert 'filename="rules.txt"' in answer["Content-Disposition"]
    said = [line.act for line in lines_about(document.owner)]
    assert said.count("document.access") == 2


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999", "-1", "x"])
def test_a_version_that_is_not_there_is_404(client_of, number):
    document = versioned()
    client = client_of(document.owner)

    for part in ("", "/content", "/passages"):
        url = f"/v1/documents/{document.pk}/versions/{number}{part}"
        assert client.get(url).status_code == 404


def test_an_older_version_is_restored_and_another_removed(client_of):
    document = versioned()
    client, url = client_of(document.owner), f"/v1/documents/{document.pk}/versions"

    restored = client.post(f"{url}/1/restore")
    removed = client.delete(f"{url}/2")
    present = client.delete(f"{url}/3")

    assert (restored.status_code, restored.json()["version"]) == (200, 3)
    assert removed.status_code == 204
    assert present.status_code == 404
    assert list(DocumentVersion.objects.values_list("number", flat=True)) == [1]
    texts = client.get(f"/v1/documents/{document.pk}/passages").json()["results"]
    assert [row["text"] for row in texts] == ["Old rule.", "Both."]


def test_readers_read_older_versions_until_they_lose_the_document(client_of):
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group)
    document = versioned(owner=share.collection.owner, collection=share.collection)
    client, url = client_of(membership.user), f"/v1/documents/{document.pk}/versions"

    seen = [client.get(f"{url}{part}").status_code for part in ("", "/1", "/1/content")]
    refused = client.post(f"{url}/1/restore").status_code, client.delete(f"{url}/1").status_code
    share.delete()
    later = [client.get(f"{url}{part}").status_code for part in ("", "/1", "/1/content")]

    assert (seen, refused, later) == ([200] * 3, (403, 403), [404] * 3)
