"""LangChain and LiteLLM, called as their users call them.

A program of an environment of its own, which knows nothing of the product but an address and a key.
It is told what to do by lines of JSON, and says what came of each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from pydantic import BaseModel

BASE_URL, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]


class Weather(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int


class LangChain:
    """What can be done with LangChain."""

    def __init__(self) -> None:
        import langchain_openai

        self.library = langchain_openai

    def model(self, name: str, key: str = KEY, **settings: Any) -> Any:
        """A model behind the product."""
        return self.library.ChatOpenAI(
            model=name, base_url=BASE_URL, api_key=key, max_retries=0, **settings
        )

    def answer(self, model: str, text: str, key: str = KEY) -> dict[str, Any]:
        """Ask once; the run is told by a header."""
        said = self.model(model, key, include_response_headers=True).invoke(text)
        return {
            "text": said.content,
            "tokens": said.usage_metadata["total_tokens"],
            "run": said.response_metadata["headers"].get("x-run-id"),
        }

    def stream(self, model: str, text: str) -> dict[str, Any]:
        """Ask for an answer in pieces, and for its tokens."""
        pieces = list(self.model(model, stream_usage=True).stream(text))
        whole = sum(pieces[1:], start=pieces[0])
        return {
            "text": whole.content,
            "pieces": sum(1 for piece in pieces if piece.content),
            "tokens": whole.usage_metadata["total_tokens"],
        }

    def respond(self, model: str, text: str) -> dict[str, Any]:
        """Ask for a response, whole and in pieces."""
        asked = self.model(model, use_responses_api=True)
        said = asked.invoke(text)
        pieces = list(asked.stream(text))
        return {
            "text": said.text,
            "streamed": sum(pieces[1:], start=pieces[0]).text,
            "links": [link for part in said.content for link in part["annotations"]],
            "tokens": said.usage_metadata["total_tokens"],
        }

    def call_tools(self, model: str, text: str) -> dict[str, Any]:
        """Let a model call a tool of ours, and go on with what it gave."""
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool

        @tool
        def get_weather(city: str) -> str:
            """Tell the weather of a city."""
            return f"sunny in {city}"

        bound = self.model(model).bind_tools([get_weather])
        first = bound.invoke([HumanMessage(text)])
        results = [get_weather.invoke(call) for call in first.tool_calls]
        last = bound.invoke([HumanMessage(text), first, *results])
        return {"calls": [call["args"] for call in first.tool_calls], "text": last.content}

    def structure(self, model: str, text: str) -> dict[str, Any]:
        """Ask for an object of a class."""
        found = self.model(model).with_structured_output(Weather).invoke(text)
        return dict(found)

    def embed(self, model: str, texts: list[str]) -> list[list[float]]:
        """Ask for vectors."""
        found = self.library.OpenAIEmbeddings(
            model=model, base_url=BASE_URL, api_key=KEY, check_embedding_ctx_length=False
        )
        return list(found.embed_documents(texts))

    def leave(self, model: str, text: str) -> str:
        """Read the beginning of an answer, and hang up."""
        stream = self.model(model).stream(text)
        begun = "".join(next(stream).content for _ in range(3))
        stream.close()
        return begun

    def ask_many(self, model: str, texts: list[str]) -> list[str]:
        """Ask everything at once."""

        async def ask() -> list[Any]:
            asked = self.model(model)
            return await asyncio.gather(*[asked.ainvoke(text) for text in texts])

        return [said.content for said in asyncio.run(ask())]


class LiteLLM:
    """What can be done with LiteLLM."""

    def __init__(self) -> None:
        # It asks for a list of prices when it is imported.
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm

        litellm.suppress_debug_info = True
        self.library = litellm

    def ask(self, model: str, messages: Any, key: str = KEY, **settings: Any) -> Any:
        """Ask for a completion."""
        return self.library.completion(**self.request(model, messages, key), **settings)

    def request(self, model: str, messages: Any, key: str = KEY) -> dict[str, Any]:
        """What each question has."""
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        return {
            "model": f"openai/{model}",
            "api_base": BASE_URL,
            "api_key": key,
            "messages": messages,
            "max_retries": 0,
        }

    def answer(self, model: str, text: str, key: str = KEY) -> dict[str, Any]:
        """Ask once."""
        said = self.ask(model, text, key)
        message = said.choices[0].message
        return {
            "text": message.content,
            "tokens": said.usage.total_tokens,
            "run": getattr(said, "run_id", None),
            "links": getattr(message, "annotations", None),
        }

    def stream(self, model: str, text: str) -> dict[str, Any]:
        """Ask for an answer in pieces, and for its tokens."""
        pieces = list(self.ask(model, text, stream=True, stream_options={"include_usage": True}))
        whole = self.library.stream_chunk_builder(pieces)
        return {
            "text": whole.choices[0].message.content,
            # The piece with the tokens has no choice.
            "pieces": sum(
                1 for piece in pieces if piece.choices and piece.choices[0].delta.content
            ),
            "tokens": whole.usage.total_tokens,
            "links": getattr(whole.choices[0].message, "annotations", None),
        }

    def respond(self, model: str, text: str) -> dict[str, Any]:
        """Ask for a response, whole and in pieces."""
        request = {**self.request(model, text), "input": text}
        del request["messages"]
        said = self.library.responses(**request)
        pieces = list(self.library.responses(**request, stream=True))
        deltas = [piece for piece in pieces if piece.type == "response.output_text.delta"]
        (part,) = said.output[-1].content
        return {
            "text": part.text,
            "streamed": "".join(piece.delta for piece in deltas),
            "links": [dict(link) for link in part.annotations],
            "tokens": said.usage.total_tokens,
        }

    def call_tools(self, model: str, text: str) -> dict[str, Any]:
        """Let a model call a tool of ours, and go on with what it gave."""
        parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": parameters}}
        talk: list[Any] = [{"role": "user", "content": text}]
        first = self.ask(model, talk, tools=[tool]).choices[0].message
        found = [json.loads(call.function.arguments) for call in first.tool_calls]
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": f"sunny in {arguments['city']}"}
            for call, arguments in zip(first.tool_calls, found, strict=True)
        ]
        last = self.ask(model, [*talk, first, *results], tools=[tool])
        return {"calls": found, "text": last.choices[0].message.content}

    def structure(self, model: str, text: str) -> dict[str, Any]:
        """Ask for an object of a class."""
        said = self.ask(model, text, response_format=Weather)
        return dict(Weather.model_validate_json(said.choices[0].message.content))

    def embed(self, model: str, texts: list[str]) -> list[list[float]]:
        """Ask for vectors."""
        found = self.library.embedding(
            model=f"openai/{model}", api_base=BASE_URL, api_key=KEY, input=texts
        )
        return [row["embedding"] for row in found.data]

    def leave(self, model: str, text: str) -> str:
        """Read the beginning of an answer, and hang up."""

        async def ask() -> str:
            stream = await self.library.acompletion(**self.request(model, text), stream=True)
            begun = [(await anext(stream)).choices[0].delta.content or "" for _ in range(3)]
            await stream.aclose()
            return "".join(begun)

        return asyncio.run(ask())

    def ask_many(self, model: str, texts: list[str]) -> list[str]:
        """Ask everything at once."""

        async def ask() -> list[Any]:
            asked = [self.library.acompletion(**self.request(model, text)) for text in texts]
            return await asyncio.gather(*asked)

        return [said.choices[0].message.content for said in asyncio.run(ask())]


def outcome_of(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """What came of one line; the library's own exception where it raised one."""
    try:
        return {"result": getattr(client, asked.pop("do"))(**asked)}
    except Exception as error:  # noqa: BLE001 -- told to the test
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"kinds": kinds, "code": getattr(error, "code", None), "message": str(error)}


def main() -> None:
    """Do what is asked for until nothing is."""
    client = {"langchain": LangChain, "litellm": LiteLLM}[sys.argv[1]]()
    # Libraries print things of their own.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(outcome_of(client, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
