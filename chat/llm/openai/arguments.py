"""The arguments of a call, as models and their servers write them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from chat.agent.sentences import NO_JSON, NO_OBJECT, TOO_DEEP

if TYPE_CHECKING:
    from collections.abc import Sequence

FENCE = "```"
LANGUAGE = re.compile(r"[A-Za-z_]{0,20}")
# Behind an object that is whole, these are remains of a template.
REMAIN = re.compile(r"\s|\}|;|```|</?[a-z_:]{1,40}>|<[|\uff5c][^<>|\uff5c]{1,60}[|\uff5c]>", re.I)
LENIENT = json.JSONDecoder(strict=False)
NOTHING = ("", "null", "None", "[]")


def read_arguments(pieces: Sequence[str], whole: Any) -> tuple[dict[str, Any], str]:
    """The arguments of a call, and why they could not be read.

    They came as pieces of text, or as a value.
    """
    value, text = whole, "".join(pieces)
    if text.strip():
        try:
            value = decoded(text)
        except ValueError as error:
            # Some servers send everything again at the end, or with each piece.
            value = last_object(pieces)
            if value is None:
                return {}, NO_JSON % {"reason": error}
    if value is None or value in ("", []):
        value = {}
    if not isinstance(value, dict):
        return {}, NO_OBJECT
    try:
        orjson.dumps(value)
    except TypeError:
        # Less deep than what can be read: it goes to the tool, the log and back to the model.
        return {}, TOO_DEEP
    return value, ""


def last_object(pieces: Sequence[str]) -> dict[str, Any] | None:
    """The object that the last piece is all by itself, if it follows others."""
    if len(pieces) < 2 or not pieces[-1].lstrip().startswith("{"):  # noqa: PLR2004 -- a pair
        return None
    try:
        value = decoded(pieces[-1])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def decoded(text: str) -> Any:
    """The value of a text, also when it was fenced, or encoded twice; raises `ValueError`."""
    text = text.strip()
    if text.startswith(FENCE):
        text = LANGUAGE.sub("", text[len(FENCE) :], count=1).removesuffix(FENCE)
    if text.strip() in NOTHING:
        return {}
    value = decoded_once(text)
    if isinstance(value, str):
        return {} if value.strip() in NOTHING else decoded_once(value)
    return value


def decoded_once(text: str) -> Any:
    """The value of a text; line feeds in strings and remains behind it are forgiven."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        begin = len(text) - len(text.lstrip())
        if not text.startswith("{", begin):
            raise
        try:
            value, end = LENIENT.raw_decode(text, begin)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        while remain := REMAIN.match(text, end):
            end = remain.end()
        if end < len(text):
            raise
        return value
