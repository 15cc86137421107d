"""Marks of citations in answers, however they are written and cut."""

from __future__ import annotations

import random
import time
from uuid import uuid4

import pytest

from chat.runs.citations import CitationIndex, Source
from chat.runs.marks import LONGEST_HELD, MarkReader, read_marks
from chat.runs.reader_numbers import ReaderNumbers, number_for_reader


def book_of(count):
    sources = [
        Source(n, uuid4(), uuid4(), "Manual", "", None, 0, 0, f"Text {n}.")
        for n in range(1, count + 1)
    ]
    return CitationIndex(sources, {source.passage_id: source for source in sources})


def spoken(pieces, book):
    numbers = ReaderNumbers(book)
    numbers.begin_turn("")
    return "".join(map(numbers.feed, pieces)) + numbers.finish()


SPELLINGS = {
    "Yes [7].": "Yes [1].",
    "Yes [7] and [2], and [7] again.": "Yes [1] and [2], and [1] again.",
    "Yes[7][2].": "Yes[1][2].",
    "Yes [7, 2].": "Yes [1][2].",
    "Yes [7,2; 3].": "Yes [1][2][3].",
    "Yes [7-9].": "Yes [1][2][3].",
    "Yes [7\u20139, 2].": "Yes [1][2][3][4].",
    "Yes [^7].": "Yes [1].",
    "Yes [^7, ^8].": "Yes [1][2].",
    "Yes [ 7 ].": "Yes [1].",
    "Yes 【7】.": "Yes [1].",
    "Yes 【7†source】【8†L3-L9】.": "Yes [1][2].",
    "\uff3b7\uff3d": "[1]",
    "Yes [[7]].": "Yes [[1]].",
    "Sources:\n[7]: Manual\n[2]: Guide": "Sources:\n[1]: Manual\n[2]: Guide",
    "[7": "[7",
    "[7]": "[1]",
    "Lonely ` and [7].": "Lonely ` and [1].",
    "Lonely ` here\n\nand ` there [7].": "Lonely ` here\n\nand ` there [1].",
    "```\na[7]\n```\nYes [7].": "```\na[7]\n```\nYes [1].",
    "- ~~~~py\n  a[7]\n  ~~~\n  b[8]\n  ~~~~\n  Yes [7].": (
        "- ~~~~py\n  a[7]\n  ~~~\n  b[8]\n  ~~~~\n  Yes [1]."
    ),
    "``` a[7] ``` and [8].": "``` a[7] ``` and [1].",
    "Yes ``a`[7]`` and [8].": "Yes ``a`[7]`` and [1].",
    "~~gone [7]~~ and [8].": "~~gone [1]~~ and [2].",
}
UNTOUCHED = [
    "`a[7]` is code.",
    "```\na[7]\nb[8]",
    "[7](https://example.com)",
    "![7](a.png)",
    "See [99], [0] and [7, 99].",
    "The year [2024] and [1234-1236].",
    "[7-200] and [9-7]",
    "[seven] [ ] [x] 【】 [] [,] [-] [^]",
    "[7, 8",
    "",
]
HOSTILE = {
    "backticks": "`",
    "backticks and blanks": "` ",
    "backticks in growing runs": "".join("`" * n + " " for n in range(40)),
    "brackets": "[",
    "open marks": "[1,",
    "open marks of the other kind": "【1†a",
    "lists without an end": "[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8 ",
    "marks": "[1]",
    "tildes": "~",
    "fences": "```\n",
    "fences on a line": "``` ",
    "margins": "> ",
    "line feeds": "\n",
}


@pytest.mark.parametrize("said", SPELLINGS)
def test_models_write_marks_in_many_ways(said):
    assert number_for_reader(said, book_of(20)) == SPELLINGS[said]


@pytest.mark.parametrize("said", UNTOUCHED)
def test_what_is_no_mark_stays_as_it_is(said):
    book = book_of(20)

    assert number_for_reader(said, book) == said
    assert book.numbers == {}


@pytest.mark.parametrize("said", [*SPELLINGS, *UNTOUCHED])
def test_marks_are_the_same_wherever_an_answer_is_cut(said):
    whole = number_for_reader(said, book_of(20))

    assert spoken(said, book_of(20)) == whole
    for cut in range(len(said)):
        assert spoken([said[:cut], said[cut:]], book_of(20)) == whole


