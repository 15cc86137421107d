"""Images as models and lists are shown them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from chat.llm import capabilities
from chat.llm.capabilities import sees_images
from chat.llm.endpoints import KnownModel
from chat.llm.openai.model import OpenAICompatibleModel
from chat.runs.pictures import is_picture, redrawn
from chat.tests.pictures import photograph, picture_of_text
from youworker.core.config import config
from youworker.upstream.endpoint import Endpoint


def drawn(tmp_path, data, side=200, mime="image/png"):
    path = tmp_path / "original"
    path.write_bytes(data)
    found = redrawn(path, mime, side)
    return None if found is None else Image.open(io.BytesIO(found))


def saved(image, form, **options):
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def test_an_image_is_upright_small_and_bare(tmp_path):
    image = drawn(tmp_path, photograph((400, 200), orientation=6))

    assert (image.format, image.size) == ("JPEG", (100, 200))
    assert not image.getexif()
    # The blue half was on the left, which is the top of an image turned clockwise.
    top, bottom = image.getpixel((50, 20)), image.getpixel((50, 180))
    assert top[2] > top[0]
    assert bottom[0] > bottom[2]


def test_small_images_are_not_blown_up(tmp_path):
    assert drawn(tmp_path, picture_of_text("zebra"), side=4000).size == (1400, 220)


def test_what_is_transparent_is_white(tmp_path):
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))

    assert drawn(tmp_path, saved(clear, "PNG")).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_each_format_is_read(tmp_path, form):
    assert drawn(tmp_path, saved(Image.new("RGB", (60, 40), "red"), form)).size == (60, 40)


def test_photographs_of_telephones_are_read(tmp_path):
    data = Path(__file__).parents[2] / "ingestion/tests/data/photo.heic"

    image = drawn(tmp_path, data.read_bytes(), mime="image/heic")

    assert image.format == "JPEG"
    assert max(image.size) == 200


def test_the_first_picture_of_a_moving_one_is_shown(tmp_path):
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    red, _, blue = drawn(tmp_path, moving).getpixel((20, 20))
    assert red > blue


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no image",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture_of_text("zebra")[:200],
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_what_is_none_or_damaged_is_not_shown(tmp_path, data):
    assert drawn(tmp_path, data) is None


def test_too_many_points_are_not_unpacked(tmp_path):
    bomb = saved(Image.new("1", (20_000, 4_000)), "PNG")

    assert len(bomb) < 100_000
    assert drawn(tmp_path, bomb) is None


def test_only_the_head_tells_what_is_a_picture():
    assert is_picture(picture_of_text("zebra")[:200])
    assert not is_picture(b"no image")


def model_named(name):
    return OpenAICompatibleModel(name, Endpoint("http://models.example/v1"), config.retry)


SEEING = ["llava:7b", "qwen2.5vl:7b", "Qwen/Qwen2-VL-7B-Instruct", "gemma3:4b", "gpt-4o-mini"]
SEEING += ["pixtral-12b", "llama3.2-vision:11b", "minicpm-v", "mistral-small3.1:24b", "moondream"]
BLIND = ["quote", "qwen3:8b", "llama3.1:8b", "gemma3:1b", "mistral:7b", "deepseek-r1", "gpt-3.5"]
BLIND += ["/models/SmolLM2-135M-Instruct.gguf", "phi3:mini", "", "overlord-7b"]


@pytest.mark.parametrize("name", SEEING)
def test_models_that_see_are_known(name):
    assert sees_images(model_named(name))


@pytest.mark.parametrize("name", BLIND)
def test_others_are_not_shown_images(name):
    assert not sees_images(model_named(name))


@pytest.mark.parametrize(
    ("words", "name", "sees"),
    [
        (("own-model",), "Own-Model:latest", True),
        (("own-model",), "other", False),
        (("*",), "anything", True),
        (("none",), "llava", False),
    ],
)
def test_the_operators_word_counts(configured, words, name, sees):
    configured("llm", vision_models=words)

    assert sees_images(model_named(name)) is sees


@pytest.mark.parametrize("found", [True, False])
def test_what_a_model_was_seen_to_do_counts_more_than_its_name(monkeypatch, configured, found):
    tried = KnownModel(context_tokens=None, tools=None, vision=found)
    monkeypatch.setattr(capabilities, "known_model", lambda endpoint, name: tried)

    assert sees_images(model_named("llava" if not found else "own-model")) is found

    configured("llm", vision_models=("none",))
    assert not sees_images(model_named("own-model"))
