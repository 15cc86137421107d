"""OpenAI's own client against the running product, unchanged but for its address and key."""

from __future__ import annotations

import json
import threading
import time

import httpx2
import openai
import pytest
from pydantic import BaseModel

from youworker.tests.bench.product import create_key
from youworker.tests.support.speech import word_errors
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture
def settings_of_client(running_product, person):
    return {
        "base_url": f"{running_product.base_url}/v1",
        "api_key": person.api_key,
        "max_retries": 0,
        "timeout": PATIENCE_SECONDS,
    }


@pytest.fixture
def client(settings_of_client):
    with openai.OpenAI(**settings_of_client) as made:
        yield made


@pytest.fixture
def double(running_product):
    """The model server behind the product: `double(turn, …)` scripts it, and gives its requests."""
    address = running_product.environment["LLM_BASE_URL"].removesuffix("/v1")

    def script(*turns):
        with httpx2.Client() as http:
            http.post(f"{address}/control/reset")
            http.post(f"{address}/control/script", json={"turns": list(turns)})

    script.requests = lambda: httpx2.get(f"{address}/control/requests").json()
    yield script
    httpx2.post(f"{address}/control/reset")


def say(text):
    return [{"role": "user", "content": text}]


def test_models_are_listed_and_looked_up(client):
    names = [model.id for model in client.models.list()]

    assert names[0] == "youworker"
    assert {"double", "quote", "youworker/double"} <= set(names)
    assert client.models.retrieve("youworker/double").id == "youworker/double"


