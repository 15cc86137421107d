"""What in an answer a mark stands for."""

import pytest

from documents.quoting.claims import cited_spans


def parts(text):
    return [text[start:end] for start, end in cited_spans(text)]


@pytest.mark.parametrize(
    "quote",
    [
        "“Kept for a week. Then removed.” [1]",
        "„Eine Woche lang. Dann gelöscht.“ [1]",
        "«Per una settimana. Poi cancellati.» [1]",
        "»Eine Woche lang. Dann gelöscht.« [1]",
        "He says “It is “kept” for a week. Then removed.” [1]",
    ],
)
def test_a_mark_behind_a_quote_stands_for_all_that_is_quoted(quote):
    text = f"They are safe. {quote} And more."

    assert parts(text) == ["They are safe.", quote, "And more."]


@pytest.mark.parametrize(
    "text",
    [
        # Nobody closes it.
        "“Kept for a week. Then removed [1]. And more.",
        # It would go over paragraphs.
        "“Kept for a week.\n\nThen removed.” [1]",
        # Its sentences have marks of their own.
        "“Kept for a week [1]. Then removed.” [2]",
        "“" + "So it is. " * 30 + "Then removed.” [1]",
    ],
)
def test_sentences_stay_apart_where_a_quote_is_none(text):
    found = parts(text)

    assert len(found) > 1
    assert "".join("".join(found).split()) == "".join(text.split())


LIST = "- dumps\n- old logs\n- pictures [1]"


def test_the_only_mark_of_a_list_stands_for_the_list_and_its_announcement():
    assert parts(f"They are safe. This goes first:\n\n{LIST}\n\nDone.") == [
        "They are safe.",
        f"This goes first:\n\n{LIST}",
        "Done.",
    ]
    assert parts(f"“This goes first:”\n{LIST}") == [f"“This goes first:”\n{LIST}"]
    assert parts(f"They are safe.\n\n{LIST}") == ["They are safe.", LIST]


@pytest.mark.parametrize(
    "text",
    [
        "- dumps [2]\n- old logs\n- pictures [1]",
        "- dumps\n- old logs [1]\n- pictures [1]",
        "This goes first [2]:\n\n- pictures [1]",
        "They are safe.\n- pictures [1]",
        "1. dumps\n\n2. pictures [1]",
        "- dumps\n- pictures [1][2]",
    ],
)
def test_items_stay_apart_where_others_have_marks_or_stand_elsewhere(text):
    assert len(parts(text)) == text.count("\n") - text.count("\n\n") + 1


def test_the_mark_below_a_table_stands_for_its_rows():
    table = "| Item | Price |\n| --- | --- |\n| Pump | 12 |\n| Scale | 30 |"

    assert parts(f"See:\n\n{table}\n\n[1]") == [f"See:\n\n{table}\n\n[1]"]


def test_a_list_without_an_end_is_no_single_claim():
    text = "\n".join(f"- item {number}" for number in range(40)) + " [1]"

    assert [part.count("\n") for part in parts(text)] == [0] * 27 + [12]
