import base64
import hashlib
import json

import pytest

from ingestion.parsing.reading import parse_file
from ingestion.parsing.sentences import FILES_IN_TEXT

DATA = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(40))
BASE64 = base64.b64encode(DATA).decode()
LINES = base64.encodebytes(DATA).decode()


@pytest.fixture
def parse(tmp_path):
    def run(name, text):
        path = tmp_path / "content"
        path.write_bytes(text.encode())
        return parse_file(path, "", name=name)

    return run


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        (
            "exported.md",
            "# Sales\n\n![][image1] Up ![chart](data:image/png;base64,{BASE64}) again\n\n"
            "[image1]: <data:image/png;base64,{BASE64}>\n"
            "[image2]: <data:image/png;base64,{BASE64}>",
            "# Sales\n\n![][image1] Up ![chart]() again\n\n",
        ),
        (
            "invoice.xml",
            "<p:Invoice><Number>12</Number><Attachment>{BASE64}</Attachment><Paid/></p:Invoice>",
            "<p:Invoice><Number>12</Number><Attachment></Attachment><Paid/></p:Invoice>",
        ),
        (
            "invoice.xml",
            "<Attachment>\n{LINES}</Attachment><Paid/>",
            "<Attachment>\n\n</Attachment><Paid/>",
        ),
        (
            "deploy.yaml",
            "cert: |\n{LINES}name: web\nlogo: data:image/svg+xml;charset=utf-8;base64,{BASE64}\n",
            "cert: |\n\nname: web\nlogo: \n",
        ),
        ("style.css", "a {{ src: url(data:font/woff2;base64,{BASE64}) }}", "a { src: url() }"),
        ("people.csv", "Name,Photo\nAda,{BASE64}\n", "Name,Photo\nAda,\n"),
    ],
)
def test_files_in_base64_are_no_text(parse, name, text, shown):
    parsed = parse(name, text.format(BASE64=BASE64, LINES=LINES))

    assert parsed.text == shown
    assert parsed.notes == [FILES_IN_TEXT]


@pytest.mark.parametrize("written", [BASE64, LINES, f"data:image/png;base64,{BASE64}"])
@pytest.mark.parametrize("slash", ["/", "\\/"])
def test_files_in_strings_of_json_are_no_text(parse, written, slash):
    whole = json.dumps({"name": "Ada", "photo": written, "town": "Forlì"}).replace("/", slash)

    parsed = parse("people.json", whole)

    assert parsed.text == '{"name": "Ada", "photo": "", "town": "Forlì"}'
    assert parsed.notes == [FILES_IN_TEXT]


@pytest.mark.parametrize(
    "text",
    [
        "gene: " + "GATTACA" * 100,
        "\n".join(["ACGT" * 20] * 20),
        "sum: " + hashlib.sha512(b"x").hexdigest() * 3,
        "token: " + BASE64[:150],
        "Write data:image/png;base64, and then the letters.",
        "/".join(["Users", "ada", "Documents 2024"] * 30),
    ],
)
def test_other_long_runs_of_letters_stay(parse, text):
    parsed = parse("notes.txt", text)

    assert parsed.text == text
    assert parsed.notes == []


def test_logs_are_read_without_the_colours_of_terminals(parse):
    log = (
        "\x1b[32mINFO\x1b[0m started\n\x1b[1;31mERROR\x1b[m disk \x1b[?25lfull\x1b[K\n"
        "\x1b]0;build\x07\x1b]8;;https://example.org\x1b\\see\x1b]8;;\x1b\\ \x1b(B\x1b=it\n"
    )

    assert parse("build.log", log).text == "INFO started\nERROR disk full\nsee it\n"


def test_what_steers_no_terminal_is_marked_as_lost(parse):
    assert parse("build.log", "all \x1b of it \x1b]0;open\n").text == (
        "all \ufffd of it \ufffd]0;open\n"
    )
