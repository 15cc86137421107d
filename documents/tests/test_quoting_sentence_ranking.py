from __future__ import annotations

import time
from dataclasses import replace

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


DEPOSIT = "Die Kaution beträgt 1.950 Euro und wird in drei Raten gezahlt."
HANDOVER = f"Der Mieter übernimmt die Räume. Der Schlüssel für den Keller fehlt. {DEPOSIT}"
CHARTER = "Kaninchen dürfen gehalten werden. Der Vorstand beruft den Ausschuss."


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("Wie hoch ist die Kaution?", HANDOVER, [(1, DEPOSIT)]),
        ("Wieviel Euro Kaution muss ich bitte zahlen?", HANDOVER, [(1, DEPOSIT)]),
        ("Darf ich Kaninchen haben?", CHARTER, [(1, "Kaninchen dürfen gehalten werden.")]),
        ("Wer beruft?", CHARTER, [(1, "Der Vorstand beruft den Ausschuss.")]),
        ("Wie hoch ist der Turm?", HANDOVER, []),
        ("Darf ich rauchen?", CHARTER, []),
    ],
)
def test_german_words_that_ask_are_not_what_is_asked_about(question, text, answer):
    assert quotes(question, text, language="de") == answer


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


def near(values):
    """A meaning that knows how near some sentences are, and finds all others far."""
    return lambda _question, texts: [
        next((value for words, value in values.items() if words in text), 0.0) for text in texts
    ]


def asked_with(meaning, question, text, *, asked_in="en", language="en", title="Guide"):
    asked = replace(single_question(question, reader_of(language)), asked_in=asked_in)
    found = best_quotes(asked, [Passage(1, text, title, title, language)], meaning=meaning)
    return [quote.text for quote in found]


def test_another_language_is_answered_by_meaning():
    text = "Mitarbeitende haben 25 Ferientage im Jahr. Es gibt eine Kantine."
    question = "How many vacation days do employees have?"

    assert asked_with(near({"Ferientage": 0.7}), question, text, language="de") == [
        "Mitarbeitende haben 25 Ferientage im Jahr."
    ]
    assert asked_with(near({"Ferientage": 0.4}), question, text, language="de") == []
    # It is near, and no number.
    assert asked_with(near({"Kantine": 0.9}), question, text, language="de") == []


def test_other_words_for_the_same_are_found_by_meaning_and_form():
    text = "The P400 pumps oil. Weight: 18.5 kg. Colour: grey."

    assert asked_with(near({"Weight": 0.7}), "How heavy is the P400?", text) == ["Weight: 18.5 kg."]
    assert asked_with(None, "How heavy is the engine?", text) == []


def test_what_lacks_the_subject_has_to_be_near():
    text = "Full-time staff have paid leave. Requests for leave are entered in the portal."
    question = "How do I apply for unpaid sabbatical leave?"

    assert asked_with(near({"portal": 0.4}), question, text) == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many days of leave do staff in Paris have?", "Staff have 27 days of leave."),
        ("What does error code E12 mean?", "Error code E04 means that the pump leaks."),
        ("What is the salary of Ada Lovelace?", "The head of research is Ada Lovelace."),
        ("When does the contract with Hollmann end?", "The contract with Hollmann is in the safe."),
        (
            "How many employees does the office have?",
            "The office gives employees 27 days of leave.",
        ),
        ("What is the phone number of the office?", "The phone of the office is black."),
    ],
)
def test_a_near_miss_is_no_answer(question, text):
    assert asked_with(None, question, text) == []
    assert asked_with(near({text[:10]: 0.55}), question, text) == []


def test_who_asks_how_gets_the_steps_whole():
    steps = "1. Open the vent valve.\n2. Run it at full speed.\n3. Close the vent valve."
    text = f"## Venting the pump\n\n{steps}\n\n## Oil\n\nThe pump needs oil."

    assert quotes("How do I vent the pump?", text) == [(1, steps)]
    # Who asks something else gets the sentence.
    assert quotes("Why does the pump need oil?", text) == [(1, "The pump needs oil.")]


def test_the_section_that_is_asked_about_gives_the_steps():
    text = (
        "## Set up the VPN on Windows\n\n1. Install Connect.\n2. Sign in.\n\n"
        "## Set up the VPN on a Mac\n\n1. Download the profile.\n2. Install it."
    )

    assert quotes("How do I set up the VPN on a Mac?", text) == [
        (1, "1. Download the profile.\n2. Install it.")
    ]


