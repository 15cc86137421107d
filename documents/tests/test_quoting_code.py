"""Source code as definitions, and what is said of each."""

import pytest

from documents.quoting.code import definitions, summary_of
from documents.quoting.questions import single_question
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.sentences import content_words
from documents.quoting.supporting import LONGEST_QUOTE, best_definition
from documents.quoting.units import Form, units_of
from documents.quoting.words import reader_of
from documents.shown_text import program_language
from ingestion.parsing.source_code import GRAMMARS

PYTHON = '''ADDRESS = "https://bank.example"


@cached
def load_rates(day):
    """The rates of a day by currency. Raises `RateError`."""
    answer = get(ADDRESS)

    return answer.json()


class Pool:
    def take(self):
        return 1

    def give(self):
        return 2
'''
GO = """package pool

// Get returns a free connection, or waits
// for one. It never opens more.
func (p *Pool) Get() *Conn {
\tp.wait()

\treturn p.free[0]
}

type Pool struct {
\tfree []*Conn
}
"""


def pieces(text):
    return [text[start:end] for start, end in definitions(text)]


def test_files_with_an_outline_are_known_by_their_names():
    assert [ending for ending in GRAMMARS if program_language(f"pool.{ending}") != ending] == []


@pytest.mark.parametrize("title", ["Pool", "pool.md", "go", "Why we use Go.", "notes.py.txt", ""])
def test_other_titles_are_no_source_code(title):
    assert program_language(title) == ""


def test_a_definition_goes_on_to_the_next_that_is_as_deep():
    assert [piece.splitlines()[0] for piece in pieces(PYTHON)] == [
        'ADDRESS = "https://bank.example"',
        "@cached",
        "class Pool:",
    ]
    assert [piece.splitlines()[-1] for piece in pieces(GO)] == ["package pool", "}", "}"]


def test_methods_are_told_apart_where_a_passage_begins_with_one():
    inside = PYTHON[PYTHON.index("    def take") :] + "\n\ndef last():\n    pass\n"

    assert [piece.split("(")[0].strip() for piece in pieces(inside)] == [
        "def take",
        "def give",
        "def last",
    ]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (pieces(PYTHON)[1], "The rates of a day by currency."),
        (pieces(GO)[1], "Get returns a free connection, or waits for one."),
        (pieces(GO)[2], "type Pool struct {"),
        ("@cached\n#[derive(Debug)]\nfn open() {\n}", "fn open() {"),
        ("#include <stdio.h>\nint main() {}", "#include <stdio.h>"),
        ("/**\n * Opens it.\n *\n * And more.\n */\nvoid open() {}", "Opens it."),
        ('def f():\n    """\n    Begins below.\n    """', "Begins below."),
        ("-- Everybody who paid.\nSELECT 1", "Everybody who paid."),
        ("//\n// -----\nint a;", "int a;"),
        ("", ""),
    ],
)
def test_a_definition_is_announced_by_its_comment_or_its_first_line(code, said):
    assert summary_of(code) == said


def test_definitions_are_units_in_a_fence_that_they_cannot_close():
    found = units_of(GO + '\nvar help = "```"\n', title="pool.go")

    assert {unit.form for unit in found} == {Form.DEFINITION}
    assert found[1].text.startswith("```go\n// Get returns")
    assert found[1].text.endswith("}\n```")
    assert found[3].text == '````go\nvar help = "```"\n````'


def test_a_question_about_code_is_answered_by_the_whole_definition():
    asked = single_question("Which function returns a free connection?", reader_of("en"))

    (quote,) = best_quotes(asked, [Passage(1, GO, "pool.go\nGet", "pool.go", "en")])

    assert quote.block.startswith("“Get returns a free connection, or waits for one.”\n\n```go\n")
    assert "\tp.wait()\n\n\treturn" in quote.block


def test_the_same_lines_in_a_text_are_sentences():
    assert {unit.form for unit in units_of(GO, title="Notes about pools")} == {Form.SENTENCE}


def test_the_definition_that_was_meant_is_quoted_and_ends_behind_a_line():
    long = "def last():\n" + "    give(tomatoes)\n" * 100
    text = f"{PYTHON}\n\n{long}"
    said = content_words("It gives tomatoes.", "en")

    start, end = best_definition(said, text, "en")

    assert text[start:].startswith("def last():\n")
    assert text[:end].endswith("give(tomatoes)")
    assert LONGEST_QUOTE - 20 < end - start <= LONGEST_QUOTE
    assert best_definition(said, "\n \n", "en") == (0, 0)
