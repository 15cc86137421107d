import io
import struct
import zlib

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter

from documents.layout import position_of
from ingestion.parsing.scans import opening, recognising, rules
from ingestion.parsing.scans.pages import is_better, is_garbage, is_usable
from ingestion.parsing.scans.preparing import LARGE, with_easy_letters
from ingestion.parsing.scans.recognising import text_of
from ingestion.parsing.scans.rules import PageRead, PictureText, Scanning, ScanRules
from ingestion.parsing.sentences import READ_BY_OCR
from ingestion.parsing.types import ParseFailed


def words_of(parsed):
    return " ".join(parsed.text.split())


def boxes_of(passage, wanted=""):
    """Where a sentence of a passage stands, or all of it."""
    start = passage.text.index(wanted) if wanted else 0
    end = start + len(wanted) if wanted else len(passage.text)
    return position_of(passage.layout, passage.page, start, end)[1]


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def refused(read, content, name):
    with pytest.raises(ParseFailed) as caught:
        read(content, name)
    assert caught.value.detail.endswith(".")
    return caught.value


@pytest.mark.slow
def test_scanned_pages_are_read_in_whichever_way_they_lie(read, data):
    parsed = read((data / "scan.pdf").read_bytes(), "scan.pdf")

    text = words_of(parsed)
    assert "Wartungsvertrag für die Kälteanlage in Größenbach" in text
    assert "Die Firma Müßiggang & Söhne prüft jährlich die Verdichter" in text
    assert "§ 2 Die Vergütung beträgt 4.250,80 € zuzüglich 19 % Umsatzsteuer" in text
    assert "Schraubenschlüssel" in text
    assert parsed.pages == 2
    assert parsed.language == "de"
    assert [passage.page for passage in parsed.passages] == [1, 2]
    assert parsed.notes == [READ_BY_OCR]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["skewed.jpg", "telephone.jpg", "photo.heic"])
def test_photographed_pages_are_read(read, data, name):
    parsed = read((data / name).read_bytes(), name)

    text = words_of(parsed)
    assert "Il tecnico Niccolò Ferrari dichiara che l'impianto è conforme" in text
    assert "perché la valvola di sicurezza è stata sostituita lunedì" in text
    assert "€ 1.380,00 entro il 30 aprile; più tardi" in text
    assert (parsed.language, parsed.pages) == ("it", None)
    assert parsed.mime == ("image/heic" if name == "photo.heic" else "image/jpeg")


GERMAN = (
    "Die Häußler & Söhne Grundstücksgesellschaft überlässt Frau Jürgensen die Geschäftsräume in "
    "Größenbach. Über Mängel wird spätestens am 3. März ein Übergabeprotokoll geführt. Bei Schäden "
    "an Röhren, Türen oder Schlössern ist der Vermieter unverzüglich zu verständigen."
)
ITALIAN = (
    "La società è già più sicura: l'attività del tecnico è cominciata lunedì, perché la qualità è "
    "più importante della velocità. Ciò che non potrà essere verificato verrà segnalato."
)