def test_a_passage_that_defines_what_is_asked_comes_first():
    copy = "COPY moves data between files and tables. COPY FROM copies a file to a table."
    odd = "Some CSV files that we copy are odd. A CSV file can hold a table with three titles."
    asked = single_question("How do I copy a CSV file into a table quickly?", reader_of("en"))

    found = best_quotes(
        asked, [Passage(1, odd, "Odd files\nNotes"), Passage(2, copy, "COPY\nCOPY")]
    )

    assert found[0].number == 2 or found[0].text in copy


def test_a_row_is_quoted_with_the_head_of_its_table():
    text = "| Place | Hotel | Meals |\n|---|---|---|\n| Italy | £140 | £42 |\n| Spain | £99 | £30 |"
    asked = single_question("How much may a hotel in Italy cost?", reader_of("en"))

    (found,) = best_quotes(asked, [Passage(1, text, "Travel")])

    assert found.text == "Italy | £140 | £42"
    assert found.block == "| Place | Hotel | Meals |\n| --- | --- | --- |\n| Italy | £140 | £42 |"


@pytest.mark.parametrize("city", ["Rome", "Pisa"])
def test_a_row_far_down_is_quoted_with_the_columns_of_its_table(city):
    rows = {"Rome": "| Rome | Ada Conti | 120 |", "Pisa": "| Pisa | Bob Fini | 85 |"}
    asked = single_question(f"Who is the mayor of {city}?", reader_of("en"))
    heading = "cities.xlsx\nLong > City | Mayor | Inhabitants"

    (found,) = best_quotes(asked, [Passage(1, "\n".join(rows.values()), heading)])

    head = "| City | Mayor | Inhabitants |\n| --- | --- | --- |"
    assert found.block == f"{head}\n{rows[city]}"


