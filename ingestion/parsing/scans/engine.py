"""The recognition of letters: Tesseract, with models that stand beside this module."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.parsing.letters import Box, Word
from ingestion.parsing.scans.composing import compose_lines
from ingestion.parsing.scans.lines import Line
from ingestion.parsing.scans.paragraphs import usual_size
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

MODELS = Path(__file__).parent / "models"
# Percent. Drawings and dirt that are taken for letters are below; hardly legible print is above.
LEAST_CONFIDENCE = 55
# A picture whose best lines are no surer holds no text.
LEAST_OF_ALL = 65
NO_MODEL = "ocr_without_model"
# What the lines of tables are taken for.
RULES = " \t\n|"


@dataclass(slots=True)
class Reading:
    """What was recognised in a picture; confidence in percent, by letters.

    `size` is the height of most small letters, in points of the picture.
    """

    text: str = ""
    letters: int = 0
    confidence: float = 0.0
    is_upright: bool = True
    words: list[Word] = field(default_factory=list)
    size: float = 0.0

    @property
    def worth(self) -> float:
        """How much was recognised, and how surely."""
        return self.letters * self.confidence


def recognise(picture: Image, *, languages: str, models: str, seconds: float) -> Reading:
    """The text of a gray, upright picture; nothing when there is none or the time is up."""
    import tesserocr  # noqa: PLC0415 -- 30 MB that most files do not need

    api = opened(models or str(MODELS), languages)
    width, height = picture.size
    # The engine keeps the address only.
    pixels = picture.tobytes()
    try:
        api.SetImageBytes(pixels, width, height, 1, width)
        api.SetSourceResolution(300)
        if not api.Recognize(max(1, int(seconds * 1000))):
            return Reading()
        return reading_of(
            lines_of(api.GetIterator(), tesserocr.RIL),
            picture.size,
            is_upright=is_upright(api.GetIterator(), tesserocr),
        )
    finally:
        api.Clear()
        api.ClearAdaptiveClassifier()


@functools.lru_cache(maxsize=1)
def opened(models: str, languages: str) -> Any:
    """The engine with its models loaded; raises `ParseFailed` when there is no such model."""
    import tesserocr  # noqa: PLC0415 -- see above

    names = languages.split("+")
    if any(not Path(models, f"{name}.traineddata").is_file() for name in names):
        raise ParseFailed(NO_MODEL, "There is no model for a language of OCR_LANGUAGES.")
    return tesserocr.PyTessBaseAPI(path=models, lang=languages, psm=tesserocr.PSM.AUTO)


def lines_of(words: Any, level: Any) -> Iterator[Line]:
    """The recognised lines in reading order."""
    if words is None:
        return
    block, line = 0, Line(0, 0.0, 0.0)
    while True:
        block += words.IsAtBeginningOf(level.BLOCK)
        if words.IsAtBeginningOf(level.TEXTLINE):
            yield line
            line = begun_line(words, level, block)
        # A picture in between is a word without text.
        if not words.Empty(level.WORD) and (text := words.GetUTF8Text(level.WORD).strip(RULES)):
            letters = sum(map(str.isalnum, text))
            line.words.append(text)
            line.boxes.append(Box(*(words.BoundingBox(level.WORD) or (0, 0, 0, 0))))
            line.letters += letters
            line.doubt += letters * (100 - words.Confidence(level.WORD))
        if not words.Next(level.WORD):
            break
    yield line


def begun_line(words: Any, level: Any, block: int) -> Line:
    """A line without words, and how it stands."""
    (_, start), (_, end) = words.Baseline(level.TEXTLINE) or ((0, 0), (0, 0))
    row = words.RowAttributes()
    # Descenders are below zero.
    size = row["row_height"] + row["descenders"] - row["ascenders"]
    return Line(block, (start + end) / 2, max(1.0, size))


def reading_of(lines: Iterator[Line], size: tuple[int, int], *, is_upright: bool) -> Reading:
    """The lines that are text, as one; `size` is that of the picture."""
    kept = [line for line in lines if line.confidence >= LEAST_CONFIDENCE]
    letters = sum(line.letters for line in kept)
    if not letters:
        return Reading(is_upright=is_upright)
    confidence = 100 - sum(line.doubt for line in kept) / letters
    if confidence < LEAST_OF_ALL:
        return Reading(is_upright=is_upright)
    text, words = compose_lines(kept, size)
    return Reading(text, letters, confidence, is_upright, words, usual_size(kept))


def is_upright(blocks: Any, tesserocr: Any) -> bool:
    """Whether the lines run from left to right; sideways the engine loses accents."""
    if blocks is None:
        return True
    upright = sideways = 0
    while True:
        box = blocks.BoundingBox(tesserocr.RIL.BLOCK)
        if box and not blocks.Empty(tesserocr.RIL.BLOCK):
            area = (box[2] - box[0]) * (box[3] - box[1])
            if blocks.Orientation()[0] == tesserocr.Orientation.PAGE_UP:
                upright += area
            else:
                sideways += area
        if not blocks.Next(tesserocr.RIL.BLOCK):
            return upright >= sideways
