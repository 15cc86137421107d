from collections import defaultdict

import pytest

from documents.kinds import FileKind
from documents.kinds import kind_of as shown_kind
from ingestion.parsing import kinds
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.types import ParseFailed
from ingestion.reasons import reason_of

SIZE = b"\x10\x00\x00\x00"


@pytest.mark.parametrize(
    ("name", "data", "label"),
    [
        ("a.mp3", b"ID3\x04\x00" + bytes(20), "a sound file"),
        ("a.mp3", b"\xff\xfb\x90\x44" + bytes(range(200)), "a sound file"),
        ("a.ogg", b"OggS\x00\x02" + bytes(20), "a sound file"),
        ("a.flac", b"fLaC\x00\x00", "a sound file"),
        ("a.wav", b"RIFF" + SIZE + b"WAVEfmt ", "a sound file"),
        ("a.m4a", b"\x00\x00\x00\x20ftypM4A \x00", "a sound file"),
        ("a.mp4", b"\x00\x00\x00\x20ftypisom\x00", "a video"),
        ("a.mov", b"\x00\x00\x00\x14ftypqt  \x00", "a video"),
        ("a.avi", b"RIFF" + SIZE + b"AVI LIST", "a video"),
        ("a.mkv", b"\x1aE\xdf\xa3\x93\x42", "a video"),
    ],
)
def test_sound_and_video_name_the_setting_they_need(name, data, label):
    with pytest.raises(ParseFailed) as caught:
        kind_of(data, name)

    assert caught.value.code == "no_speech_service"
    assert label in caught.value.detail
    assert "STT_MODEL_DIR" in caught.value.detail


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a\x01", "image/gif"),
        (b"II*\x00\x08", "image/tiff"),
        (b"MM\x00*\x00", "image/tiff"),
        (b"RIFF" + SIZE + b"WEBPVP8 ", "image/webp"),
        (b"BM" + SIZE + b"\x00\x00\x00\x00\x36", "image/bmp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "image/avif"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "image/avif"),
    ],
)
def test_images_are_known_by_their_bytes(data, mime):
    assert kind_of(data, "whatever.txt").mime == mime
    assert shown_kind(mime) == FileKind.IMAGE


def test_formats_of_one_name_are_of_one_kind():
    shown = defaultdict(set)
    for kind in vars(kinds).values():
        if isinstance(kind, kinds.Kind):
            shown[kind.label].add(shown_kind(kind.mime))

    assert shown["an Excel file"] == {FileKind.SPREADSHEET}
    assert shown["a web page"] == {FileKind.WEB_PAGE}
    assert [label for label, found in shown.items() if len(found) != 1 or None in found] == []


@pytest.mark.parametrize(
    "text", [b"BMW is a maker of cars.", b"GIF8 is no image.", b"RIFF is a word, ID is another."]
)
def test_texts_that_begin_alike_stay_texts(text):
    assert kind_of(text, "a.txt").mime == "text/plain"


SVG = 'xmlns="http://www.w3.org/2000/svg"'
DRAWING = f"""<?xml version="1.0"?><!-- Generator --><!DOCTYPE svg [<!ENTITY ns "http://x">]>
<svg {SVG} a="&ns;"><title>Chart</title><style>.a{{}}</style><script>alert(1)</script>
<text y="1"><tspan y="1">Ein</tspan><tspan y="1">kauf &amp; Rat</tspan>
<tspan y="9">below</tspan></text>
<switch><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">A long label</p></foreignObject>
<text>A lo...</text></switch></svg>"""


def test_of_a_drawing_the_words_are_read_and_it_is_never_an_image(read):
    parsed = read(DRAWING.encode(), "drawing.svg")

    assert (parsed.title, parsed.mime) == ("Chart", "application/xml")
    assert parsed.text == "Chart\nEinkauf & Rat\nbelow\nA long label"


LEVELS = "".join(f'<!ENTITY {n} "{f"&{n - 1};" * 10}">' for n in range(1, 10)).replace("&0;", "ha")


@pytest.mark.parametrize(
    ("drawing", "text"),
    [
        (f'<svg {SVG}><path d="{"M0 0" * 500_000}"/><text>few</text></svg>', "few"),
        (f"<svg {SVG}>{'<g>' * 50_000}<text>deep</text>", "deep"),
        (f"<svg {SVG}><path i:x='1'/><text>unbound</text></svg>", "unbound"),
        ("<svg><text>bare</text></svg>", "bare"),
        (
            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {SVG}>'
            "<text>a &x; b</text></svg>",
            "a b",
        ),
        (f"<!DOCTYPE svg [{LEVELS}]><svg {SVG}><text>&9;</text></svg>", "]>&9;"),
    ],
)
def test_damaged_and_hostile_drawings_are_read_as_far_as_they_go(read, drawing, text):
    assert read(drawing.encode(), "drawing.svg").text == text


def test_reasons_are_known_in_other_languages():
    assert reason_of("no_speech_service", "as it was stored") == "as it was stored"
