"""Files of every format, made on the spot; the word in each is found again."""

import io
import json
import zipfile
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from fpdf import FPDF

CONTAINER = """<?xml version="1.0"?><container version="1.0"
 xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf"
 media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"
 unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>My
 book</dc:title><dc:identifier id="i">x</dc:identifier></metadata><manifest><item id="c1"
 href="c1.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c1"/></spine>
</package>"""


def saved(thing):
    buffer = io.BytesIO()
    thing.save(buffer)
    return buffer.getvalue()


def html():
    return b"""<html><head><title>The &amp; title</title><script>var secretscript=1</script>
<style>b{color:red}</style></head><body><nav>Menu words</nav>
<table><tr><td><a href="a">Prev</a></td><td><a href="b">Up</a></td></tr></table>
<h1>One</h1><p>The <b>zebra</b> reads <a href="x.html">a link</a>.</p>
<h2>Two</h2><pre><code># not a heading
x = 1</code></pre><ul><li>first</li></ul>
<table><tr><th>City</th></tr><tr><td>Turin</td></tr></table></body></html>"""


def markdown():
    return b"# Top\n\nThe zebra.\n\n```\n# code\n```\n\n## Below\n\nMore.\n"


def text():
    return "Über den zebra.\n".encode()


def csv():
    return b'name,animal\nAda,zebra\n"Smith, J",cat\n'


def as_json():
    return json.dumps({"animals": [{"name": "zebra", "city": "Città"}]}).encode()


def docx_file():
    document = docx.Document()
    document.core_properties.title = "A report"
    document.add_heading("Chapter one", 1)
    document.add_paragraph("The zebra eats grass.")
    document.add_heading("Section A", 2)
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Left", "Right"
    return saved(document)


def pptx_file():
    show = pptx.Presentation()
    for number in (1, 2):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = f"The zebra number {number} talks. " * 8
    return saved(show)


def xlsx_file():
    book = openpyxl.Workbook()
    book.active.append(["animal", "count"])
    book.active.append(["zebra", 848])
    book.create_sheet("Second").append(["walrus", 1.5])
    return saved(book)


def pdf(password=None, pages=2):
    document = FPDF()
    document.set_title("A paper")
    for number in range(1, pages + 1):
        document.add_page()
        document.set_font("Helvetica", "B", 24)
        document.cell(0, 12, f"Part {number}", new_x="LMARGIN", new_y="NEXT")
        document.set_font("Helvetica", "", 11)
        document.multi_cell(0, 6, f"On page {number} the zebra sleeps. " * 12)
    if password:
        document.set_encryption(owner_password="o", user_password=password)
    return bytes(document.output())


def epub(inner="<h1>Chap</h1><p>The zebra sings.</p>", *, lock=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("c.opf", PACKAGE)
        if lock:
            book.writestr("META-INF/encryption.xml", lock)
        page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{inner}'
        book.writestr("c1.xhtml", f"{page}</body></html>")
    return buffer.getvalue()


def eml():
    message = EmailMessage()
    message["Subject"] = "Budget meeting"
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message.set_content("Hello zebra\n")
    message.add_attachment(b"attached koala", maintype="text", subtype="plain", filename="note.txt")
    return bytes(message)


def rtf():
    return rb"{\rtf1\ansi The zebra writes.\par}"


EVERY = {
    "page.html": html,
    "notes.md": markdown,
    "plain.txt": text,
    "table.csv": csv,
    "data.json": as_json,
    "report.docx": docx_file,
    "show.pptx": pptx_file,
    "sheet.xlsx": xlsx_file,
    "paper.pdf": pdf,
    "book.epub": epub,
    "mail.eml": eml,
    "old.rtf": rtf,
}