def test_random_answers_are_read_the_same_however_they_are_cut():
    chance = random.Random(7)
    signs = [
        "[7]",
        "[8, 9]",
        "【7】",
        "`",
        "``",
        "```",
        "~~~",
        "\n",
        "\n\n",
        " ",
        "a[1]",
        "- ",
        "(x)",
        "~" * 250,
        "`" * 250,
        "x" * 250,
    ]
    for _ in range(300):
        said = "".join(chance.choices(signs, k=chance.randrange(40)))
        book, again = book_of(20), book_of(20)
        cuts = sorted(chance.choices(range(len(said) + 1), k=chance.randrange(12)))
        pieces = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]

        assert spoken(pieces, book) == number_for_reader(said, again)
        assert book.numbers == again.numbers


def test_what_was_rewritten_has_the_same_marks_for_its_readers():
    text = number_for_reader("```\n[9]\n```\nA [7, 3] b `[5]` c [3].", book_of(20))

    marks = [piece for piece in read_marks(text) if piece.numbers]

    assert [piece.numbers for piece in marks] == [(1,), (2,), (2,)]


def test_numbers_that_mean_nothing_do_not_look_like_ours():
    book = book_of(2)
    numbers = ReaderNumbers(book)
    numbers.begin_turn("")
    said = numbers.feed("It is said in [3], not in [2]. ") + numbers.finish()
    book.sources += book_of(4).sources[2:]
    numbers.begin_turn(said)

    said += numbers.feed("But in [4] and [1]. ") + numbers.finish()

    assert said == "It is said in [3], not in [1]. But in [2] and [4]. "
    assert book.named_sources()[4] is book.sources[0]
    assert 3 not in book.named_sources()


def test_nothing_is_held_back_that_can_be_no_mark():
    numbers = ReaderNumbers(book_of(9))
    numbers.begin_turn("")

    assert [numbers.feed(piece) for piece in ["Yes", " [", "7", "]", ".", " [a", "rray"]] == [
        "Yes",
        " ",
        "",
        "",
        "[1].",
        " [a",
        "rray",
    ]


def test_nothing_is_held_back_without_passages():
    numbers = ReaderNumbers(book_of(0))
    numbers.begin_turn("")

    assert [numbers.feed(piece) for piece in ["`", "a [", "1"]] == ["`", "a [", "1"]
    assert numbers.finish() == ""


def test_a_lonely_backtick_holds_back_little():
    reader, shown = MarkReader(), 0
    for count, _ in enumerate(range(1000), 1):
        shown += sum(len(piece.text) for piece in reader.feed("`" if count == 1 else "x"))
        assert count - shown <= LONGEST_HELD


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_holds_back_much(name):
    reader = MarkReader()

    for sign in (HOSTILE[name] * 2000)[:2000]:
        reader.feed(sign)
        assert len(reader.held) <= 2 * LONGEST_HELD


def test_code_goes_on_in_the_next_turn():
    book = book_of(9)
    numbers = ReaderNumbers(book)
    numbers.begin_turn("")
    said = numbers.feed("```\nfirst") + numbers.finish()
    numbers.begin_turn(said)

    assert numbers.feed("\n\n[7]\n```\n[7]\n") == "\n\n[7]\n```\n[1]\n"


def test_what_is_taken_back_gives_its_numbers_back():
    book = book_of(9)
    numbers = ReaderNumbers(book)
    numbers.begin_turn("")
    said = numbers.feed("One [4]. ")
    numbers.begin_turn(said)
    numbers.feed("Thought [5] and [6")

    assert numbers.take_back() == "[6"
    numbers.begin_turn(said)
    assert numbers.feed("Two [8]. ") == "Two [2]. "
    assert book.numbers == {4: 1, 8: 2}


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 10**9])
@pytest.mark.parametrize("name", HOSTILE)
def test_reading_takes_linear_time(name, cut):
    def seconds(size):
        said = (HOSTILE[name] * size)[:size]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            spoken([said[at : at + cut] for at in range(0, size, cut)], book_of(9))
            best = min(best, time.process_time() - start)
        return best

    # Sixteen times as much takes 256 times as long when something is quadratic.
    assert seconds(32_000) < 64 * max(seconds(2000), 0.002)