def test_a_model_answers_whole_and_in_pieces(client):
    whole = client.chat.completions.create(model="double", messages=say("[[tokens=0,text=Four.]]"))
    stream = client.chat.completions.create(
        model="double",
        messages=say("[[tokens=50]]"),
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces = list(stream)

    assert whole.choices[0].message.content == "Four."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.total_tokens > 0
    text = "".join(p.choices[0].delta.content or "" for p in pieces if p.choices)
    assert text == "tok " * 50
    assert pieces[-1].usage.completion_tokens == 50


async def test_the_asynchronous_client_does_the_same(settings_of_client):
    async with openai.AsyncOpenAI(**settings_of_client) as client:
        whole = await client.chat.completions.create(
            model="double", messages=say("[[tokens=0,text=Four.]]")
        )
        stream = await client.chat.completions.create(
            model="double", messages=say("[[tokens=20]]"), stream=True
        )
        text = "".join([piece.choices[0].delta.content or "" async for piece in stream])

    assert whole.choices[0].message.content == "Four."
    assert text == "tok " * 20


def test_the_helper_for_streams_collects_the_answer(client):
    with client.chat.completions.stream(model="double", messages=say("[[tokens=30]]")) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()

    assert {"content.delta", "content.done", "chunk"} <= kinds
    assert final.choices[0].message.content == "tok " * 30


def test_tools_of_the_caller_make_a_round(client, double):
    call = {"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call_1"}
    double({"calls": [call]}, {"text": "It is {tool}"}, {"calls": [call], "call_style": "pieces"})
    talk = say("How is the weather in Rome?")

    first = client.chat.completions.create(model="double", messages=talk, tools=[TOOL])
    message = first.choices[0].message
    (made,) = message.tool_calls
    result = {"role": "tool", "tool_call_id": made.id, "content": "sunny"}
    second = client.chat.completions.create(
        model="double", messages=[*talk, message.model_dump(), result], tools=[TOOL]
    )
    with client.chat.completions.stream(model="double", messages=talk, tools=[TOOL]) as stream:
        final = stream.get_final_completion()

    assert first.choices[0].finish_reason == "tool_calls"
    assert json.loads(made.function.arguments) == {"city": "Rome"}
    assert second.choices[0].message.content == "It is sunny"
    (streamed,) = final.choices[0].message.tool_calls
    assert json.loads(streamed.function.arguments) == {"city": "Rome"}


class Weather(BaseModel):
    city: str
    degrees: int


def test_answers_are_parsed_into_what_was_asked_for(client, double):
    double({"text": '{"city": "Rome", "degrees": 31}'})

    parsed = client.chat.completions.parse(
        model="double", messages=say("Rome?"), response_format=Weather
    )

    assert parsed.choices[0].message.parsed == Weather(city="Rome", degrees=31)
    sent = [one for one in double.requests() if one["path"].endswith("completions")][-1]["body"]
    assert sent["response_format"]["json_schema"]["name"] == "Weather"


def test_vectors_are_those_of_the_search(client, running_product):
    name = client.models.list().data[-1].id

    packed = client.embeddings.create(model=name, input=["leave", "holidays", "a valve"])
    plain = client.embeddings.create(model=name, input="leave", encoding_format="float")

    assert [len(row.embedding) for row in packed.data] == [384] * 3
    assert plain.data[0].embedding == pytest.approx(packed.data[0].embedding, abs=0.02)
    assert packed.usage.total_tokens > 0


def test_the_agent_cites_documents_of_whoever_asks(client, running_product, person):
    api = httpx2.Client(
        base_url=running_product.base_url, headers={"Authorization": f"Bearer {person.api_key}"}
    )
    with api:
        files = {"files": ("leave.txt", b"Everybody has thirty days of leave a year.")}
        run = api.post("/v1/ingestion/uploads", files=files).json()
        wait_until(
            lambda: (
                api.get(f"/v1/ingestion/runs/{run['id']}").json()["status"]
                not in {"queued", "running"}
            ),
            seconds=60,
        )

    whole = client.chat.completions.create(
        model="youworker/quote", messages=say("How many days of leave does everybody have?")
    )
    with client.chat.completions.stream(
        model="youworker/quote", messages=say("How many days of leave are there a year?")
    ) as stream:
        final = stream.get_final_completion()

    for completion in (whole, final):
        message = completion.choices[0].message
        assert "thirty days of leave" in message.content
        assert "[1]" in message.content
        (citation,) = message.model_extra["citations"]
        assert citation["title"].startswith("leave")
    assert whole.model_extra["session_id"]


def test_tools_of_the_agent_run_on_our_side(client, double):
    double({"calls": [{"name": "datetime_now", "arguments": {}}]}, {"text": "It said {tool}"})

    answer = client.chat.completions.create(model="youworker/double", messages=say("What time?"))

    message = answer.choices[0].message
    assert message.tool_calls is None
    assert message.content.startswith("It said")
    assert "untrusted" in message.content


def test_a_conversation_is_one_session_over_the_client(client):
    talk = say("[[tokens=0,text=One.]] first")
    first = client.chat.completions.create(model="youworker/double", messages=talk)
    talk += [first.choices[0].message.model_dump(), *say("[[tokens=0,text=Two.]] second")]
    # As clients send back what they got: fields of ours and of theirs, some of them null.

    second = client.chat.completions.create(model="youworker/double", messages=talk)

    assert first.choices[0].message.content == "One."
    assert second.choices[0].message.content == "Two."
    assert first.model_extra["session_id"] == second.model_extra["session_id"]


@pytest.mark.parametrize("model", ["double", "youworker/double"])
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_the_clients_own(client, running_product, double, model, stream):
    wrong = openai.OpenAI(
        base_url=f"{running_product.base_url}/v1", api_key="yw_wrong", max_retries=0
    )
    narrow = wrong.with_options(api_key=create_key(running_product.environment, "documents.read"))

    def ask(one=client, **body):
        return one.chat.completions.create(
            **{"model": model, "messages": say("Hello"), "stream": stream, **body}
        )

    with pytest.raises(openai.AuthenticationError) as unknown:
        ask(wrong)
    with pytest.raises(openai.PermissionDeniedError):
        ask(narrow)
    with pytest.raises(openai.NotFoundError) as absent:
        ask(model=f"{model}-of-nobody")
    with pytest.raises(openai.BadRequestError) as several:
        ask(n=2)
    wrong.close()
    narrow.close()

    assert unknown.value.code == "invalid_api_key"
    assert absent.value.code == "model_not_found"
    assert (several.value.param, several.value.type) == ("n", "invalid_request_error")


def test_a_stream_that_breaks_off_raises(client, double):
    double({"text": "One two three four", "cut": 2})

    with pytest.raises(openai.APIError) as broken:
        list(client.chat.completions.create(model="double", messages=say("Hi"), stream=True))

    assert broken.value.code == "model_failed"


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_frees_the_model_within_a_second(settings_of_client, double, stream):
    double({"tokens": 10_000, "rate": 20})
    client = openai.OpenAI(**{**settings_of_client, "timeout": 1.5})
    if stream:
        answer = client.chat.completions.create(model="double", messages=say("Hi"), stream=True)
        next(iter(answer))
        answer.close()
    else:
        with pytest.raises(openai.APITimeoutError):
            client.chat.completions.create(model="double", messages=say("Hi"))
    left = time.monotonic()

    wait_until(lambda: chats(double)[-1]["abandoned"], seconds=5)
    client.close()

    assert time.monotonic() - left < 1


def chats(double):
    return [one for one in double.requests() if one["path"].endswith("completions")]


def test_a_silent_model_costs_no_connection(client, double):
    double({"tokens": 3, "first_ms": 9_000})

    pieces = list(client.chat.completions.create(model="double", messages=say("Hi"), stream=True))

    assert "".join(p.choices[0].delta.content or "" for p in pieces if p.choices) == "tok " * 3


def test_many_streams_at_once_lose_nothing(settings_of_client):
    with openai.OpenAI(**settings_of_client) as client:
        found = []

        def read():
            stream = client.chat.completions.create(
                model="double", messages=say("[[tokens=2000]]"), stream=True
            )
            found.append(sum((p.choices[0].delta.content or "").count("tok") for p in stream))

        readers = [threading.Thread(target=read) for _ in range(10)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    assert found == [2000] * 10


def test_what_no_request_reaches_is_told_in_the_same_shape(running_product, person):
    url = f"{running_product.base_url}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {person.api_key}", "Content-Type": "application/json"}

    packed = httpx2.post(url, content=b"{}", headers={**headers, "Content-Encoding": "gzip"})
    large = httpx2.post(url, content=b" " * 17_000_000, headers=headers)
    stranger = httpx2.post(
        url, content=b" " * 100_000, headers={**headers, "Authorization": "Bearer yw_nobody"}
    )

    for answer, status in ((packed, 415), (large, 413), (stranger, 401)):
        assert answer.status_code == status
        assert set(answer.json()) == {"error"}


def test_a_text_is_spoken_and_heard_back(client):
    text = "The meeting of the board takes place on Monday at nine."
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=text, response_format="flac"
    ) as answer:
        sound = b"".join(answer.iter_bytes())

    plain = client.audio.transcriptions.create(model="whisper-1", file=("a.flac", sound))
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=("a.flac", sound), response_format="verbose_json", language="en"
    )
    srt = client.audio.transcriptions.create(
        model="whisper-1", file=("a.flac", sound), response_format="srt"
    )

    assert word_errors(text, plain.text) < 0.3
    assert verbose.language == "en"
    assert verbose.segments[0].start < verbose.segments[-1].end
    assert "-->" in srt


