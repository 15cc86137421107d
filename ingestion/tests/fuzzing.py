"""Damaged files, made of whole ones of every format; the same seed makes the same ones."""

import random
from pathlib import Path

from ingestion.tests import packing, samples

INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0xFF)
MOST_EDITS = 24
DATA = Path(__file__).parent / "data"


def whole_files():
    """Every format by name: made on the spot, made by other programs, and packed."""
    files = {name: make() for name, make in samples.EVERY.items()}
    files |= {path.name: path.read_bytes() for path in sorted(DATA.iterdir()) if path.suffix}
    texts = {"a.txt": files["plain.txt"], "in/b.html": files["page.html"]}
    return files | {
        "a.zip": packing.zipped({**texts, "c.zip": packing.zipped(texts)}),
        "a.7z": packing.seven_zipped(texts),
        "a.tar": packing.tarred(texts, links=["l"]),
        **{f"a.tar.{end}": pack(packing.tarred(texts)) for end, pack in packing.COMPRESS.items()},
        "mail-with.eml": packing.message(files=texts),
        "in.mbox": packing.mailbox(packing.message("One", texts), packing.message("Two")),
    }


def damaged(number, files):
    """The name and the content of the damaged file of a number."""
    chance = random.Random(number)
    name = chance.choice(sorted(files))
    data = bytearray(files[name])
    for _ in range(chance.randint(1, MOST_EDITS)):
        chance.choice(EDITS)(data, chance, files)
    # Now and then under a name that promises another format.
    shown = chance.choice(sorted(files)) if chance.random() < 0.1 else name
    return shown, bytes(data)


def flip(data, chance, files):
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data, chance, files):
    if data:
        data[chance.randrange(len(data))] = chance.choice(INTERESTING)


def cut(data, chance, files):
    if chance.random() < 0.2:
        del data[chance.randint(0, len(data)) :]


def remove(data, chance, files):
    at = chance.randint(0, len(data))
    del data[at : at + chance.randint(1, 64)]


def repeat(data, chance, files):
    at = chance.randint(0, len(data))
    piece = data[at : at + chance.randint(1, 256)]
    data[at:at] = piece * chance.choice((1, 2, 200))


def mix(data, chance, files):
    other = files[chance.choice(sorted(files))]
    at, start = chance.randint(0, len(data)), chance.randint(0, len(other))
    data[at:at] = other[start : start + chance.randint(1, 512)]


EDITS = (flip, flip, overwrite, overwrite, cut, remove, repeat, mix)