def print_of(text, *, points, dpi, width=160):
    """A picture of a page that was printed in letters of a size, without its empty rest."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=points)
    pdf.multi_cell(width, points * 0.45, text, align="L")
    with pypdfium2.PdfDocument(bytes(pdf.output())) as document:
        picture = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    bottom = round((pdf.get_y() + 10) * dpi / 25.4)
    return picture.crop((0, 0, picture.width, bottom))


def plain(text):
    """Words without the mark of a heading and the case of letters, as large ones may be taken."""
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lstrip("# ").casefold()


def askew(picture, degrees):
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [0, 4.5, 90, 180])
@pytest.mark.parametrize("text", [GERMAN, ITALIAN])
@pytest.mark.parametrize(("points", "dpi"), [(44, 300), (28, 200)])
def test_large_letters_keep_their_accents(read, text, points, dpi, degrees):
    picture = askew(print_of(text, points=points, dpi=dpi), degrees)

    parsed = read(encoded(picture, "PNG"), "page.png")

    assert plain(words_of(parsed)) == plain(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", [GERMAN, ITALIAN])
def test_small_print_keeps_its_accents(read, text):
    sheet = Image.new("L", (1654, 2339), 255)
    sheet.paste(print_of(text, points=6, dpi=200))

    parsed = read(encoded(sheet, "PNG"), "page.png")

    assert plain(words_of(parsed)) == plain(text)


@pytest.mark.slow
def test_a_sentence_in_large_letters_has_the_box_of_its_line(read):
    picture = print_of(GERMAN, points=44, dpi=200)

    (passage,) = read(encoded(picture, "PNG"), "page.png").passages

    first, *_ = boxes_of(passage, "Die Häußler")
    *_, last = boxes_of(passage, "verständigen.")
    assert first["top"] < 0.1
    assert last["bottom"] > 0.9
    assert first["left"] == pytest.approx(last["left"], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_read_as_their_camera_was_held(read, orientation):
    held = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture, exif = print_of(GERMAN, points=11, dpi=150), Image.Exif()
    exif[0x0112] = orientation
    seen = picture.transpose(held[orientation]) if orientation in held else picture

    parsed = read(encoded(seen, "JPEG", quality=90, exif=exif), "photo.jpg")

    assert words_of(parsed) == GERMAN


@pytest.mark.parametrize(
    ("size", "easy"), [(11, (218, 109)), (12, None), (36, None), (48, (50, 25))]
)
def test_only_letters_that_are_hard_to_read_are_made_larger_or_smaller(size, easy):
    made = with_easy_letters(Image.new("L", (100, 50), 255), size)

    assert (made and made.size) == easy


def test_a_large_picture_of_small_letters_does_not_fill_the_memory():
    made = with_easy_letters(Image.new("L", (6000, 2000), 255), 6)

    assert made.width * made.height <= LARGE * 1.001


@pytest.mark.slow
def test_what_is_read_better_as_it_is_stays(monkeypatch):
    def spoilt(picture, size):
        return Image.new("L", picture.size, 255)

    monkeypatch.setattr(recognising, "with_easy_letters", spoilt)

    assert text_of(print_of(GERMAN, points=11, dpi=200)).text == GERMAN


@pytest.mark.slow
def test_columns_are_read_one_after_the_other(read, data):
    text = words_of(read((data / "columns.png").read_bytes(), "columns.png"))

    north, south = text.find("The northern warehouse"), text.find("The southern warehouse")
    assert 0 <= text.rfind("northern warehouse") < south
    assert text.startswith("Storage rules. The northern warehouse stores bearings, gaskets")
    assert north < south
    assert text.count("antistatic shoes. Ventilation runs continuously, and the explosion") == 5


@pytest.mark.slow
def test_pages_of_a_tiff_are_pages(read, data):
    parsed = read((data / "pages.tif").read_bytes(), "pages.tif")

    found = {passage.page: passage.text for passage in parsed.passages}
    assert parsed.pages == 3
    assert "Größenbach" in found[1]
    assert "Niccolò" in found[2]
    assert "Maßband" in found[3]


@pytest.mark.slow
def test_light_letters_of_a_screen_are_read(read, data):
    text = words_of(read((data / "screenshot.png").read_bytes(), "screenshot.png"))

    assert "Übersicht der Aufträge" in text
    assert "Lieferung nach München verzögert sich um fünf Tage" in text
    assert "L'ordine è stato già spedito: perché la qualità è più importante" in text
    assert "Stückzahl" in text


@pytest.mark.slow
@pytest.mark.parametrize("form", ["WEBP", "BMP", "GIF", "AVIF"])
def test_other_formats_are_read(read, data, form):
    image = Image.open(data / "screenshot.png").convert("L")

    parsed = read(encoded(image, form), "name.without.meaning")

    assert "München" in parsed.text
    assert parsed.mime == f"image/{form.lower()}"


def test_an_image_needs_no_reader_of_another_format(monkeypatch):
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    content = encoded(Image.new("L", (60, 40), 255), "AVIF")

    with opening.opened(content, "image/avif") as image:
        assert (image.format, image.size) == ("AVIF", (60, 40))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["I;16", "F", "LA", "RGBA", "P", "1", "CMYK"])
def test_all_kinds_of_shades_are_read(read, data, mode):
    gray = Image.open(data / "columns.png").convert("L").crop((0, 0, 827, 700))
    if mode == "I;16":
        image = gray.convert("I").point(lambda shade: shade * 120 + 900).convert("I;16")
    elif mode in {"LA", "RGBA"}:
        # Black all over: what can be read is how much of it is seen.
        image = Image.new(mode, gray.size, 0)
        image.putalpha(gray.point(lambda shade: 255 - shade))
    else:
        image = gray.convert(mode)
    form = "PNG" if mode in {"LA", "RGBA", "P", "1", "I;16"} else "TIFF"

    assert "northern warehouse" in words_of(read(encoded(image, form), "a"))


@pytest.mark.slow
def test_only_the_first_picture_of_an_animation_is_read(read, data):
    image = Image.open(data / "screenshot.png").convert("L")
    blank = Image.new("L", image.size, "white")
    animation = encoded(image, "GIF", save_all=True, append_images=[blank] * 5)

    assert "München" in read(animation, "a.gif").text


def pdf_of(*, picture, text):
    """A page with a picture all over it and a text of its own."""
    page = FPDF()
    page.add_page()
    page.image(io.BytesIO(picture), x=0, y=0, w=page.w, h=page.h)
    page.set_font("Helvetica", "", 8)
    page.multi_cell(0, 4, text)
    return bytes(page.output())


@pytest.mark.slow
def test_a_stamp_on_a_scan_does_not_hide_it(read, data):
    columns = (data / "columns.png").read_bytes()

    parsed = read(pdf_of(picture=columns, text="Scanned by ACME, page 17"), "a.pdf")

    assert "The northern warehouse" in words_of(parsed)
    assert parsed.notes == [READ_BY_OCR]


def test_pages_with_a_text_of_their_own_are_not_recognised(read, data):
    layer = "The layer of a better program is used. " * 8
    image = Image.new("L", (800, 1000), "white")

    parsed = read(pdf_of(picture=encoded(image, "PNG"), text=layer), "a.pdf")

    assert words_of(parsed).startswith("The layer of a better program is used.")
    assert not parsed.notes


@pytest.mark.slow
def test_pages_of_both_kinds_keep_their_order(read, data):
    words = FPDF()
    words.add_page()
    words.set_font("Helvetica", "", 12)
    words.multi_cell(0, 8, "A cover that was typed and tells of zebras. " * 6)
    writer = PdfWriter()
    for source in (bytes(words.output()), (data / "scan.pdf").read_bytes()):
        for page in PdfReader(io.BytesIO(source)).pages:
            writer.add_page(page)
    buffer = io.BytesIO()
    writer.write(buffer)

    parsed = read(buffer.getvalue(), "both.pdf")

    pages = {passage.page: passage.text for passage in parsed.passages}
    assert "zebras" in pages[1]
    assert "Größenbach" in pages[2]
    assert "Bohrmaschine" in pages[3]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", False),
        ("Ordinary words, 12 %", False),
        ("\ufffd\ufffd\ufffd a", True),
        ("\ue012\ue013\ue014\ue015", True),
        ("\x01\x02\x03 \x04", True),
        ("日本語の文", False),
    ],
)
def test_signs_without_a_meaning_are_known(text, verdict):
    assert is_garbage(text) is verdict


SPOILT = ';0n MfRo#*S" Mgno MlcE#nRSER"n M80og MM8n0LRE M0L MeR)o Mg*o`) M"nv`)*E#nv M5novZSRE '
PLAIN = "The plant is serviced twice a year by trained staff of the supplier's own workshop. "


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        (PLAIN * 5, True),
        (SPOILT * 5, False),
        # As the letters of a font stand in its table when that of their meaning is missing.
        ("'LH\x03:DUWXQJ\x03GHU\x03$QODJH\x03ZLUG\n" * 40, False),
        ("Screw DIN-912 M8x40 8.8 zn 100 St. 14,90 EUR Art. 4711-B2 Lager R3/F12 " * 6, True),
        ("def read_page(self, at): return self.pages[at].text_of(Kind.PLAIN) or '' " * 6, True),
        (
            "asn1_copy_node . . 11 getElementById, x86_64-linux T1/lmr/m/it/10: array2.sort() " * 6,
            True,
        ),
        ("Größe Übermaß Öldrücke größer fünf Prüfbericht für Söhne " * 6, True),
    ],
)
def test_a_text_that_hardly_has_a_word_is_compared_with_its_picture(text, usable):
    assert is_usable(text) is usable


@pytest.mark.parametrize(("found", "better"), [(PLAIN * 2, True), (SPOILT * 9, False)])
def test_words_that_were_recognised_take_the_place_of_no_words(found, better):
    assert is_better(found, SPOILT * 5) is better


def test_pictures_without_text_are_refused(read):
    noise = Image.effect_noise((400, 300), 90)
    gradient = Image.linear_gradient("L").resize((500, 400))

    for picture in (noise, gradient, Image.new("RGB", (300, 200), "green")):
        assert refused(read, encoded(picture, "PNG"), "holiday.png").code == "no_text"


def test_scans_are_read_up_to_a_number_of_pages(scan, data):
    parsed = scan((data / "scan.pdf").read_bytes(), "scan.pdf", most_pages=1)

    assert "Größenbach" in parsed.text
    assert "Bohrmaschine" not in parsed.text
    assert parsed.notes == [READ_BY_OCR, "Only the first 1 scanned pages were read."]
    assert parsed.pages == 2


def test_scans_are_read_for_a_time(scan, data):
    parsed = scan((data / "pages.tif").read_bytes(), "pages.tif", most_seconds=0.001)

    assert "Größenbach" in parsed.text
    assert "Niccolò" not in parsed.text
    assert "Only the first 1 scanned pages were read." in parsed.notes


def test_what_was_read_before_is_not_read_again(scan, data, monkeypatch):
    content = (data / "pages.tif").read_bytes()
    told = []
    first = Scanning(ScanRules(most_pages=2), report=told.append)
    scan(content, "pages.tif", scanning=first)
    pages = [page for page in told if page]
    monkeypatch.setattr(
        opening,
        "text_of",
        lambda picture: PictureText("only the third is read", "[[18,0,0,500,100]]"),
    )

    known = {(page.digest, page.number): page for page in pages}
    again = scan(content, "pages.tif", scanning=Scanning(known=known))

    assert [page.number for page in pages] == [1, 2]
    assert "Niccolò" in again.text
    assert again.text.endswith("only the third is read")
    # What was known has its boxes, as what is read now.
    pages_of_boxes = {box["page"] for passage in again.passages for box in boxes_of(passage)}
    assert pages_of_boxes == {1, 2, 3}


@pytest.mark.parametrize("name", ["skewed.jpg", "telephone.jpg"])
def test_a_sentence_of_a_crooked_scan_has_the_box_of_its_line(scan, data, name):
    (passage,) = scan((data / name).read_bytes(), name).passages

    (title,) = boxes_of(passage, "Verbale di collaudo dell'impianto")
    (line,) = boxes_of(passage, "già stabile a 2,5 bar")

    assert 0.09 < title["left"] < 0.12
    assert 0.42 < title["right"] < 0.45
    assert title["bottom"] < line["top"] + 0.05
    assert line["bottom"] - line["top"] < 0.1


def test_reading_can_be_switched_off(scan, data):
    for name in ("scan.pdf", "columns.png"):
        with pytest.raises(ParseFailed, match="OCR_ENABLED"):
            scan((data / name).read_bytes(), name, enabled=False)


def test_a_language_without_a_model_is_named(scan, data):
    for languages in ("deu+klingon", "../../etc/x", ""):
        with pytest.raises(ParseFailed, match="OCR_LANGUAGES") as caught:
            scan((data / "columns.png").read_bytes(), "a.png", languages=languages)
        assert caught.value.code == "ocr_without_model"


def png(width, height):
    """The head of a PNG of that size, and some rows."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 22))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_bombs_are_refused_before_they_are_unpacked(read):
    assert refused(read, png(50_000, 50_000), "bomb.png").code == "too_large_inside"
    assert refused(read, png(2_000_000_000, 2), "bomb.png").code == "too_large_inside"