def test_a_file_that_is_no_recording_raises_openais_own_exception(client):
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"no sound at all"))

    assert caught.value.code == "sound_refused"
    assert "WAV" in caught.value.message


def test_a_response_comes_whole_and_in_pieces(client):
    whole = client.responses.create(
        model="double",
        instructions="Be short.",
        input="[[tokens=0,text=Four.]]",
        store=False,
    )
    with client.responses.stream(model="double", input="[[tokens=50]]") as stream:
        events = list(stream)
        final = stream.get_final_response()

    assert (whole.output_text, whole.status, whole.instructions) == (
        "Four.",
        "completed",
        "Be short.",
    )
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens > 0
    assert events[0].type == "response.created"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "tok " * 50
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == "tok " * 50
    assert final.usage.output_tokens == 50


async def test_the_asynchronous_client_gets_responses_too(settings_of_client):
    async with openai.AsyncOpenAI(**settings_of_client) as client:
        stream = await client.responses.create(model="double", input="[[tokens=20]]", stream=True)
        kinds = [event.type async for event in stream]

    assert kinds[-1] == "response.completed"


def test_functions_of_the_caller_make_a_round_of_responses(client, double):
    call = {"name": "get_weather", "arguments": {"city": "Rome"}, "id": "call_1"}
    double({"reasoning": "Rome?", "calls": [call]}, {"text": "It is {tool}"}, {"calls": [call]})
    tool = {"type": "function", "strict": False, **TOOL["function"]}
    talk = say("How is the weather in Rome?")

    first = client.responses.create(
        model="double", input=talk, tools=[tool, {"type": "web_search"}]
    )
    (made,) = [item for item in first.output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": made.call_id, "output": "sunny"}
    talk = [*talk, *[item.model_dump(exclude_none=True) for item in first.output], result]
    second = client.responses.create(model="double", input=talk, tools=[tool])
    with client.responses.stream(model="double", input=talk, tools=[tool]) as stream:
        (streamed,) = stream.get_final_response().output

    assert json.loads(made.arguments) == json.loads(streamed.arguments) == {"city": "Rome"}
    assert second.output_text == "It is sunny"
    asked, told = (one["body"] for one in chats(double)[:2])
    assert [one["function"]["name"] for one in asked["tools"]] == ["get_weather"]
    assert [one["role"] for one in told["messages"]] == ["user", "assistant", "tool"]


def test_responses_are_parsed_into_what_was_asked_for(client, double):
    double({"text": '{"city": "Rome", "degrees": 31}'})

    parsed = client.responses.parse(model="double", input="Rome?", text_format=Weather)

    assert parsed.output_parsed == Weather(city="Rome", degrees=31)
    schema = chats(double)[-1]["body"]["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("Weather", True)


def test_a_response_that_breaks_off_says_so(client, double):
    double({"text": "One two three four", "cut": 2})

    broken = list(client.responses.create(model="double", input="Hi", stream=True))[-1]

    assert (broken.type, broken.response.error.code) == ("response.failed", "server_error")
    assert broken.response.output[0].content[0].text.startswith("One")


def test_the_agent_goes_on_from_its_response(client):
    first = client.responses.create(
        model="youworker/double", instructions="Be kind.", input="[[tokens=0,text=One.]] first"
    )
    second = client.responses.create(
        model="youworker/double",
        instructions="Be kind.",
        input="[[tokens=0,text=Two.]] second",
        previous_response_id=first.id,
    )
    with pytest.raises(openai.BadRequestError) as nobodys:
        client.responses.create(model="double", input="Hi", previous_response_id="resp_0")

    assert (first.output_text, second.output_text) == ("One.", "Two.")
    assert first.model_extra["session_id"] == second.model_extra["session_id"]
    assert nobodys.value.param == "previous_response_id"
