import marshal

import pytest

from ingestion.parsing.types import ParseFailed
from ingestion.reasons import REASONS
from ingestion.tests import samples
from ingestion.tests.packing import zipped

LOCK = '<CipherReference URI="c1.xhtml"/>'
PROGRAM = compile("x = 'zebra'", "a.py", "exec")


def refusal(read, content, name):
    with pytest.raises(ParseFailed) as caught:
        read(content, name)
    assert caught.value.code in REASONS
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setup.exe", b"MZ" + bytes(5000), "program"),
        ("setup", b"MZ\x90\x00" + b"words in it " * 50, "program"),
        ("a.txt", b"\x7fELF" + bytes(200), "program"),
        ("a.pyc", b"\xa7\r\r\n" + bytes(12) + marshal.dumps(PROGRAM), ""),
        ("a.class", b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + b"java/lang/Object" * 40, "program"),
        ("a.ttf", b"\x00\x01\x00\x00\x00\x0f" + b"glyf names " * 90, "font"),
        ("a.woff2", b"wOF2" + b"letters" * 90, "font"),
        ("a.db", b"SQLite format 3\x00" + b"words " * 90, "database"),
        ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB\x00" + b"words " * 90, "database"),
        ("link.bin", b"\x4c\x00\x00\x00\x01\x14\x02\x00" + b"C:\\a.txt" * 9, "shortcut"),
        ("a.deb", b"!<arch>\ndebian-binary   " + b"2.0\n" * 90, "package"),
        ("a.docx", bytes(range(256)) * 40, "Word"),
    ],
)
def test_what_is_no_text_is_told(read, name, content, said):
    found = refusal(read, content, name)

    assert found.code in {"unsupported_type", "damaged_file"}
    assert said in found.detail


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("report.pdf.crdownload", b"%PDF-1.4 and more", "incomplete_file"),
        ("report.docx.part", b"PK\x03\x04", "incomplete_file"),
        (".report.pdf.icloud", b"bplist00 words", "placeholder_file"),
        ("Plan.gdoc", b'{"url": "https://docs.google.com/x"}', "placeholder_file"),
        ("~$report.docx", b"\x05Smith" + b" " * 50, "lock_file"),
        (".~lock.report.odt#", b",smith,desk,01.01.2026 10:00;", "lock_file"),
        ("a.asc", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", "encrypted_file"),
        ("a.enc", b"Salted__" + b"abcdefgh" * 20, "encrypted_file"),
        ("plans.rar", b"Rar!\x1a\x07\x01\x00" + b"\x33\x92\xb5\xe5" * 50, "rar_archive"),
        ("plans.zip", b"Rar!\x1a\x07\x00" + b"\xcf\x90\x73\x00" * 50, "rar_archive"),
        ("a.one", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(900), "needs_export"),
        ("a.djvu", b"AT&TFORM\x00\x00\x10\x00DJVUINFO" + bytes(range(256)), "needs_export"),
        ("manual.chm", b"ITSF\x03\x00\x00\x00\x60" + bytes(900), "needs_export"),
        ("archive.pst", b"!BDN\x4e\x6f\x3f\x2aSM\x17\x00" + bytes(900), "outlook_data"),
        ("novel.azw3", b"A_novel".ljust(60, b"\x00") + b"BOOKMOBI" + bytes(900), "kindle_book"),
        ("novel.prc", b"A_novel".ljust(60, b"\x00") + b"TEXtREAd" + bytes(900), "kindle_book"),
        ("a.pages", zipped({"Index/Document.iwa": b"x"}), "needs_export"),
        ("a.xps", zipped({"[Content_Types].xml": b"", "FixedDocSeq.fdseq": b""}), "needs_export"),
        ("a.epub", samples.epub(lock=LOCK), "encrypted_file"),
        ("a.txt", b"", "empty_file"),
        ("a.txt", b" \n\t \r\n", "empty_file"),
        ("a.txt", b"\xef\xbb\xbf \n", "no_text"),
        ("a.txt", "\u00a0\u2003\n".encode(), "no_text"),
        ("a.md", b"\xff\xfe\n\x00", "no_text"),
    ],
)
def test_why_there_is_nothing_to_read_is_told(read, name, content, code):
    assert refusal(read, content, name).code == code


@pytest.mark.parametrize("content", [b"!BDN" + bytes(100), bytes(60) + b"BOOKMOBI" + bytes(100)])
def test_who_sends_what_others_can_convert_is_told_how(read, content):
    found = refusal(read, content, "a.bin")

    assert str(REASONS[found.code]) == found.detail


def test_who_sends_a_rar_archive_is_told_what_helps(read):
    found = refusal(read, b"Rar!\x1a\x07\x01\x00" + bytes(100), "plans.rar")

    assert "RAR" in found.detail
    assert "ZIP or 7z" in found.detail
    # The sentence that is translated is the one that is stored.
    assert str(REASONS[found.code]) == found.detail


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"Rar! said the bear, and again."),
        ("a.txt", b"ITSF is how help files of Windows begin."),
        ("a.txt", b"BOOKMOBI and TEXtREAd are signs of old e-books."),
        ("a.txt", b"MZ is short for Mark Zbikowski."),
        ("notes.txt", b"My ftyp notes about OTTO and wOFF."),
        ("part.txt", b"A part of it."),
        ("a.txt", "Grüße".encode("utf-16")),
        ("a.txt", b"one" + bytes(20) + b" two three four five six seven eight nine"),
    ],
)
def test_texts_that_look_a_little_like_it_are_read(read, name, content):
    assert read(content, name).passages
