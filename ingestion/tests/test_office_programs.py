"""Files as LibreOffice writes them: scripts from the right, merged cells, old kinds."""

import pytest

from documents.layout import position_of

HEBREW = """הסכם תחזוקה לשנת הפעילות
החברה בודקת את המשאבה פעם בשנה, ומחיר התחזוקה הוא 4200 אירו לשנה (לא כולל מע"מ).
הדגם YX-200 נרכש ביום 12.03.2025 מחברת Siemens AG בברלין, וטלפון השירות הוא 03-5551234. \
האחריות על כל החלקים נמשכת 24 חודשים מיום המסירה, והלקוח מודיע על תקלות בכתב.
חלק כמות מחיר
משאבה 3 1,250
שסתום בטיחות 12 48"""
ARABIC = """عقد الصيانة السنوية
تفحص الشركة المضخة مرة واحدة في السنة، وسعر الصيانة 4200 يورو في السنة (دون الضريبة).
اشتُري الطراز YX-200 بتاريخ 12.03.2025 من شركة Siemens AG في برلين، ورقم هاتف الخدمة ٠٣٥٥٥١٢٣٤. \
يمتد الضمان على جميع الأجزاء 24 شهرًا من يوم التسليم، ويبلغ العميل عن الأعطال كتابةً.
القطعة العدد السعر
مضخة 3 1250
صمام الأمان 12 48"""


def words_of(parsed):
    """The words in order, without the marks of headings and cells."""
    return [word for word in parsed.text.split() if word not in {"#", "|"}]


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("hebrew.docx", HEBREW, "he"),
        ("hebrew_office.pdf", HEBREW, "he"),
        ("arabic.odt", ARABIC, "ar"),
        ("arabic.pdf", ARABIC, "ar"),
    ],
)
def test_words_digits_and_brackets_are_in_the_order_of_reading(read, data, name, text, language):
    parsed = read((data / name).read_bytes(), name)

    assert words_of(parsed) == text.split()
    assert parsed.language == language


def test_lines_with_foreign_words_have_their_boxes(read, data):
    (passage,) = read((data / "hebrew_office.pdf").read_bytes(), "a.pdf").passages
    start = passage.text.index("הדגם")
    end = passage.text.index("האחריות")

    page, boxes, _ = position_of(passage.layout, passage.page, start, end)

    # Two lines; the second is left at the end of the sentence, which is at its right.
    assert page == 1
    assert len(boxes) == 2
    assert boxes[0]["left"] < 0.2
    assert boxes[1]["left"] > 0.6
    # As LibreOffice drew them: the second line begins further to the right.
    assert [boxes[0]["right"], boxes[1]["right"]] == pytest.approx([0.869, 0.892], abs=0.005)


def test_merged_cells_of_an_old_spreadsheet_stand_in_each_row(read, data):
    text = read((data / "merged.xls").read_bytes(), "merged.xls").text

    assert text.split("\n") == [
        "## Umsätze 2025",
        "",
        "| Umsätze je Region |",
        "| Region | Erstes Halbjahr |  | Summe |",
        "| Region | Q1 | Q2 | Summe |",
        "| Süd | 120.5 | 80 | 200.5 |",
        "| Süd | 7 | 9 | 16 |",
        "| Köln | 5 | k. A. | 5 |",
    ]


@pytest.mark.parametrize("name", ["report.doc", "report.rtf"])
def test_umlauts_quotes_and_letters_of_neighbours_stay(read, data, name):
    parsed = read((data / name).read_bytes(), name)

    for sentence in (
        "Prüfbericht der Kälteanlage",
        "Müßiggang & Söhne prüfte am 3. März 2025 die Öldrücke \u2013 „ohne Mängel“",
        "Größere Störungen kosten 1.380,00 € je Einsatz; Łódź und Dvořák bleiben lesbar.",
    ):
        assert sentence in parsed.text
    assert parsed.language == "de"


def test_a_table_of_rtf_keeps_its_rows(read, data):
    text = read((data / "report.rtf").read_bytes(), "report.rtf").text

    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert rows == [
        "| Größe | Stück | Preis in € |",
        "| Dichtungsringe, übergroß | 12 | 48,50 |",
        "| Schlüssel | 3 | 7,20 |",
    ]
