"""Markdown is read as people would read it, in both languages, and while it grows."""

from __future__ import annotations

import time

import pytest

from youworker.speech.script import Script, read_aloud

READ = {
    "emphasis": ("It is **very** _good_ and ~~bad~~.", ["It is very good and bad."]),
    "a citation": ("Water boils [1]. It cools [2][3]. Ice [1, 2] melts.",
                   ["Water boils.", "It cools.", "Ice melts."]),
    "a link": ("See [the manual](https://example.org/a?b=c) first.", ["See the manual first."]),
    "an address": ("Look at https://www.example.org/long?x=1.", ["Look at a link to example.org."]),
    "code in a line": ("Call `set_name()` now.", ["Call set name() now."]),
    "a block of code": ("Do this:\n```python\nx = 1. y = 2.\n```\nDone.",
                        ["Do this:", "Here is a block of code in python.", "Done."]),
    "a diagram": ("```mermaid\ngraph TD\n```", ["Here is a diagram."]),
    "code that never ends": ("```\nrm -rf /. Then", ["Here is a block of code."]),
    "headings and lists": ("# Title\n\n- one\n- [x] two\n3. three\n> quoted",
                           ["Title", "one", "two", "3. three", "quoted"]),
    "a rule": ("One.\n\n---\n\nTwo.", ["One.", "Two."]),
    "a table": ("| City | People |\n|---|---:|\n| Rome | 3 |\n| Milan | 1 |\n\nEnd.",
                ["A table.", "Rome; People: 3.", "Milan; People: 1.", "End."]),
    "a formula": ("So $a = \\frac{b}{2}$ holds.", ["So a equals b over 2 holds."]),
    "a power": ("It is $x^2$.", ["It is x to the power of 2."]),
    "a formula nobody reads": ("Here $\\begin{m} a & b \\end{m}$ is.", ["Here a formula is."]),
    "a formula of its own": ("$$\n\\int x\n$$\nNext.", ["A formula.", "Next."]),
    "prices": ("It costs $5 and then $6 more.", ["It costs $5 and then $6 more."]),
    "abbreviations": ("Use it, e.g. at home. Dr. Smith agrees.",
                      ["Use it, e.g. at home.", "Dr. Smith agrees."]),
    "numbers": ("It is 3.5 m long. Yes!", ["It is 3.5 m long.", "Yes!"]),
    "markup": ("A<br>B &amp; C <script>x</script>", ["A B & C x"]),
    "pictures and emoji": ("Well done 🎉! ![a cat](cat.png)", ["Well done!", "a picture: a cat"]),
    "nothing": (" \n\n***\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_markdown_is_read(name):
    text, said = READ[name]

    assert read_aloud(text, "en") == said


@pytest.mark.parametrize("name", READ)
def test_a_text_is_read_alike_wherever_it_was_cut(name):
    text, said = READ[name]
    for size in (1, 2, 3, 7):
        script = Script("en")
        parts = [text[at : at + size] for at in range(0, len(text), size)]

        found = [one for part in parts for one in script.feed(part)]

        assert [*found, *script.finish()] == said, size


def test_italian_words_stand_for_what_is_not_read():
    text = "Vedi https://example.org e $a = b$.\n```sql\nSELECT\n```\n| A |\n|---|\n| b |\n"

    assert read_aloud(text, "it") == [
        "Vedi un collegamento a example.org e a è uguale a b.",
        "Qui c'è un blocco di codice in sql.",
        "Una tabella.",
        "b.",
    ]


def test_a_sentence_is_given_as_soon_as_it_ends():
    script = Script("en")

    assert script.feed("The first sentence is") == []
    assert script.feed(" here. The sec") == ["The first sentence is here."]
    assert script.feed("ond one") == []
    assert script.finish() == ["The second one"]


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "`" * 50_000, "$a" * 30_000, "| a " * 30_000, "![](" * 20_000,
             "a" * 90_000, "<a " * 30_000, "> " * 40_000, "\\(" * 30_000,
             "[1" * 30_000, "- " * 40_000]
)  # fmt: skip
def test_hostile_texts_take_linear_time(text):
    began = time.process_time()

    read_aloud(text, "en")

    assert time.process_time() - began < 2.0
