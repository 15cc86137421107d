"""Texts of many languages in the encodings people wrote them in."""

# ruff: noqa: RUF001 -- letters of other alphabets are what this is about

import pytest

from ingestion.parsing.codepages import codec_of
from ingestion.parsing.declared import declared_by_page, declared_by_text
from ingestion.parsing.decoding import decode
from ingestion.parsing.reading import parse_file

GERMAN = "Die Größenordnung der Überweisung ist für alle Beteiligten geändert worden."
FRENCH = "L'été dernier, nous avons reçu une déclaration très intéressante à Orléans."
POLISH = "Zażółć gęślą jaźń. Proszę wybrać właściwą opcję płatności na następnej stronie."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy a všichni ho přitom slyšeli."
HUNGARIAN = "Árvíztűrő tükörfúrógép. Kérjük, adja meg a szállítás időpontját."
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю."
UKRAINIAN = "Щастям б'єш жук їх глицю в фон й ґедзь пріч, українською мовою."
GREEK = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία και ζητώ τη βοήθειά σας."
TURKISH = "Pijamalı hasta yağız şoföre çabucak güvendi, işlem başarıyla tamamlandı."
HEBREW = "דג סקרן שט בים מאוכזב ולפתע מצא חברה נחמדה."
ARABIC = "صف خلق خود كمثل الشمس إذ بزغت يحظى الضجيع بها نجلاء معطار."
LITHUANIAN = "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą."
THAI = "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน"
CHINESE = "请重新启动服务器，然后检查配置文件是否正确。"
TAIWANESE = "請重新啟動伺服器，然後檢查設定檔是否正確。"
JAPANESE = "日本語のファイルです。サーバーを再起動してください。"
KOREAN = "서버를 다시 시작한 후 설정 파일이 올바른지 확인하십시오."

WRITTEN = [
    *((GERMAN, name) for name in ("cp1252", "iso8859-15", "mac-roman", "cp850")),
    *((FRENCH, name) for name in ("cp1252", "mac-roman")),
    *((POLISH, name) for name in ("cp1250", "iso8859-2", "cp852")),
    *((CZECH, name) for name in ("cp1250", "iso8859-2")),
    *((HUNGARIAN, name) for name in ("cp1250", "iso8859-2")),
    *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")),
    *((UKRAINIAN, name) for name in ("cp1251", "koi8-u")),
    *((GREEK, name) for name in ("cp1253", "iso8859-7")),
    *((TURKISH, name) for name in ("cp1254", "iso8859-9")),
    *((HEBREW, name) for name in ("cp1255", "iso8859-8")),
    *((ARABIC, name) for name in ("cp1256", "iso8859-6")),
    (LITHUANIAN, "cp1257"),
    (THAI, "cp874"),
    *((CHINESE, name) for name in ("gb18030", "gb2312", "hz")),
    (TAIWANESE, "big5"),
    *((JAPANESE, name) for name in ("cp932", "euc_jp", "iso2022_jp")),
    *((KOREAN, name) for name in ("cp949", "euc_kr", "iso2022_kr")),
]
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le")
LANGUAGES = [GERMAN, RUSSIAN, GREEK, ARABIC, THAI, CHINESE, JAPANESE, KOREAN]


@pytest.fixture
def parse(tmp_path):
    def run(name, data):
        path = tmp_path / "content"
        path.write_bytes(data)
        return parse_file(path, "", name=name)

    return run


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.md", "a.py", "a.srt"])
def test_old_encodings_are_recognised(parse, text, encoding, name):
    parsed = parse(name, text.encode(encoding))

    assert parsed.text == text


@pytest.mark.parametrize("text", LANGUAGES)
@pytest.mark.parametrize("encoding", UNICODE)
def test_unicode_is_recognised_with_and_without_a_mark(parse, text, encoding):
    parsed = parse("a.txt", f"{text}\n{text}".encode(encoding))

    assert parsed.text == f"{text}\n{text}"
    assert not parsed.notes


@pytest.mark.parametrize(
    "phrase",
    ["Größe", "Müller", "café", "Perché no?", "Il file è vuoto", "naïve", "50 €", "£10", "20 °C"],
)
def test_short_western_texts_are_western(phrase):
    assert decode(phrase.encode("cp1252")).text == phrase