FREQUENT = """Opening hours
The tanks are cleaned on Fridays.
When does the café open?
At nine, on Sundays at eleven.
How much is a guided tour?
45, for groups 120.
Who may enter a tank?
Only with a licence, and never alone.
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the café open?", "At nine, on Sundays at eleven."),
        ("How much is a guided tour?", "45, for groups 120."),
        ("Who may enter a tank?", "Only with a licence, and never alone."),
        ("When are the tanks cleaned?", "The tanks are cleaned on Fridays."),
        ("When does the museum open?", None),
        ("Who may clean a guided café?", None),
    ],
)
def test_a_frequent_question_is_answered_by_what_stands_below_it(question, answer):
    assert quotes(question, FREQUENT) == ([(1, answer)] if answer else [])


PRICES = (
    "codice;articolo;prezzo;consegna\nPU-1;Pompa;1.240,00 €;5 giorni\n"
    "GU-1;Guarnizione;12,50 €;2 giorni\nVA-3;Valvola;34,00 €;3 giorni"
)
ADVICE = (
    "Una valvola che perde costa circa 200 euro l'anno. Una pompa vecchia costa alla ditta 300 "
    "euro di corrente l'anno. Riparare la caldaia costa 90 euro."
)
ARTICLES = "| Article | Price |\n|---|---|\n| Pump | £140 |\n| Seal | £2 |"
REPAIRS = (
    "A leaking pipe costs about £200 a year. Calling the plumber costs £90, and the pump then "
    "costs another £30 in power. Every repair costs time."
)


@pytest.mark.parametrize(
    ("question", "language", "prose", "table", "row"),
    [
        ("Quanto costa la pompa?", "it", ADVICE, PRICES, "PU-1;Pompa;1.240,00 €;5 giorni"),
        ("How much does the pump cost?", "en", REPAIRS, ARTICLES, "Pump | £140"),
        ("What does the pump cost?", "en", REPAIRS, ARTICLES, "Pump | £140"),
    ],
)
def test_a_row_is_preferred_to_a_sentence_that_has_the_verb(question, language, prose, table, row):
    before = quotes(question, prose, table, language=language)
    behind = quotes(question, table, prose, language=language)

    assert (before[0], behind[0]) == ((2, row), (1, row))


def test_a_row_about_something_else_is_no_answer():
    assert quotes("Quanto costa il tetto?", PRICES, language="it") == []
    assert quotes("What does the roof cost?", ARTICLES) == []


def test_who_asks_about_a_topic_gets_what_stands_below_its_heading():
    text = "## Sickness\n\nCall your team leader before nine.\n\n## Parking\n\nThere are 46 spaces."

    found = quotes("What does the handbook say about sickness?", text, heading="Handbook")

    assert found == [(1, "Call your team leader before nine.")]
    assert quotes("What does the handbook say about smoking?", text, heading="Handbook") == []


def test_two_questions_in_one_are_both_answered():
    text = "Backups run at night. Vacuum reclaims storage. The cat sleeps."

    found = quotes("When do backups run, and what reclaims storage?", text)

    assert [words for _, words in found] == ["Backups run at night.", "Vacuum reclaims storage."]


INVITATION = (
    "Meeting: Budget review\nWhen: Friday, 13 November 2026, 10:00 to 11:30 (Europe/Rome)\n"
    "Where: Sala Ada\nOrganizer: Maria Rossi <maria@corp.example>\n"
    "Attendees: Ann Bell <ann@corp.example>, Carl Deng <carl@corp.example>\n\n"
    "Bring the figures of the quarter."
)
WHEN = "When: Friday, 13 November 2026, 10:00 to 11:30 (Europe/Rome)"
ATTENDEES = "Attendees: Ann Bell <ann@corp.example>, Carl Deng <carl@corp.example>"
OTHERS = ("Invoices are paid within thirty days in Leeds.", "Head of sales is Ingrid Petersen.")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When is the budget review?", WHEN),
        ("When does the meeting end?", WHEN),
        ("Where is the meeting?", "Where: Sala Ada"),
        ("Where do we meet on Friday?", "Where: Sala Ada"),
        ("Who is invited to the budget review?", ATTENDEES),
        ("Who attends the meeting?", ATTENDEES),
    ],
)
def test_a_line_named_after_what_is_asked_answers(question, said):
    found = quotes(question, INVITATION, *OTHERS, heading="Meeting: Budget review")

    assert [number for number, _ in found] == [1]
    assert found[0][1].endswith(said)


@pytest.mark.parametrize(
    "question",
    [
        "When is the company party?",
        "Where is the kitchen?",
        "Who is invited to the party?",
        "Where does the bus leave?",
    ],
)
def test_a_line_named_after_what_is_asked_says_nothing_of_other_things(question):
    assert quotes(question, INVITATION, *OTHERS) == []


def test_a_time_of_more_figures_than_letters_answers():
    text = "Summary: Supplier fair\nTime: 10 December 2026, 9:30 to 12:00\nPlace: Hall C"

    found = quotes("When is the supplier fair?", text, *OTHERS)

    assert found == [(1, "Time: 10 December 2026, 9:30 to 12:00")]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("When and where is the budget review?", "en"),
        ("Quando e dove è la budget review?", "it"),
        ("Wann und wo ist die budget review?", "de"),
    ],
)
def test_when_and_where_are_both_answered(question, language):
    asked = single_question(question, reader_of("en", language))
    passage = Passage(1, INVITATION, "Meeting: Budget review", language="en")

    found = best_quotes(replace(asked, asked_in=language), [passage])

    assert [quote.text for quote in found] == [WHEN, "Where: Sala Ada"]


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


PRICES = """| Leistung | Preis | Dauer |
|---|---|---|
| Reifenwechsel | 45 | 40 Minuten |
| Inspektion | auf Anfrage | 3 Stunden |
"""


def test_a_figure_below_a_price_is_one_without_a_currency():
    found = quotes("Was kostet ein Reifenwechsel?", PRICES, language="de")

    assert found == [(1, "Reifenwechsel | 45 | 40 Minuten")]
    assert quotes("Was kostet eine Inspektion?", PRICES, language="de") == []
    assert quotes("What is the price of the bench?", "Bench\n\nPrice: 45\n\nColour: green") == [
        (1, "Price: 45")
    ]


CODE_BELOW = """To restart the server, run the script.

```sh
systemctl restart thing
```

Who runs the script needs to be root.
"""


def test_code_follows_what_tells_how_a_thing_is_done():
    (told,) = best_quotes(
        single_question("How do I restart the server?", reader_of("en")),
        [Passage(1, CODE_BELOW, "", language="en")],
    )
    ((_, named),) = quotes("Who restarts the server?", CODE_BELOW)

    assert told.block == (
        "“To restart the server, run the script.”\n\n```sh\nsystemctl restart thing\n```"
    )
    assert "systemctl" not in named


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


def spent_on(act):
    """The least CPU time of five turns, in seconds."""
    spent = []
    for _ in range(5):
        start = time.process_time()
        assert act()
        spent.append(time.process_time() - start)
    return min(spent)


def test_eight_passages_are_read_in_a_few_milliseconds():
    texts = [
        " ".join(f"Word{seed} number {n} of replication lag says this." for n in range(25))
        for seed in range(8)
    ]
    quotes("What about replication lag?", *texts)

    # 25 ms on a machine that makes twenty million of these steps in a second.
    plain = spent_on(lambda: sum(step % 7 for step in range(500_000)))

    assert spent_on(lambda: quotes("What about replication lag?", *texts)) < plain


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
