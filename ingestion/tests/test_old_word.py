"""Word files from before 2007: those of LibreOffice, and one that is put together here."""

import struct

import pytest

from ingestion.parsing.office.old_word import OldStory
from ingestion.parsing.office.old_word_file import PARAGRAPHS, PIECES, STYLES, Parts
from ingestion.parsing.office.writing import Writer
from ingestion.parsing.types import ParseFailed

IN_TABLE, ENDS_ROW = b"\x16\x24\x01", b"\x17\x24\x01"
INNER = b"\x49\x66\x02\0\0\0"
INNER_CELL, INNER_ROW = INNER + b"\x4b\x24\x01", INNER + b"\x4c\x24\x01"
DELETED, HIDDEN = b"\x00\x08\x01", b"\x3c\x08\x01"
CHARACTERS = 12
TEXT_AT, PAGE = 2048, 512


def row_end(*cells):
    """The end of a row whose cells are `-` or continue the one above, `^`."""
    edges = struct.pack(f"<{len(cells) + 1}h", *range(0, 100 * (len(cells) + 1), 100))
    bodies = b"".join(struct.pack("<H18x", (cell == "^") << 5) for cell in cells)
    definition = bytes([len(cells)]) + edges + bodies
    return IN_TABLE + ENDS_ROW + b"\x08\xd6" + struct.pack("<H", len(definition) + 1) + definition


