from __future__ import annotations

import time

import pytest

from documents.quoting.questions import single_question
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.words import reader_of
from documents.tests.language_samples import SAMPLES

CONNECTIONS = (
    "max_connections (integer)\n\nDetermines the maximum number of concurrent connections to the "
    "database server. The default is typically 100 connections, but might be less."
)


def quotes(question, *texts, heading="", language="en"):
    asked = single_question(question, reader_of(language))
    passages = [Passage(number, text, heading) for number, text in enumerate(texts, start=1)]
    return [(quote.number, quote.text) for quote in best_quotes(asked, passages)]


def test_default_of_a_setting_is_found_beside_its_name():
    (first, *_) = quotes("What is the default value of max_connections?", CONNECTIONS)

    assert "The default is typically 100 connections, but might be less." in first[1]


QUESTIONS = {
    "ar": "متى تدفع الفواتير؟",
    "cs": "Kdy se platí faktury?",
    "de": "Wann werden Rechnungen bezahlt?",
    "en": "When are invoices paid?",
    "es": "¿Cuándo se pagan las facturas?",
    "fi": "Milloin laskut maksetaan?",
    "fr": "Quand sont payées les factures ?",
    "it": "Quando si pagano le fatture?",
    "ja": "請求書はいつ支払われますか?",
    "nl": "Wanneer worden facturen betaald?",
    "pl": "Kiedy są opłacane faktury?",
    "pt": "Quando são pagas as faturas?",
    "ru": "Когда оплачиваются счета?",
    "sv": "När betalas fakturor?",
    "tr": "Faturalar ne zaman ödenir?",
}


@pytest.mark.parametrize("code", QUESTIONS)
def test_the_sentence_that_answers_is_found_in_many_languages(code):
    sentences = SAMPLES[code][0]
    text = ("" if code == "ja" else " ").join(sentences)

    assert quotes(QUESTIONS[code], text, language=code) == [(1, sentences[1])]


def test_number_is_preferred_when_a_number_is_asked_for():
    text = (
        "Backups of the archive are kept in a safe place for the auditors. "
        "Backups of the archive are kept for 30 days."
    )

    assert quotes("How long are backups kept?", text)[0][1].endswith("kept for 30 days.")


def test_definition_is_preferred_when_a_meaning_is_asked_for():
    text = (
        "The size of a checkpoint record varies with every checkpoint of the server. "
        "A checkpoint is a point in the log at which all data files have been updated."
    )

    assert quotes("What is a checkpoint?", text)[0][1].startswith("A checkpoint is a point")


def test_reason_is_preferred_when_a_reason_is_asked_for():
    text = (
        "The server was restarted on Monday by the team. "
        "The server was restarted on Monday because its memory had failed."
    )

    assert "because its memory" in quotes("Why was the server restarted?", text)[0][1]


def test_question_in_a_passage_answers_nothing():
    text = "How can the password be changed? The password can be changed in the profile."

    assert quotes("How can I change the password?", text) == [
        (1, "The password can be changed in the profile.")
    ]


def test_heading_gives_the_subject_a_sentence_leaves_out():
    text = "Press the red button and hold it for ten seconds. The box is made of steel."

    found = quotes("How do I reset the X200 router?", text, heading="X200 router: factory reset")

    assert found == []  # Nothing in the text itself speaks of it.
    reset = "To reset, press the red button for ten seconds. The box is made of steel."
    assert quotes("How do I reset the X200 router?", reset, heading="X200 router") == [
        (1, "To reset, press the red button for ten seconds.")
    ]


def test_same_sentence_is_quoted_once():
    text = "The office in Milan opens at nine."

    assert quotes("When does the Milan office open?", text, f"{text} Welcome.") == [(1, text)]


def test_sentence_that_leans_on_the_one_before_brings_it_along():
    text = (
        "The vault holds the keys of the house. It is opened with a code by the guard of the vault."
    )

    ((_, found),) = quotes("Who opens the vault with a code?", text)

    assert found == text


def test_announced_list_follows_its_colon():
    text = "Restart the server with this command:\n\n- systemctl restart thing\n\nDone at last."

    ((_, found),) = quotes("How do I restart the server?", text)

    assert found == "Restart the server with this command:\n- systemctl restart thing"


def test_markdown_links_are_reduced_to_their_words():
    text = (
        "The [`dict`](stdtypes.html#dict 'x') type maps keys; see [keys](a.html) of the type dict."
    )

    ((_, found),) = quotes("What does the dict type map?", text.replace("'", '"'))

    assert found == "The `dict` type maps keys; see keys of the type dict."


def test_endless_line_is_not_quoted():
    assert quotes("What is in the blob?", "blob " * 300) == []


def test_a_sentence_of_two_overlapping_passages_is_quoted_from_the_first():
    passages = [
        "The pump is red. The pump must be oiled every 500 hours.",
        "The pump must be oiled every 500 hours. The pump stands in hall 3.",
    ]

    found = quotes("How often must the pump be oiled?", *passages)

    assert found == [(1, "The pump must be oiled every 500 hours.")]
    assert quotes("Why?", *passages) == []


def test_at_most_three_sentences_are_quoted():
    text = " ".join(f"The pump number {n} of station {n * 7} moves water uphill." for n in range(9))

    found = quotes("Which pump moves water uphill?", text)

    assert 1 <= sum(quote.count("The pump") for _, quote in found) <= 3


@pytest.mark.parametrize(
    "question",
    [
        "What is the notice period in the rental contract?",
        "Who is the chief executive of Siemens?",
        "How do I replace the toner?",
        "zzz",
    ],
)
def test_passages_about_something_else_give_nothing(question):
    texts = [CONNECTIONS, "The period of a wave is the time between two crests. What a day!"]

    assert quotes(question, *texts) == []


def test_eight_passages_are_read_in_a_few_milliseconds():
    texts = [
        " ".join(f"Word{seed} number {n} of replication lag says this." for n in range(25))
        for seed in range(8)
    ]
    quotes("What about replication lag?", *texts)

    spent = []
    for _ in range(5):
        start = time.process_time()
        assert quotes("What about replication lag?", *texts)
        spent.append(time.process_time() - start)

    assert min(spent) < 0.05


HOSTILE = {
    "calls": lambda n: "log(" * n + ")" * n,
    "calls without an end": lambda n: "log(a " * n,
    "bars": lambda n: "log | " * n,
    "addresses": lambda n: "log www.a" * n,
    "brackets": lambda n: "log [a](b " * n,
    "orders": lambda n: "log ignore " * n,
    "words": lambda n: " ".join(f"log{i}" for i in range(n)),
    "sentences": lambda n: "The log is sent. " * n,
    "one word": lambda n: "log" * n,
    "characters": lambda n: "".join(chr(0x4E00 + i) for i in range(n)),
    "short runs of characters": lambda n: " ".join(chr(0x4E00 + i) * 2 for i in range(n)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_for_quotes_grows_no_faster_than_question_and_passage(name):
    def seconds(n):
        text, best = HOSTILE[name](n), float("inf")
        for _ in range(3):
            start = time.process_time()
            quotes(text, text)
            quotes("How is the log sent?", text)
            best = min(best, time.process_time() - start)
        return best

    # Sixteen times as much takes 256 times as long when something is quadratic.
    assert seconds(4000) < 64 * max(seconds(250), 0.001)
