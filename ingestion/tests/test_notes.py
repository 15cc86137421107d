"""What owners are told of files that were read, as its reader understands it."""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest
from django.utils.translation import override

from accounts.enums import Language
from accounts.tests.factories import UserFactory
from ingestion import parsing, pipeline
from ingestion.enums import Stage
from ingestion.notes import detail_of, note_of
from ingestion.parsing.sentences import (
    FIRST_SCANS,
    GUESSED_LETTERS,
    NOTES,
    READ_BY_OCR,
    TOO_LONG,
    attachment_refused,
)
from ingestion.reasons import REASONS
from ingestion.tests.factories import ItemFactory

REFUSING = {"ParseFailed", "Reason"}
NAME = "'17 {0} %s. Read by OCR, which may mistake letters. \\' .txt'"
REASON = "The file is protected by a password."
SENTENCE = re.compile(r".+ .+\.\Z")
VALUES = {"name": NAME, "reason": REASON}


class Values(dict[str, str]):
    """Something for all that sentences vary in."""

    def __missing__(self, name: str) -> str:
        return VALUES.get(name, "17")


def trees(*rooms: ModuleType) -> dict[str, ast.Module]:
    """All that some packages are written in."""
    paths = (path for room in rooms for path in Path(str(room.__file__)).parent.rglob("*.py"))
    return {str(path): ast.parse(path.read_text()) for path in paths}


def texts_in(node: ast.AST) -> list[str]:
    """The texts that stand in a piece of the source, with a number for what varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value.format_map(Values())]
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "17" for part in node.values)
        return ["".join(map(str, parts))]
    return [text for part in ast.iter_child_nodes(node) for text in texts_in(part)]


def refusals_in(tree: ast.Module) -> list[str]:
    """How parsers word why they do not read a file, as they do for one that is attached."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    words = [
        node.args[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSING
    ]
    named = [part.id for word in words for part in ast.walk(word) if isinstance(part, ast.Name)]
    told = [text for text in constants.values() if isinstance(text, ast.Constant)]
    texts = [*words, *told, *(constants[name] for name in named if name in constants)]
    return [text for each in texts for text in texts_in(each) if SENTENCE.match(text)]


def notes_in(tree: ast.Module) -> list[ast.AST]:
    """What becomes notes, and what makes them."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=ast.Attribute(attr="note"))
                | ast.Call(func=ast.Attribute(value=ast.Name(id="notes")))
            ):
                found += node.args
            case ast.keyword(arg="note" | "notes"):
                found.append(node.value)
            case ast.Assign(targets=[ast.Name(id="note" | "notes") | ast.Attribute(attr="notes")]):
                found.append(node.value)
            case ast.FunctionDef(name="notes" | "sentences" | "note_on" | "note_on_members"):
                found += node.body[1:]
    return found


REFUSALS = sorted({text for tree in trees(parsing).values() for text in refusals_in(tree)})


def test_notes_are_worded_where_translators_see_them() -> None:
    found = {path: notes_in(tree) for path, tree in trees(parsing, pipeline).items()}
    assert sum(map(len, found.values())) > 30

    texts = {
        path: [text for node in nodes for text in texts_in(node)] for path, nodes in found.items()
    }

    assert not [(path, text) for path in texts for text in texts[path] if text.endswith(".")]


@pytest.mark.parametrize("sentence", NOTES)
def test_every_note_is_told_in_italian_with_what_it_varies_in(sentence: str) -> None:
    stored = sentence.format_map(Values())

    with override("en"):
        assert note_of(stored) == stored
    with override("it"):
        told = note_of(stored)

    assert told != stored
    assert told.count("17") == stored.count("17")
    assert (NAME in told) == (NAME in stored)
    assert REASON not in told


def test_refusals_of_parsers_are_found() -> None:
    assert len(REFUSALS) > 20


@pytest.mark.parametrize("detail", REFUSALS)
def test_an_attachment_is_said_in_italian_to_be_refused_for_any_reason(detail: str) -> None:
    with override("it"):
        told = note_of(attachment_refused("a.pdf", detail))
        reasons = {str(reason) for reason in REASONS.values()}

    assert told.removeprefix("L\u2019allegato 'a.pdf' non è stato letto: ") in reasons


def test_several_sentences_are_told_one_by_one_and_those_of_others_stay() -> None:
    note = " ".join(
        [
            READ_BY_OCR,
            "Somebody's own words.",
            attachment_refused("it's a. b.msg", "Nobody knows why."),
            FIRST_SCANS.format(count=500),
            TOO_LONG,
            GUESSED_LETTERS.format(encoding="ISO-8859-15"),
        ]
    )

    with override("it"):
        assert note_of(note) == (
            "Letto con l\u2019OCR, che può scambiare le lettere. Somebody's own words. "
            'L\u2019allegato "it\'s a. b.msg" non è stato letto: Nobody knows why. '
            "Pagine scansionate lette: solo le prime 500. "
            "Il testo era molto lungo: si può trovare solo l\u2019inizio. "
            "Il file non dice in quale codifica è scritto: è stato letto come ISO-8859-15."
        )


@pytest.mark.parametrize("note", ["", "17", "{0} %(name)s", "No. Reading scans: page"])
def test_what_is_no_note_of_ours_stays_as_it_is(note: str) -> None:
    with override("it"):
        assert note_of(note) == note


def test_a_refusal_is_told_by_the_code_it_has() -> None:
    with override("it"):
        assert detail_of("A part of the file is missing.") == str(REASONS["damaged_file"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "told"),
    [("en", READ_BY_OCR), ("it", "Letto con l\u2019OCR, che può scambiare le lettere.")],
)
def test_every_edge_tells_notes_in_the_language_of_its_reader(client, client_of, language, told):
    user = UserFactory(is_staff=True, is_superuser=True, language=Language(language))
    item = ItemFactory(run__owner=user, stage=Stage.READY, note=READ_BY_OCR)
    client.force_login(user)

    rows = client_of(user).get(
        f"/v1/ingestion/runs/{item.run_id}/items", headers={"Accept-Language": language}
    )
    page = client.get(f"/documents/runs/{item.run_id}").content.decode()
    staff = client.get(f"/admin/ingestion/ingestionitem/{item.pk}/change/").content.decode()

    assert rows.json()["results"][0]["note"] == told
    assert told in page
    assert told in staff
    assert page.count(READ_BY_OCR) == (language == "en")
    assert staff.count(READ_BY_OCR) == (language == "en")