def page_of(runs, make_entry, step):
    """A page of formats: bounds, where each entry stands, and the entries from its end."""
    page, end, places = bytearray(PAGE), PAGE - 2, []
    for _, _, properties in runs:
        entry = make_entry(properties)
        end = (end - len(entry)) & ~1
        page[end : end + len(entry)] = entry
        places.append(end // 2)
    bounds = [TEXT_AT + 2 * start for start, _, _ in runs] + [TEXT_AT + 2 * runs[-1][1]]
    struct.pack_into(f"<{len(bounds)}I", page, 0, *bounds)
    for number, place in enumerate(places):
        page[4 * len(bounds) + step * number] = place
    page[-1] = len(runs)
    return bytes(page)


def paragraph_entry(properties):
    return bytes([0, (len(properties) + 3) // 2]) + struct.pack("<H", 0) + properties + b"\0"


def written(paragraphs, marks=()):
    """The text of a file with these paragraphs and runs of characters."""
    text = "".join(paragraph for paragraph, _ in paragraphs)
    size, runs, at = len(text.encode("utf-16-le")) // 2, [], 0
    for paragraph, properties in paragraphs:
        runs.append((at, at + len(paragraph.encode("utf-16-le")) // 2, properties))
        at = runs[-1][1]
    main = bytearray(TEXT_AT) + text.encode("utf-16-le")
    main += bytes(-len(main) % PAGE)
    parts = {
        PIECES: b"\x02" + struct.pack("<IIIHIH", 16, 0, size, 0, TEXT_AT, 0),
        PARAGRAPHS: struct.pack("<III", 0, 0, len(main) // PAGE),
        STYLES: b"",
    }
    main += page_of(runs, paragraph_entry, 13)
    if marks:
        parts[CHARACTERS] = struct.pack("<III", 0, 0, len(main) // PAGE)
        main += page_of(marks, lambda properties: bytes([len(properties)]) + properties, 1)
    table = b"".join(parts.values())
    struct.pack_into("<H", main, 32, 14)
    struct.pack_into("<H", main, 62, 22)
    struct.pack_into("<i", main, 64 + 12, size)
    at = 0
    for number, part in parts.items():
        struct.pack_into("<II", main, 64 + 88 + 2 + 8 * number, at, len(part))
        at += len(part)
    writer = Writer()
    OldStory(Parts(bytes(main), table).whole(""), writer).write()
    return writer.extract("").text


def test_headings_and_rows_of_tables_stay(read, data):
    text = read((data / "report.doc").read_bytes(), "report.doc").text

    assert "# Prüfbericht der Kälteanlage\n\n" in text
    assert text.endswith(
        "| Größe | Stück | Preis in € |\n"
        "| Dichtungsringe, übergroß | 12 | 48,50 |\n"
        "| Schlüssel | 3 | 7,20 |"
    )


def test_notes_comments_boxes_and_running_heads_are_read_and_what_was_deleted_is_not(read, data):
    parsed = read((data / "contract.doc").read_bytes(), "contract.doc")

    assert parsed.title == "Contract & annex"
    assert [passage.heading for passage in parsed.passages] == ["Scope & terms"]
    assert parsed.text.startswith("# Scope & terms\n\nName:\tAda")
    assert (
        "Kept and inserted text[^1], and an end[^i].\n\n[^1]: The foot & note.\n"
        "[^i]: The end note.\n[Comment, Bob: Is this true?]\n\nSeen  again."
    ) in parsed.text
    assert "## List\n\n1. first\n  a) below\n2. second\n- point\n\n" in parsed.text
    assert "| merged |\n| a > b | two lines |" in parsed.text
    assert parsed.text.endswith("In a box\n\nRunning head R&D\nPage 1 of Acme")


def test_merged_cells_stand_in_each_row_and_inner_tables_are_lines_of_their_cell():
    text = written(
        [
            ("Preise 𝄞 für\r", b""),
            ("Süd\x07", IN_TABLE),
            ("1,5\x07", IN_TABLE),
            ("\x07", row_end("-", "-")),
            ("\x07", IN_TABLE),
            ("von\r", IN_TABLE),
            ("a\r", INNER_CELL),
            ("b\r", INNER_CELL),
            ("\r", INNER_ROW),
            ("bis\x07", IN_TABLE),
            ("\x07", row_end("^", "-")),
            ("Ende", b""),
        ]
    )

    assert text == "Preise 𝄞 für\n\n| Süd | 1,5 |\n| Süd | von a | b bis |\n\nEnde"


def test_fields_show_their_results_over_several_paragraphs():
    text = written(
        [
            ('\x13TOC \\o "1-3" \x14\x13 PAGEREF _1 \\h \x14Umfang\t3\x15\r', b""),
            ("Laufzeit\t4\r", b""),
            ("\x15Am \x13 DATE \\@ d.M.yyyy \x141.2.2003\x15 und \x13 XE begriff \x15hier\r", b""),
            ("\x13 never closed\r", b""),
            ("after it\r", b""),
        ]
    )

    assert text.split("\n\n") == ["Umfang\t3", "Laufzeit\t4", "Am 1.2.2003 und hier", "after it"]


def test_deleted_and_hidden_words_are_left_out():
    text = written(
        [("Alt neu geheim Ende\r", b"")],
        marks=[(0, 4, DELETED), (4, 8, b""), (8, 15, HIDDEN), (15, 20, b"")],
    )

    assert text == "neu Ende"


# Of Word 97 and later, and of Word 95.
@pytest.mark.parametrize("beginning", [b"\xec\xa5\x01\x01", b"\xdc\xa5\x68\x00"])
def test_a_file_with_a_password_says_so(read, data, beginning):
    content = bytearray((data / "report.doc").read_bytes())
    start = content.index(b"\xec\xa5\x01\x01")
    content[start : start + 4] = beginning
    content[start + 11] |= 0x01

    with pytest.raises(ParseFailed) as caught:
        read(bytes(content), "report.doc")

    assert caught.value.code == "encrypted_file"


@pytest.mark.parametrize(
    ("token", "code"),
    [(b"\xdf\xc4\xd1\xf3", "encrypted_file"), (b"\x5f\xc0\x91\xe3", "no_text")],
)
def test_slides_with_a_password_say_so(read, data, token, code):
    content = (data / "report.doc").read_bytes()
    start = content.index(b"\xec\xa5\x01\x01")
    head = b"\0\0\xf6\x0f\x30\0\0\0\x14\0\0\0" + token
    content = content[:start] + head + content[start + len(head) :]
    for old, new in (("WordDocument", "Current User"), ("1Table", "PowerPoint Document")):
        content = content.replace(entry(old), entry(new))

    with pytest.raises(ParseFailed) as caught:
        read(content, "report.ppt")

    assert caught.value.code == code


def entry(name):
    """The name of a stream in the directory of its container, with its length."""
    stored = f"{name}\0".encode("utf-16-le")
    return stored.ljust(64, b"\0") + struct.pack("<H", len(stored))
