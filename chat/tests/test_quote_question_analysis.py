from __future__ import annotations

import pytest

from chat.agent.types import ChatMessage
from chat.llm.quote.question_analysis import last_question
from chat.llm.quote.small_talk import small_talk, time_question
from documents.quoting.answer_kinds import kinds_of
from documents.quoting.words import reader_of


def asked(*texts, answer="Use pg_dump for that [1].", languages=("en", "it")):
    messages = []
    for text in texts:
        messages += [ChatMessage("user", text), ChatMessage("assistant", answer)]
    return last_question(messages[:-1], reader_of(*languages))


@pytest.mark.parametrize(
    "text",
    [
        "and how do I monitor it?",
        "What about on Windows?",
        "on Windows?",
        "how do I restore it",
        "why?",
        "E come lo si controlla?",
        "ma su Windows?",
        "come posso monitorarla?",
        "posso farlo?",
        "entro quando?",
        "tell me more",
    ],
)
def test_question_that_leans_on_the_topic_is_completed(text):
    question = asked("What is streaming replication?", text)

    assert question.query.startswith("What is streaming replication ")
    assert {"stream", "replic"} <= question.weights.keys()


@pytest.mark.parametrize(
    "text",
    [
        "How do I create a partial index?",
        "Which isolation levels are supported by the server?",
        "Who is Carlo?",
        "backup",
        "Is there a way to find queries that block other sessions on the standby?",
    ],
)
def test_question_that_stands_alone_is_left_alone(text):
    question = asked("What is streaming replication?", text)

    assert question.query == text
    assert "replic" not in question.weights


@pytest.mark.parametrize(
    ("text", "is_completed"),
    [
        ("Und wie lange dauert das?", True),
        ("Aber im Winter?", True),
        ("Wie lange hält er?", True),
        ("Was kosten sie?", True),
        ("ab wann?", True),
        ("Wie erreiche ich Sie?", False),
        ("Wer leitet den Einkauf?", False),
    ],
)
def test_german_question_that_leans_on_the_topic_is_completed(text, is_completed):
    question = asked("Wer prüft den Aufzug?", text, languages=("de",))

    assert question.query.startswith("Wer prüft den Aufzug ") is is_completed


def test_follow_up_as_first_question_is_searched_as_it_is():
    assert asked("and how do I monitor it?").query == "and how do I monitor it?"


def test_own_words_count_more_than_the_topic():
    question = asked("What is streaming replication?", "and how do I monitor it?")

    assert question.weights["monitor"] == 1.0
    assert 0 < question.weights["replic"] < 1.0
    assert question.own == {"monitor"}


def test_chain_of_follow_ups_keeps_its_subject():
    question = asked(
        "What is streaming replication?", "and how do I monitor it?", "and on Windows?"
    )

    assert question.query == "What is streaming replication how do I monitor it on Windows?"


def test_names_of_the_answer_help_a_pronoun():
    question = asked("Which tool makes backups?", "how do I restore with it?")

    assert question.query == "Which tool makes backups how do I restore with it? pg_dump"


def test_small_talk_between_questions_does_not_lose_the_topic():
    question = asked("What is streaming replication?", "thanks", "what time is it?", "and its lag?")

    assert question.query.startswith("What is streaming replication ")


def test_whole_name_counts_more_than_its_parts():
    weights = asked("default of max_connections").weights

    assert weights["max_connections"] > weights["connect"] > 0


@pytest.mark.parametrize(
    "text",
    [
        "Hello " * 50,
        "Hello world program in C",
        "Thanksgiving dinner",
        "help desk number",
        "hi-fi amplifiers",
    ],
)
def test_question_that_begins_like_small_talk_is_none(text):
    assert small_talk(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "zone"),
    [
        ("what time is it", "time", ""),
        ("What's the time?", "time", ""),
        ("what\u2019s the current time in London right now?", "time", "Europe/London"),
        ("tell me the time", "time", ""),
        ("what is the time in India", "time", "Asia/Kolkata"),
        ("what time is it in South Korea?", "time", "Asia/Seoul"),
        ("che ore sono in Finlandia?", "time", "Europe/Helsinki"),
        ("che ore sono a Varsavia?", "time", "Europe/Warsaw"),
        ("what time is it in Germany?", "time", "Europe/Berlin"),
        ("what time is it in the United States?", "time", ""),
        ("what time is it in Milan?", "time", "Europe/Rome"),
        ("Che ore sono?", "time", ""),
        ("che ora è a Tokyo", "time", "Asia/Tokyo"),
        ("dimmi l'ora", "time", ""),
        ("what day is today?", "date", ""),
        ("what's the date", "date", ""),
        ("today's date?", "date", ""),
        ("quanti ne abbiamo oggi", "date", ""),
        ("in che anno siamo?", "date", ""),
    ],
)
def test_question_for_the_time_is_understood(text, kind, zone):
    question = time_question(text)

    assert question is not None
    assert (question.kind, question.zone) == (kind, zone)


@pytest.mark.parametrize(
    "text",
    [
        "What time does the office open?",
        "what is the date of the contract",
        "how long does it take",
        "what day is the meeting of the board",
        "Che ore sono previste dal contratto?",
    ],
)
def test_question_about_a_time_in_documents_is_none_for_the_clock(text):
    assert time_question(text) is None


@pytest.mark.parametrize(
    ("before", "text", "kind"),
    [
        ("What is the maximum pressure of the P200?", "And how much does it cost?", "money"),
        ("How much does a hotel in Italy cost?", "And in Spain?", "money"),
        ("How much is the yearly fee?", "How is it terminated?", None),
        ("When is the next meeting?", "And where will it take place?", "place"),
        ("Quanto costa la batteria?", "E il deposito?", "money"),
    ],
)
def test_a_follow_up_wants_its_own_kind_of_answer_or_that_of_the_question_before(
    before, text, kind
):
    kinds = kinds_of(asked(before, text).asked_for)

    assert (kinds[0].name if kinds else None) == kind
