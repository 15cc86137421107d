"""The whole product with model files: a folder with a good one and others that are of no use."""

from __future__ import annotations

import signal
import subprocess
import sys
from urllib.parse import quote

import httpx2
import openai
import psutil
import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import create_key, running_product
from youworker.tests.support.small_model import ONE_THREAD, small_model_path
from youworker.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

# So small a model may go on until its window is full, which takes minutes where cores are shared.
# How long the agent speaks is the operator's to say, not the client's.
LONGEST_ANSWER = 40
# Everything that an id may have, in one.
ODD = "org ü/small: 7b.Q4 100%"


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product with three files, of which one is a model."""
    folder = tmp_path_factory.mktemp("models")
    good = folder / f"{ODD}.gguf"
    good.parent.mkdir()
    good.symlink_to(small_model_path())
    (folder / "broken.gguf").write_text("nothing of the kind")
    settings = {
        "LLM_GGUF": str(folder / "later.gguf"),
        "LLM_GGUF_DIR": str(folder),
        "GGUF_CONTEXT_TOKENS": "2048",
        "GGUF_THREADS": ONE_THREAD,
        "LOG_LEVEL": "ERROR",
        "RUN_LEASE_SECONDS": "5",
        "LLM_MAX_OUTPUT_TOKENS": str(LONGEST_ANSWER),
    }
    with running_product(**settings) as running:
        yield running
        numbers = [process.pid for process in running.children("appliance.model_files")]
    # Three files, three processes, and none of them is left behind.
    assert len(numbers) == 3
    assert not any(psutil.pid_exists(number) for number in numbers)


@pytest.fixture
def client(product):
    with openai.OpenAI(
        base_url=f"{product.base_url}/v1", api_key=product.api_key, max_retries=0, timeout=90
    ) as made:
        yield made


@pytest.fixture
def health(product):
    key = create_key(product.environment, "admin")

    def read():
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx2.get(f"{product.base_url}/health/detailed", headers=headers, timeout=30)
        return answer.json()["model_files"]

    return read


def process_of(product):
    """The process of the good file; None while there is none that serves."""
    found = [each for each in product.children("appliance.model_files") if ODD in each.cmdline()]
    return found[0] if found else None


def examine(product):
    """What `manage.py doctor` ends with and prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--pause", "0"],
        cwd=BASE_DIR,
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def is_listed(client):
    return ODD in [model.id for model in client.models.list()]


def say(text):
    return [{"role": "user", "content": text}]


def test_a_file_answers_plainly_and_through_the_agent_under_its_odd_id(client, product):
    wait_until(lambda: is_listed(client))

    plain = client.chat.completions.create(model=ODD, messages=say("Hello"), max_tokens=8)
    stream = client.chat.completions.create(
        model=f"youworker/{ODD}",
        messages=say("Say hello."),
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces = list(stream)

    assert plain.usage.completion_tokens == 8
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text.strip()
    assert 0 < pieces[-1].usage.completion_tokens <= LONGEST_ANSWER
    assert client.models.retrieve(f"youworker/{ODD}").id == f"youworker/{ODD}"
    listed = httpx2.get(
        f"{product.base_url}/v1/models/{quote(ODD)}",
        headers={"Authorization": f"Bearer {product.api_key}"},
    )
    assert listed.json()["id"] == ODD


def test_files_of_no_use_are_named_and_keep_nothing_from_starting(client, health, product):
    wait_until(lambda: is_listed(client))

    found = health()
    told = {file["model"]: file for file in found["files"]}

    assert found["status"] == "failed"
    assert told["later"]["reason"].endswith("later.gguf is missing")
    assert "is not a model file (GGUF)" in told["broken"]["reason"]
    code, printed = examine(product)
    assert code == 1
    assert f"{ODD}  serving, " in printed
    assert "broken  waiting, " in printed
    good = told[ODD]
    assert (good["status"], good["reason"], good["context_tokens"]) == ("serving", "", 2048)
    assert good["memory_bytes"] > 50_000_000


def test_a_killed_model_comes_back_and_answers_again(client, product):
    wait_until(lambda: is_listed(client))
    before = process_of(product)

    before.send_signal(signal.SIGKILL)
    wait_until(lambda: (found := process_of(product)) and found.pid != before.pid)
    again = wait_until(
        lambda: client.chat.completions.create(model=ODD, messages=say("Hello"), max_tokens=4),
        despite=(openai.APIError,),
    )

    assert again.choices[0].message.content
