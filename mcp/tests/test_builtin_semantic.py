"""The server for the user's own documents, called the way the agent calls it."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from accounts.tests.factories import ApiKeyFactory
from documents import services as documents
from documents.tests.factories import embed
from documents.types import PassageDraft
from ingestion.models import IngestionRun
from ingestion.tests.factories import ItemFactory
from mcp.builtin.calling import call as raw_call
from mcp.calls import CallContext, ToolOutcome
from mcp.descriptions import Endpoint
from mcp.services import call_tool, usable_tools
from mcp.tests.factories import UserFactory
from quotas.models import UsageEvent

pytestmark = pytest.mark.django_db(transaction=True)


def call(user, name, arguments, **context) -> ToolOutcome:
    tool = next(tool for tool in usable_tools(user) if tool.name == name)
    acting = CallContext(user_id=user.pk, correlation_id="c", **context)
    return async_to_sync(call_tool)(tool, arguments, context=acting)


def store(user, title, text, *, collection=None, language="en"):
    shelf = documents.ensure_collection(collection or "Shelf", actor=user)
    file = documents.ParsedFile(
        name=title,
        uri=title,
        path_hash=documents.server_path_hash(f"/{user.pk}/{title}"),
        sha256=f"{abs(hash((user.pk, title))):064x}"[:64],
        mime="text/plain",
        size=len(text),
        passages=[PassageDraft(0, text, "Rules", 3, 0, len(text))],
        language=language,
        pages=3,
    )
    return documents.store_parsed(file, collection=shelf, actor=user).document


@pytest.fixture
def anna():
    user = UserFactory()
    store(user, "holidays.txt", "Everybody has thirty days of holiday. Ask your manager first.")
    return user


def test_query_finds_the_users_own_passages(anna):
    outcome = call(anna, "semantic.query", {"query": "how many days of holiday"})

    (hit,) = outcome.structured["results"]
    assert hit["document"]["title"] == "holidays.txt"
    assert outcome.text.startswith("[1] holidays.txt · Rules · page 3\nEverybody has thirty")


def test_files_that_are_still_to_be_read_are_told(anna):
    ItemFactory(run__owner=anna)
    ItemFactory(run__owner=UserFactory())
    waiting = call(anna, "semantic.query", {"query": "how many days of holiday"})
    IngestionRun.objects.update(finished_at=timezone.now())
    found = call(anna, "semantic.query", {"query": "how many days of holiday"})

    assert waiting.structured["incomplete"] is True
    assert "still being read" in waiting.text
    assert len(waiting.structured["results"]) == 1
    assert "incomplete" not in found.structured
    assert "still being read" not in found.text


def test_tools_never_show_documents_of_others(anna):
    stranger = UserFactory()
    document = store(stranger, "secret.txt", "The holiday bonus of the director is one million.")

    question = "holiday bonus of the director"
    for name, arguments in (
        ("semantic.query", {"query": question}),
        ("semantic.query", {"query": question, "document_ids": [str(document.pk)]}),
        ("semantic.answer", {"question": question}),
        ("semantic.similar_to_text", {"text": question}),
        ("semantic.collections", {}),
    ):
        outcome = call(anna, name, arguments)
        assert "million" not in outcome.text
        assert str(document.collection_id) not in str(outcome.structured)
    assert "million" in call(stranger, "semantic.query", {"query": question}).text


def test_the_acting_user_cannot_be_chosen_by_arguments(anna):
    stranger = UserFactory()
    store(stranger, "secret.txt", "The holiday bonus of the director is one million.")

    outcome = call(anna, "semantic.query", {"query": "bonus director", "user_id": str(stranger.pk)})

    assert "million" not in outcome.text


async def test_without_a_context_the_server_refuses():
    outcome = await raw_call(
        Endpoint("semantic", "inprocess"), "query", {"query": "x"}, correlation_id=""
    )

    assert outcome.is_error
    assert "signed-in user" in outcome.text


def test_query_stays_in_the_collections_of_the_conversation(anna):
    other = store(anna, "cars.txt", "The holiday car is blue.", collection="Cars")
    shelf = documents.ensure_collection("Shelf", actor=anna)

    def titles(**arguments):
        outcome = call(
            anna,
            "semantic.query",
            {"query": "holiday", **arguments},
            collections=(other.collection_id,),
        )
        return [hit["document"]["title"] for hit in outcome.structured["results"]]

    assert titles() == ["cars.txt"]
    assert titles(collections=["cars"]) == ["cars.txt"]
    assert titles(collections=["Shelf"]) == []
    assert titles(collections=[str(shelf.pk)]) == []


@pytest.mark.parametrize("fate", ["removed", "deleted", "not shared any more"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("semantic.query", {"query": "holiday"}),
        ("semantic.query", {"query": "holiday", "collections": ["Shelf"]}),
        ("semantic.answer", {"question": "How many days of holiday?"}),
        ("semantic.similar_to_text", {"text": "holiday"}),
        ("semantic.collections", {}),
    ],
)
def test_a_conversation_whose_collections_are_gone_searches_nothing(anna, name, arguments, fate):
    chosen = documents.ensure_collection("Cars", actor=anna)
    if fate == "deleted":
        documents.delete_collection(chosen, actor=anna)
    elif fate == "not shared any more":
        chosen = documents.ensure_collection("Cars", actor=UserFactory())

    outcome = call(anna, name, arguments, collections=() if fate == "removed" else (chosen.pk,))

    assert outcome.is_error
    assert "Nothing was searched: the collections that this conversation" in outcome.text
    assert "thirty days" not in outcome.text
    assert outcome.structured is None


def test_query_narrows_by_name_of_collection(anna):
    store(anna, "cars.txt", "The holiday car is blue.", collection="Cars")

    outcome = call(anna, "semantic.query", {"query": "holiday", "collections": ["CARS"]})

    assert [hit["document"]["title"] for hit in outcome.structured["results"]] == ["cars.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"query": "x", "collections": ["Nowhere"]}, "no collection 'Nowhere'"),
        ({"query": "x", "document_ids": ["12"]}, "must be ids"),
        ({"query": "x", "limit": 0}, "greater than or equal to 1"),
        ({}, "query"),
    ],
)
def test_query_explains_wrong_arguments(anna, arguments, words):
    outcome = call(anna, "semantic.query", arguments)

    assert outcome.is_error
    assert words in outcome.text


def test_null_counts_as_not_given(anna):
    arguments = {"query": "holiday", "collections": None, "tags": None, "document_ids": None}

    assert len(call(anna, "semantic.query", arguments).structured["results"]) == 1


def test_answer_quotes_the_fitting_sentence_with_its_number(anna):
    outcome = call(anna, "semantic.answer", {"question": "How many days of holiday are there?"})

    assert outcome.text.startswith("Quotes:\n- Everybody has thirty days of holiday. [1]\n")
    assert outcome.structured["quotes"][0]["passage"] == 1
    assert len(outcome.structured["results"]) == 1


def test_answer_quotes_in_the_language_of_the_documents():
    user = UserFactory()
    text = "Rechnungen werden nach dreißig Tagen bezahlt. Das Werk steht in Ulm."
    store(user, "regeln.txt", text, language="de")

    outcome = call(user, "semantic.answer", {"question": "Wann wird eine Rechnung bezahlt?"})

    assert outcome.structured["quotes"] == [
        {"sentence": "Rechnungen werden nach dreißig Tagen bezahlt.", "passage": 1}
    ]


def test_answer_quotes_nothing_that_is_about_something_else(anna):
    outcome = call(anna, "semantic.answer", {"question": "Who repairs the holiday coffee machine?"})

    assert "quotes" not in outcome.structured
    assert outcome.text.startswith("[1] holidays.txt")


def test_answer_says_when_nothing_fits():
    outcome = call(UserFactory(), "semantic.answer", {"question": "Anything?"})

    assert outcome.text == "No passage in the documents of this user fits."


def test_collections_are_listed_with_their_sizes(anna):
    outcome = call(anna, "semantic.collections", {})

    shelf = next(row for row in outcome.structured["collections"] if row["name"] == "Shelf")
    assert shelf["document_count"] == 1
    assert "- Shelf (1 documents)" in outcome.text


def test_schemas_are_plain_enough_for_small_models(anna):
    schema = next(t for t in usable_tools(anna) if t.name == "semantic.query").input_schema

    assert schema["properties"]["tags"]["type"] == "array"
    assert "anyOf" not in str(schema)
    assert "'title'" not in str(schema)
    assert all("description" in field for field in schema["properties"].values())


def test_a_search_of_a_tool_is_counted_by_the_key_behind_the_run(anna):
    key = ApiKeyFactory(user=anna)

    call(anna, "semantic.query", {"query": "holiday"}, key_id=key.pk)

    event = UsageEvent.objects.get()
    assert (event.kind, event.user_id, event.api_key_id) == ("search", anna.pk, key.pk)


def test_query_obeys_operators_and_says_so(anna):
    store(anna, "holidays.pdf.txt", "Thirty days, and a draft of holiday rules.")

    phrase = call(anna, "semantic.query", {"query": '"days of holiday"'})
    without = call(anna, "semantic.query", {"query": "holiday -draft"})
    relaxed = call(anna, "semantic.query", {"query": 'what is "holiday of days"?'})
    nothing = call(anna, "semantic.query", {"query": "holiday type:pdf"})
    plain = call(anna, "semantic.query", {"query": "holiday"})

    assert [hit["document"]["title"] for hit in phrase.structured["results"]] == ["holidays.txt"]
    assert phrase.structured["understood"]["phrases"] == ["days of holiday"]
    assert phrase.text.endswith("Note: only what fits was searched: phrase:days of holiday")
    assert "draft of" not in without.text
    assert relaxed.structured["results"]
    assert relaxed.text.endswith("Note: no passage has exactly these words: holiday of days")
    assert nothing.structured["results"] == []
    assert nothing.text.startswith("No passage")
    assert "Note" not in plain.text
    assert "understood" not in plain.structured


def test_similar_to_text_reads_no_operators(anna):
    embed()

    outcome = call(anna, "semantic.similar_to_text", {"text": '"x y z" -holiday type:pdf days'})

    assert len(outcome.structured["results"]) == 1


def test_models_are_told_to_write_queries_that_stand_alone(anna):
    tools = {tool.name: tool for tool in usable_tools(anna)}

    described = tools["semantic.query"].input_schema["properties"]["query"]["description"]
    assert "understood without the conversation" in described
    assert "language the documents" in tools["semantic.query"].description
    asked = tools["semantic.answer"].input_schema["properties"]["question"]["description"]
    assert "no conversation before it" in asked


def test_answer_quotes_a_list_in_one_line(anna):
    steps = "1. Open the vent valve.\n2. Run the pump.\n3. Close the vent valve."
    store(anna, "pump.md", f"## Venting the pump\n\n{steps}")

    outcome = call(anna, "semantic.answer", {"question": "How do I vent the pump?"})

    assert f"- {' '.join(steps.split())} [1]" in outcome.text
    assert outcome.structured["quotes"] == [{"sentence": steps, "passage": 1}]
