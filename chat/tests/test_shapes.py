"""What clients get has the shape that the OpenAPI document tells, no more and no less."""

from __future__ import annotations

import orjson
import pytest
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.services import AcceptedMessage
from chat.tests.factories import CitationFactory, MessageFactory, RunFactory, ToolRunFactory
from chat.views.chat import answer_from, stored_result
from youworker.core.api.formats import OrjsonRenderer
from youworker.tests.support.openapi import openapi_document

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document():
    """The document, in which no shape has a field that it does not name."""
    made = orjson.loads(orjson.dumps(openapi_document()))
    for component in made["components"]["schemas"].values():
        if component.get("type") == "object":
            component["additionalProperties"] = False
    return made


def faults(document, name, answer):
    """What is wrong with an answer of a shape."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(answer)]


@pytest.fixture
def run():
    """A run whose answer has something in every field that may be empty."""
    made = RunFactory(status=RunStatus.FAILED, error_code="x", error_detail="It failed.")
    made.answer.run, made.answer.parent = made, made.question
    made.answer.rating = 1
    made.answer.save()
    CitationFactory(message=made.answer)
    ToolRunFactory(session=made.session, run=made, message=made.answer)
    return made


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_what_is_read_has_the_shape_of_the_document(run, document):
    MessageFactory(session=run.session, role=MessageRole.USER)
    ToolRunFactory(session=run.session, status=ToolRunStatus.WAITING, latency_ms=3)
    client = client_of(run.user)

    messages = client.get(f"/v1/sessions/{run.session_id}/messages").json()["results"]
    calls = client.get("/v1/tool-runs").json()["results"]
    answer = client.get(f"/v1/runs/{run.pk}").json()
    rated = client.post(f"/v1/messages/{run.answer_id}/feedback", {"rating": -1}).json()

    assert (len(messages), len(calls)) == (3, 2)
    assert [faults(document, "Message", each) for each in [*messages, rated]] == [[]] * 4
    assert [faults(document, "ToolRun", each) for each in calls] == [[]] * 2
    assert faults(document, "Run", answer) == []


def test_a_whole_answer_has_the_shape_of_the_document(run, document):
    posted = AcceptedMessage(run.question_id, run.pk, run.session_id, run.status, is_new=True)
    rendered = OrjsonRenderer().render(answer_from(posted, stored_result(run.pk)))

    assert faults(document, "ChatAnswer", orjson.loads(rendered)) == []


def test_a_field_too_much_or_too_few_is_noticed(run, document):
    answer = client_of(run.user).get(f"/v1/runs/{run.pk}").json()

    assert faults(document, "Run", {**answer, "more": 1})
    assert faults(document, "Run", {name: answer[name] for name in list(answer)[1:]})
