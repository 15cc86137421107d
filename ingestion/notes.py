"""What owners are told of a file that was read, in languages other than the one it is stored in."""

from __future__ import annotations

import re

from django.utils.translation import get_language, gettext

from ingestion.parsing.sentences import NOTES
from ingestion.reasons import REASONS, STORED_IN

# What a sentence varies in, as `str.format` names it, and how that looks: most are numbers.
PART = re.compile(r"\\{(\w+)\\}")
NAME = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\""""
LOOKS = {"name": NAME, "reason": r".+?\.", "label": r".+?"}
NUMBER = r"\S+?"
# Refusals that parsers word more closely than `REASONS` does, by the code they give them.
CLOSER = {
    "The file is damaged or was cut off.": "damaged_file",
    "The image is damaged or was cut off.": "damaged_file",
    "A part of the file is missing.": "damaged_file",
    "A part of the file is damaged.": "damaged_file",
    "The file declares entities, which are not read.": "damaged_file",
    "The tables of the file are nested too deeply.": "damaged_file",
    "This is not {label}, or it is damaged.": "damaged_file",
    "There are no files in this archive.": "empty_file",
    "The file has no pages.": "no_text",
    "No text was recognised in the image.": "no_text",
    "The file holds no text, and none was recognised in its images.": "no_text",
    "The file holds images and no text, and reading images is switched off (OCR_ENABLED).": (
        "no_text"
    ),
    "The PDF holds no text, and none was recognised in its images.": "no_text",
    "The PDF holds images and no text, and reading images is switched off (OCR_ENABLED).": (
        "no_text"
    ),
    "This is {label}, whose words cannot be read without a speech model (STT_MODEL_DIR).": (
        "no_speech_service"
    ),
    "The image has more points than can be read.": "too_large_inside",
    "There are more than {count} files in this file.": "too_many_inside",
    "This is an image, and reading images is switched off (OCR_ENABLED).": "unsupported_type",
    "This is a Microsoft file of a type that is not read.": "unsupported_type",
    "This file was packed by a method that is not known.": "unsupported_type",
    "This is {label}, which cannot be read.": "unsupported_type",
}


def pattern_of(sentence: str) -> re.Pattern[str]:
    """What finds a sentence among others, with what it varies in by name."""
    shape = PART.sub(
        lambda part: f"(?P<{part[1]}>{LOOKS.get(part[1], NUMBER)})", re.escape(sentence)
    )
    return re.compile(rf"(?<!\S){shape}(?!\S)", re.DOTALL)


SENTENCES = [(pattern_of(sentence), sentence) for sentence in NOTES]
DETAILS = [(pattern_of(sentence), code) for sentence, code in CLOSER.items()]


def note_of(note: str) -> str:
    """The stored sentences in the language in force; what none of ours is stays as it is."""
    if (get_language() or STORED_IN).startswith(STORED_IN):
        return note
    told, place = "", 0
    while found := first_sentence(note, place):
        match, sentence = found
        parts = match.groupdict()
        if "reason" in parts:
            parts["reason"] = detail_of(parts["reason"])
        told += note[place : match.start()] + gettext(sentence).format(**parts)
        place = match.end()
    return told + note[place:]


def first_sentence(note: str, place: int) -> tuple[re.Match[str], str] | None:
    """The first sentence of ours from a place on, and how it is worded."""
    found = [
        (match, sentence)
        for pattern, sentence in SENTENCES
        if (match := pattern.search(note, place))
    ]
    return min(found, key=lambda each: each[0].start(), default=None)


def detail_of(detail: str) -> str:
    """A refusal in the language in force, whose code was not stored with it."""
    code = next((code for pattern, code in DETAILS if pattern.fullmatch(detail)), "")
    return str(REASONS[code]) if code else gettext(detail)
