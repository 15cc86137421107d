"""Ids of things the caller may not see, in bodies and queries, are as good as unknown ones.

The OpenAPI document says where ids are taken; a place without a row fails.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.tests.factories import CollectionFactory, DocumentFactory
from groups.services import create_group
from ingestion.tests.factories import RunFactory
from youworker.tests.matrix.world import World
from youworker.tests.support.openapi import openapi_document

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Place:
    """Where an id is taken: what `role` gets for an id of the owner's `thing`."""

    method: str
    path: str
    name: str
    thing: str
    statuses: tuple[int, ...]
    role: str = "stranger"
    own: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    many: bool = False
    # A name with a dot is one of an object, not of the members of a list.
    in_object: bool = False
    form: str = "json"

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies a place."""
        return self.method, self.path, self.name


UPLOAD = {"files": [SimpleUploadedFile("a.txt", b"a")]}
PLACES = [
    Place("post", "/v1/sessions", "collections", "collection", (400,), many=True),
    Place(
        "patch",
        "/v1/sessions/{id}",
        "collections",
        "collection",
        (400,),
        own="session",
        many=True,
    ),
    Place(
        "post",
        "/v1/sessions/{id}/messages",
        "parent_id",
        "message",
        (400,),
        own="session",
        body={"text": "x"},
    ),
    *[
        Place(
            "post",
            "/v1/sessions/{id}/messages",
            "attachments",
            thing,
            (400,),
            own="session",
            body={"text": "x"},
            many=True,
        )
        for thing in ("document", "item")
    ],
    Place("post", "/v1/chat", "attachments", "document", (400,), body={"text": "x"}, many=True),
    Place("post", "/v1/attachments", "session_id", "session", (404,)),
    Place("patch", "/v1/sessions/{id}", "leaf", "message", (400,), own="session"),
    *[
        Place("get", "/v1/sessions/{id}/messages", name, "message", (404,), own="session")
        for name in ("leaf", "before", "after")
    ],
    Place("get", "/v1/ingestion/runs/{run_id}/items", "parent", "item", (200,), own="ingestion"),
    Place("post", "/v1/chat", "session_id", "session", (404,), body={"text": "x"}),
    Place("post", "/v1/chat", "collections", "collection", (400,), body={"text": "x"}, many=True),
    Place(
        "post",
        "/v1/chat/completions",
        "metadata.session_id",
        "session",
        (404,),
        body={"model": "youworker", "messages": [{"role": "user", "content": "x"}]},
        in_object=True,
    ),
    Place(
        "post",
        "/v1/responses",
        "metadata.session_id",
        "session",
        (404,),
        body={"model": "youworker", "input": "x"},
        in_object=True,
    ),
    # Whoever can be found may be added, so only people who left are hidden.
    Place("post", "/v1/groups/{group_id}/members", "user_id", "former", (400,), own="group"),
    Place("get", "/v1/documents", "collection", "collection", (200,)),
    Place("patch", "/v1/documents/{id}", "collection_id", "collection", (400,), own="document"),
    Place("patch", "/v1/documents/{id}", "shares.group_id", "group", (400,), own="document"),
    Place("post", "/v1/collections", "shares.group_id", "group", (400,), body={"name": "Mine"}),
    Place("patch", "/v1/collections/{id}", "shares.group_id", "group", (400,), own="collection"),
    Place(
        "post",
        "/v1/search",
        "collections",
        "collection",
        (200,),
        body={"query": "leave"},
        many=True,
    ),
    Place(
        "post",
        "/v1/search",
        "document_ids",
        "document",
        (200,),
        body={"query": "leave"},
        many=True,
    ),
    Place(
        "post",
        "/v1/ingestion/uploads",
        "collection_id",
        "collection",
        (400,),
        body=UPLOAD,
        form="multipart",
    ),
    Place(
        "post",
        "/v1/ingestion/paths",
        "collection_id",
        "collection",
        (400,),
        role="staff",
        body={"path": "/nowhere"},
    ),
    Place(
        "post",
        "/v1/ingestion/urls",
        "collection_id",
        "collection",
        (400,),
        body={"url": "https://example.org/"},
    ),
    Place(
        "post",
        "/v1/sources",
        "collection_id",
        "collection",
        (400,),
        body={"kind": "website", "target": "https://example.org/"},
    ),
]


def places_of_the_document() -> set[tuple[str, str, str]]:
    """Method, path and name of every id that a body or a query takes."""
    document = openapi_document()
    found = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and is_id(parameter["schema"]):
                    found.add((method, path, parameter["name"]))
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                for name in ids_in(media["schema"], document):
                    found.add((method, path, name))
    return found


def ids_in(schema: dict[str, Any], document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of ids in a schema."""
    schema = resolved(schema, document)
    for name, part in schema.get("properties", {}).items():
        inner = resolved(part, document)
        inner = resolved(inner.get("items", inner), document)
        if is_id(inner):
            yield f"{prefix}{name}"
        else:
            yield from ids_in(inner, document, f"{prefix}{name}.")


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference, a list of one, or an alternative with null."""
    for word in ("allOf", "oneOf", "anyOf"):
        if word in schema:
            schema = next(each for each in schema[word] if each.get("type") != "null")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolved(document["components"]["schemas"][name], document)
    return schema


def is_id(schema: dict[str, Any]) -> bool:
    """Whether a schema is that of an id."""
    return schema.get("format") == "uuid"


def test_every_id_in_a_body_or_a_query_has_a_row():
    assert {place.key for place in PLACES} == places_of_the_document()


def own_thing(place: Place, user: Any) -> Any:
    """The caller's own thing whose route takes the id."""
    made = {
        "session": lambda: World.session_of(user),
        "document": lambda: DocumentFactory(owner=user),
        "collection": lambda: CollectionFactory(owner=user),
        "ingestion": lambda: RunFactory(owner=user),
        "group": lambda: create_group(name=f"Mine {uuid.uuid4()}", actor=user),
    }
    return made[place.own]()


def ask(place: Place, world: World, identifier: Any) -> Any:
    """Send an id to a place as the caller of its row."""
    caller = getattr(world, place.role)
    path = place.path
    if place.own:
        path = re.sub(r"{\w+}", str(own_thing(place, caller).pk), path)
    first, _, inner = place.name.partition(".")
    value: Any = [{inner: str(identifier), "access": "read"}] if inner else str(identifier)
    if place.in_object:
        value = {inner: str(identifier)}
    body = {**place.body, first: [value] if place.many else value}
    if place.form == "multipart":
        body["files"] = [SimpleUploadedFile("a.txt", b"a")]
    client = world.client(place.role)
    if place.method == "get":
        return client.get(path, body)
    return getattr(client, place.method)(path, body, format=place.form)


def without_clocks(answer: Any) -> Any:
    """What an answer says, without what differs from call to call."""
    body = answer.json()
    for clock in ("took_ms", "took"):
        body.pop(clock, None)
    return body


@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(place.key))
def test_ids_of_others_are_as_good_as_unknown(place):
    world = World()
    identifier = getattr(world, place.thing).pk
    _ = world.document

    foreign = ask(place, world, identifier)
    unknown = ask(place, world, uuid.uuid4())

    assert foreign.status_code == unknown.status_code
    assert foreign.status_code in place.statuses
    assert without_clocks(foreign) == without_clocks(unknown)
    if foreign.status_code == 200:
        assert foreign.json()["results"] == []
