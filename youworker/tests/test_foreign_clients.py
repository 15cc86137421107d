"""LangChain and LiteLLM against the running product, unchanged but for its address and key.

Both are installed by `make .venv/foreign.stamp`: their packages would meet ours.
"""

from __future__ import annotations

import json
import subprocess

import httpx2
import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import headers_of
from youworker.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PYTHON = BASE_DIR / ".venv" / "foreign" / "bin" / "python"
PROGRAM = BASE_DIR / "youworker" / "tests" / "programs" / "openai_clients.py"
ROME = {"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call_1"}
OSLO = {"name": "get_weather", "arguments": {"city": "Oslo"}, "id": "call_2"}
VECTORS = "multilingual-e5-small-int8"


class ForeignClient:
    """One of the libraries in a process of its own."""

    def __init__(self, process):
        self.process = process

    def attempt(self, what, **arguments):
        """What came of it, an exception told by its classes."""
        self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def do(self, what, **arguments):
        """The result; a failure of the library fails the test."""
        outcome = self.attempt(what, **arguments)
        assert "result" in outcome, outcome
        return outcome["result"]


@pytest.fixture(scope="module")
def somebody(running_product, people):
    """Whose key the libraries have, and who has one document."""
    found = people(running_product)
    with httpx2.Client(base_url=running_product.base_url, headers=headers_of(found)) as api:
        files = {"files": ("leave.txt", b"Everybody has thirty days of leave a year.")}
        run = api.post("/v1/ingestion/uploads", files=files).json()
        where = f"/v1/ingestion/runs/{run['id']}"
        wait_until(lambda: api.get(where).json()["status"] == "succeeded", seconds=60)
    return found


@pytest.fixture(scope="module", params=["langchain", "litellm"])
def client(request, running_product, somebody):
    assert PYTHON.exists(), "run `make .venv/foreign.stamp` first"
    process = subprocess.Popen(
        [str(PYTHON), str(PROGRAM), request.param],
        env={"BASE_URL": f"{running_product.base_url}/v1", "API_KEY": somebody.api_key},
        cwd="/",
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    yield ForeignClient(process)
    # LiteLLM has work of its own to finish when its input ends.
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture
def double(running_product):
    """The model server behind the product: `double(turn, …)` scripts it, and gives its requests."""
    address = running_product.environment["LLM_BASE_URL"].removesuffix("/v1")

    def script(*turns):
        httpx2.post(f"{address}/control/reset")
        httpx2.post(f"{address}/control/script", json={"turns": list(turns)})

    def chats():
        sent = httpx2.get(f"{address}/control/requests").json()
        return [one for one in sent if one["path"].endswith("completions")]

    script.chats = chats
    yield script
    httpx2.post(f"{address}/control/reset")


def test_the_agent_answers_and_its_sources_can_be_found(client, running_product, somebody):
    said = client.do(
        "answer", model="youworker/quote", text="How many days of leave does everybody have?"
    )

    assert "thirty days of leave" in said["text"]
    assert "[1]" in said["text"]
    with httpx2.Client(base_url=running_product.base_url, headers=headers_of(somebody)) as api:
        message = api.get(f"/v1/runs/{said['run']}").json()["message_id"]
        (citation,) = api.get(f"/v1/messages/{message}").json()["citations"]
    assert citation["title"].startswith("leave")


@pytest.mark.parametrize("client", ["litellm"], indirect=True)
def test_sources_are_links_where_a_library_keeps_them(client):
    asked = {"model": "youworker/quote", "text": "How many days of leave are there a year?"}

    whole, streamed = client.do("answer", **asked), client.do("stream", **asked)

    for said in (whole, streamed):
        (link,) = said["links"]
        assert link["url_citation"]["title"].startswith("1. leave")


def test_a_response_has_its_sources(client):
    said = client.do(
        "respond", model="youworker/quote", text="How many days of leave does everybody have?"
    )

    assert "thirty days of leave" in said["text"]
    assert said["streamed"] == said["text"]
    (link,) = said["links"]
    assert said["text"][link["start_index"] : link["end_index"]] == "[1]"
    assert link["title"].startswith("1. leave")
    assert said["tokens"] > 0


@pytest.mark.parametrize("model", ["double", "youworker/double"])
def test_a_stream_ends_with_its_tokens(client, model):
    said = client.do("stream", model=model, text="[[tokens=50,rate=100]]")

    assert said["text"].strip() == ("tok " * 50).strip()
    assert said["pieces"] > 1
    assert said["tokens"] > 50


def test_tools_of_the_caller_make_a_round(client, double):
    double({"calls": [ROME, OSLO]}, {"text": "It is {tool}"})

    said = client.do("call_tools", model="double", text="How is the weather in Rome and Oslo?")

    assert said == {"calls": [{"city": "Rome"}, {"city": "Oslo"}], "text": "It is sunny in Oslo"}
    results = [each for each in double.chats()[-1]["body"]["messages"] if each["role"] == "tool"]
    assert [(each["tool_call_id"], each["content"]) for each in results] == [
        ("call_1", "sunny in Rome"),
        ("call_2", "sunny in Oslo"),
    ]


def test_an_answer_is_an_object_of_the_class_asked_for(client, double):
    double({"text": '{"city": "Rome", "degrees": 31}'})

    assert client.do("structure", model="double", text="Rome?") == {"city": "Rome", "degrees": 31}
    form = double.chats()[-1]["body"]["response_format"]
    assert (form["type"], form["json_schema"]["name"]) == ("json_schema", "Weather")


def test_vectors_come_in_the_order_of_their_texts(client):
    several = client.do("embed", model=VECTORS, texts=["leave", "a valve", "leave"])

    assert [len(vector) for vector in several] == [384] * 3
    assert several[0] == pytest.approx(several[2], abs=1e-6)
    assert several[0] != pytest.approx(several[1], abs=0.01)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"key": "yw_wrong", "model": "double"}, "AuthenticationError"),
        ({"model": "youworker/of-nobody"}, "NotFoundError"),
    ],
)
def test_errors_are_the_librarys_own(client, asked, kind):
    outcome = client.attempt("answer", text="Hello", **asked)

    assert kind in outcome["kinds"]


@pytest.mark.parametrize("model", ["double", "youworker/double"])
def test_a_prompt_without_room_is_an_overflow(client, double, model):
    double({"status": 400, "message": "This model's maximum context length is 4096 tokens."})

    outcome = client.attempt("answer", model=model, text="Hello")

    kinds = {"OpenAIContextOverflowError", "ContextWindowExceededError"}
    assert kinds & set(outcome["kinds"]), outcome


def test_a_library_that_hangs_up_frees_the_model_within_a_second(client, double):
    double({"tokens": 10_000, "rate": 20})

    assert client.do("leave", model="double", text="Hello").startswith("tok")

    wait_until(lambda: double.chats()[-1]["abandoned"])


def test_twenty_questions_at_once_get_their_own_answers(client):
    names = [f"n{number}" for number in range(20)]

    said = client.do("ask_many", model="double", texts=[f"[[tokens=0,text={n}]]" for n in names])

    assert said == names
