"""What is said in place of what cannot be read aloud, in the languages of the product."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `{…}` is filled in."""

    code: str
    code_in: str
    table: str
    more_rows: str
    formula: str
    diagram: str
    link: str
    picture: str
    over: str
    to_the_power: str
    root_of: str
    symbols: dict[str, str] = field(default_factory=dict)


ENGLISH = Words(
    code="Here is a block of code.",
    code_in="Here is a block of code in {language}.",
    table="A table.",
    more_rows="And {count} more rows.",
    formula="a formula",
    diagram="Here is a diagram.",
    link="a link to {host}",
    picture="a picture: {text}",
    over="over",
    to_the_power="to the power of",
    root_of="the square root of",
    symbols={
        "times": "times",
        "cdot": "times",
        "div": "divided by",
        "pm": "plus or minus",
        "leq": "is at most",
        "le": "is at most",
        "geq": "is at least",
        "ge": "is at least",
        "neq": "is not",
        "approx": "is about",
        "sum": "the sum of",
        "int": "the integral of",
        "infty": "infinity",
        "to": "to",
        "=": "equals",
        "+": "plus",
        "-": "minus",
        "<": "is less than",
        ">": "is more than",
    },
)
ITALIAN = Words(
    code="Qui c'è un blocco di codice.",
    code_in="Qui c'è un blocco di codice in {language}.",
    table="Una tabella.",
    more_rows="E altre {count} righe.",
    formula="una formula",
    diagram="Qui c'è un diagramma.",
    link="un collegamento a {host}",
    picture="un'immagine: {text}",
    over="fratto",
    to_the_power="alla potenza di",
    root_of="la radice quadrata di",
    symbols={
        "times": "per",
        "cdot": "per",
        "div": "diviso",
        "pm": "più o meno",
        "leq": "è al massimo",
        "le": "è al massimo",
        "geq": "è almeno",
        "ge": "è almeno",
        "neq": "è diverso da",
        "approx": "è circa",
        "sum": "la somma di",
        "int": "l'integrale di",
        "infty": "infinito",
        "to": "a",
        "=": "è uguale a",
        "+": "più",
        "-": "meno",
        "<": "è minore di",
        ">": "è maggiore di",
    },
)
LANGUAGES = {"en": ENGLISH, "it": ITALIAN}


def words_of(language: str) -> Words:
    """The words of a language; English where it is none of ours."""
    return LANGUAGES.get(language.partition("-")[0].lower(), ENGLISH)
