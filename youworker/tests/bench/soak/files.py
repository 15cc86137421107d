"""Small files of several formats, made without any library; each holds a word to be found by."""

from __future__ import annotations

import io
import os
import zipfile

import orjson

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
SENTENCE = "Whoever opens the valve writes down the word {word} and closes the book again. "


def make_files(word: str) -> dict[str, bytes]:
    """Build one file of each format, by name."""
    sentence = SENTENCE.format(word=word)
    return {
        f"{word}.txt": (sentence * 5).encode(),
        f"{word}.md": f"# Valves\n\n{sentence}\n\n## Books\n\n{sentence}\n".encode(),
        f"{word}.html": f"<html><body><h1>Valves</h1><p>{sentence}</p></body></html>".encode(),
        f"{word}.csv": f"word,meaning\n{word},valve\n".encode(),
        f"{word}.json": orjson.dumps({"valves": [{"word": word, "note": sentence}]}),
        f"{word}.docx": make_docx(sentence),
        f"{word}.pdf": make_pdf(sentence),
    }


def make_docx(sentence: str, *, padding: int = 0) -> bytes:
    """Build a Word document; `padding` bytes of noise make the original large and the text not."""
    document = f"<w:p><w:r><w:t>{sentence}</w:t></w:r></w:p>"
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/'
            'vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml"'
            f' ContentType="{WORD_TYPE}"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}"'
            ' Target="word/document.xml"/></Relationships>'
        ),
        "word/document.xml": (
            f'<w:document xmlns:w="{WORD}"><w:body>{document}</w:body></w:document>'
        ),
    }
    if padding:
        parts["word/media/noise.bin"] = os.urandom(padding)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_pdf(sentence: str) -> bytes:
    """Build a PDF of one page."""
    content = f"BT /F1 9 Tf 20 700 Td ({sentence}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + head + table + tail % (len(objects) + 1, len(body))
