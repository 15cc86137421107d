"""Images that OpenAI's clients send to the agent, as files of the question."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from chat.runs.pictures import is_picture
from chat.services import ReceivedFile
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IMAGES = 8
LARGEST_BYTES = 20_000_000
# What is asked with an image and no word.
IMAGES_ALONE = "(image)"
URL = re.compile(r"data:(image/[a-z0-9.+-]{1,60})(?:;[a-z0-9=._-]{1,60})*;base64,", re.I)


def images_of(message: Mapping[str, Any], *, attr: str) -> list[ReceivedFile]:
    """The images of a message; raises `InvalidInput` for what is none, too large or too many."""
    if not isinstance(message["content"], list):
        return []
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    if len(urls) > MOST_IMAGES:
        raise InvalidInput("A message has at most %(most)s images.", attr=attr, most=MOST_IMAGES)
    return [read_image(url, number, attr=attr) for number, url in enumerate(urls, 1)]


def read_image(url: str, number: int, *, attr: str) -> ReceivedFile:
    """The image in a `data:` URL; raises `InvalidInput`."""
    head = URL.match(url)
    if head is None:
        raise InvalidInput("An image is taken as a data: URL in base64 only.", attr=attr)
    if len(url) * 3 // 4 > LARGEST_BYTES:
        raise InvalidInput(
            "An image has at most %(most)s bytes.", attr=attr, most=f"{LARGEST_BYTES:,}"
        )
    try:
        data = base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error as error:
        raise InvalidInput("This is no image that can be read.", attr=attr) from error
    if not is_picture(data):
        raise InvalidInput("This is no image that can be read.", attr=attr)
    mime = head[1].lower()
    ending = re.sub(r"[^a-z0-9]", "", mime.removeprefix("image/").partition("+")[0])
    return ReceivedFile(f"image {number}.{ending}", mime, data)