@pytest.mark.parametrize(
    "data", [b"It\x92s \x93fine\x94\x85", b"\xa7 5 Abs. 2", b"\x95 one\n\x95 two", b"a \x96 b"]
)
def test_quotes_and_dashes_of_windows_are_no_letters(data):
    assert decode(data).text == data.decode("cp1252")


@pytest.mark.parametrize("text", ["中文测试文件。", "日本語テスト", "한국어 시험"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_one_line_of_wide_characters_needs_no_zeros(text, encoding):
    assert decode((text * 2).encode(encoding)).text == text * 2


@pytest.mark.parametrize(
    ("data", "text", "damaged"),
    [
        ("Größenordnung".encode() + b"\xff.", "Größenordnung\ufffd.", 1),
        (b"\x80" + "Größe für Übung".encode(), "\ufffdGröße für Übung", 1),
        (GERMAN.encode()[:-1] + b"\xc3", GERMAN[:-1] + "\ufffd", 1),
        (CHINESE.encode() + b"\xe4\xb8", CHINESE + "\ufffd", 1),
        ("\ufffd war schon da: ü".encode(), "\ufffd war schon da: ü", 0),
        (b"\xef\xbb\xbf" + "ü".encode() + b"\xe4", "ü\ufffd", 1),
    ],
)
def test_only_damaged_bytes_are_lost(data, text, damaged):
    found = decode(data)

    assert (found.text, found.damaged, found.is_guess) == (text, damaged, False)


def test_a_stray_byte_anywhere_in_a_long_text_loses_itself_alone():
    data = ("Lärm " * 50_000).encode()

    found = decode(data[:100_002] + b"\xfc" + data[100_002:])

    assert found.text.replace("\ufffd", "") == "Lärm " * 50_000
    assert found.notes == ["1 character is damaged and could not be read."]


def test_the_only_foreign_letters_may_be_far_behind():
    lines = b"plain ascii line\n" * 100_000

    assert decode(lines + RUSSIAN.encode("cp1251")).text.endswith(RUSSIAN)
    assert decode(b"x" * 500_000 + b" " + RUSSIAN.encode("cp1251")).text.endswith(RUSSIAN)


def test_comments_in_a_program_show_its_encoding():
    program = "\n".join(f"int value_{n} = {n}; // счётчик" for n in range(20))

    assert decode(program.encode("cp1251")).text == program


def test_a_guess_is_told_and_a_certainty_is_not(parse):
    assert parse("a.txt", RUSSIAN.encode("cp1251")).notes == [
        "The file does not say how its letters are encoded: it was read as Windows-1251."
    ]
    assert parse("a.txt", RUSSIAN.encode()).notes == []
    assert parse("a.txt", b"plain").notes == []


def test_zeros_that_fill_a_file_up_are_no_text(parse):
    assert parse("a.log", b"first line\n" + b"\0" * 4096 + b"second line\n\0\0").text == (
        "first line\nsecond line\n"
    )
    assert parse("a.log", "Größe\n".encode("cp1252") * 30 + b"\0" * 600).text == "Größe\n" * 30


@pytest.mark.parametrize(
    ("codec", "data", "text"),
    [
        ("euc_jp", b"\xad\xa1\xad\xea\xfc\xe2\xa4\xa2", "①㈱髙あ"),
        ("iso2022_jp_ext", b"\x1b$B-!-j|b$\x22\x1b(B a \x1b(I1\x1b(B", "①㈱髙あ a ｱ"),
        ("gb18030", b"\x80 5", "€ 5"),
        ("big5hkscs", "價格".encode("big5") + b"\xa3\xe1", "價格€"),
    ],
)
def test_what_makers_of_computers_added_is_read(codec, data, text):
    assert decode(data, declared=codec).text == text


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        *((label, "cp1252") for label in ("latin1", "ISO-8859-1", " ascii ", "x-user-defined")),
        *((label, "gb18030") for label in ("gb2312", "GBK", "gb_2312-80")),
        *((label, "cp932") for label in ("Shift_JIS", "x-sjis", "ms_kanji")),
        *((label, "cp949") for label in ("euc-kr", "ks_c_5601-1987")),
        *((label, "cp850") for label in ("cp850", "cp-850", "IBM850")),
        *((label, "mac-roman") for label in ("macintosh", "x-mac-roman", "MacRoman")),
        ("iso-8859-9", "cp1254"),
        ("iso-8859-8-i", "iso8859-8"),
        ("hz-gb-2312", "hz"),
        ("iso-2022-kr", "iso2022_kr"),
        ("cp65001", "utf-8"),
        *((label, "") for label in ("undefined", "rot13", "base64", "zip", "idna", "punycode")),
        *((label, "") for label in ("unicode_escape", "unknown-8bit", "x-unknown", "", "ü", "cp1")),
        ("cp9999999", ""),
    ],
)
def test_labels_mean_what_they_mean_to_browsers(label, codec):
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"<meta charset=koi8-r>", "koi8-r"),
        (b"<META CharSet = 'Windows-1251' >", "cp1251"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=big5">', "big5hkscs"),
        (b'<meta content="text/html;charset=euc-kr" http-equiv=content-type>', "cp949"),
        (b'<meta content="text/html; charset=koi8-r">', ""),
        (b"<meta name=description content='charset=koi8-r'>", ""),
        (b"<!-- <meta charset=koi8-r> --><meta charset=cp1251>", "cp1251"),
        (b"<title a='<meta charset=koi8-r>'></title><meta charset=cp1251>", "cp1251"),
        (b"<metadata charset=koi8-r>", ""),
        (b"<meta charset=undefined><meta charset=cp1251>", "cp1251"),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><html>', "iso8859-2"),
        (b"<meta charset", ""),
        (b"<meta charset='koi8-r", "koi8-r"),
        (b"<p>charset=koi8-r</p>", ""),
    ],
)
def test_pages_declare_their_encoding_as_browsers_look_for_it(head, codec):
    assert declared_by_page(head) == codec


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"#!/usr/bin/python\n# -*- coding: koi8-r -*-\n", "koi8-r"),
        (b"/* vim: set fileencoding=cp1251 : */", "cp1251"),
        (b"<?xml version='1.0' encoding='windows-1250'?>", "cp1250"),
        (b"\n\n# coding: koi8-r", ""),
        (b"the encoding: rot13", ""),
        (b'@charset "windows-1250";', "cp1250"),
        (b'a {}\n@charset "windows-1250";', ""),
        (b"% x\n\\documentclass{a}\n\\usepackage[applemac]{inputenc}", "mac-roman"),
        (b"\\usepackage[ansinew]{inputenc}", "cp1252"),
        (b"\\usepackage[ngerman]{babel}", ""),
        (b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=ISO-8859-2\\n"', "iso8859-2"),
        (b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=CHARSET\\n"', ""),
    ],
)
def test_texts_name_their_encoding_in_a_comment(head, codec):
    assert declared_by_text(head) == codec