@pytest.mark.parametrize("name", ["skewed.jpg", "photo.heic", "columns.png", "screenshot.png"])
def test_cut_off_images_are_refused(read, data, name):
    content = (data / name).read_bytes()

    for length in (40, 3000, len(content) // 2):
        assert refused(read, content[:length], name).code == "damaged_file"


def test_a_cut_off_tiff_says_so(read, data):
    content = (data / "pages.tif").read_bytes()
    damaged = bytearray(content)
    damaged[len(content) // 2 :] = bytes(len(content) - len(content) // 2)

    parsed = read(bytes(damaged), "pages.tif")

    assert "Größenbach" in parsed.text
    assert "Maßband" not in parsed.text
    assert refused(read, content[:60], "pages.tif").code == "damaged_file"


@pytest.mark.slow
def test_a_tiff_of_many_pages_is_read_in_part(scan):
    blank = Image.new("1", (20, 20), 1)
    content = encoded(blank, "TIFF", save_all=True, append_images=[blank] * 2000)

    with pytest.raises(ParseFailed) as caught:
        scan(content, "pages.tif", most_pages=50)

    assert caught.value.code == "no_text"


def test_a_language_that_is_missing_is_no_damage(scan, data):
    with pytest.raises(ParseFailed, match="OCR_LANGUAGES"):
        scan((data / "pages.tif").read_bytes(), "pages.tif", languages="none")


def test_huge_pages_of_a_pdf_are_reduced(read, data):
    page = FPDF(format=(5000, 5000))
    page.add_page()
    page.image(io.BytesIO((data / "screenshot.png").read_bytes()), x=0, y=0, w=5000, h=5000)

    assert "Übersicht der Aufträge" in read(bytes(page.output()), "plan.pdf").text


def test_a_page_is_begun_before_it_is_told():
    told = []
    what = Scanning(report=told.append)

    text = PictureText("text", "[[4,0,0,10,10]]")
    assert what.page("d", 1, 2, lambda: text) == text

    begun, read = told
    assert begun is None
    assert read[:4] == ("d", 1, 2, "text")
    assert isinstance(read, PageRead)
    assert read.words == text.words
    assert rules.current() is not what
