import pytest

from documents.kinds import FileKind
from documents.kinds import kind_of as shown_kind
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


@pytest.mark.parametrize(
    "text", [b"BMW is a maker of cars.", b"GIF8 is no image.", b"RIFF is a word, ID is another."]
)
def test_texts_that_begin_alike_stay_texts(text):
    assert kind_of(text, "a.txt").mime == "text/plain"


def test_a_vector_graphic_is_read_as_xml_and_never_as_an_image(read):
    drawing = b"""<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script>
    <text x="1">A zebra in a drawing</text></svg>"""

    parsed = read(drawing, "drawing.svg")

    assert parsed.mime == "application/xml"
    assert "A zebra in a drawing" in parsed.text


def test_reasons_are_known_in_other_languages():
    assert reason_of("no_speech_service", "as it was stored") == "as it was stored"