def page(label, body):
    return f"<html><head><meta charset='{label}'></head><body><p>".encode() + body


@pytest.mark.parametrize(
    "label", ["undefined", "rot13", "base64", "hex", "idna", "utf-16", "utf-32", "cp9999", "ü", ""]
)
def test_nonsense_that_a_page_declares_does_no_harm(parse, label):
    assert parse("a.html", page(label, GERMAN.encode())).text == GERMAN
    assert parse("a.html", page(label, RUSSIAN.encode("cp1251"))).text == RUSSIAN


@pytest.mark.parametrize(
    ("label", "text", "encoding"),
    [
        ("gb2312", CHINESE + "镕", "gb18030"),
        ("iso-2022-jp", JAPANESE, "iso2022_jp"),
        ("hz-gb-2312", CHINESE, "hz"),
        ("iso-8859-1", "“quoted” €", "cp1252"),
        ("macintosh", FRENCH, "mac-roman"),
        ("x-user-defined", "plain é", "cp1252"),
        # Said and not done.
        ("utf-8", RUSSIAN, "cp1251"),
        ("utf-8", GERMAN, "cp1252"),
        ("iso-8859-1", GERMAN, "utf-8"),
        ("shift_jis", GERMAN, "utf-8"),
        ("koi8-r", GERMAN, "utf-8-sig"),
        ("koi8-r", GERMAN, "utf-16"),
    ],
)
def test_pages_are_read_as_they_declare_unless_it_cannot_be(parse, label, text, encoding):
    whole = f"<html><head><meta charset='{label}'></head><body><p>{text}"

    assert parse("a.html", whole.encode(encoding)).text.strip() == text


def test_a_page_of_two_byte_units_is_known_without_its_name(parse):
    data = f"<!doctype html><html><p>{RUSSIAN}".encode("utf-16-le")

    parsed = parse("download", data)

    assert (parsed.mime, parsed.text) == ("text/html", RUSSIAN)
