"""Write the words that German compounds are made of: `documents/compound_parts/german.txt`.

They come from the words that the OCR model for German knows, of which the nouns have capitals:
    combine_tessdata -u ingestion/parsing/scans/models/deu.traineddata /tmp/deu.
    dawg2wordlist /tmp/deu.lstm-unicharset /tmp/deu.lstm-word-dawg /tmp/words.txt
    python -m tools.german_parts /tmp/words.txt
Both programs are part of Tesseract. The words are of web pages: names and English are among them,
so short words count only where many compounds have them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sentencepiece import SentencePieceProcessor

from documents import compounds
from documents.encoder.known import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

VOCABULARY = FOLDER / "multilingual-e5-small-int8" / "sentencepiece.model"
LETTERS = "a-zäöüß"
NOUN = re.compile(rf"[A-ZÄÖÜ][{LETTERS}]{{3,}}")
OTHER = re.compile(rf"[{LETTERS}]{{4,}}")
VOWEL = re.compile("[aeiouyäöü]")
# What is written small as well may be no noun, unless it ends as only nouns do.
ENDING_OF_NOUNS = re.compile(
    r"(?:ung|heit|keit|tion|tät)(?:en)?\Z|(?:nisse?|ment|eur|tor|träger|nehmer|geber)\Z"
)
# Endings, prefixes of verbs, pieces, and words at the seams of others: Bundesamt, Arbeitsort.
NO_PARTS = """
aneinander ange anti asse auseinander bene berry bert best betr bist chen chung cine digi dung
durch eger elle ellen eller empor ende enden enten entgegen erin erst ester firm fond fort forte
frank fried gegen gegenüber gung haft hast heit hell herab heraus herein herum hilf hinab hinaus
hinein hinter hintere hoff hold igen inge inne innen inter ionen ische ischen ismus kart keit
kombi kost last leicht leit leite lern lich liche lichen licher ling lung lungs male manche mari
matt medi michel moto must nach nachten native nicht nieder ober obere paper para piel ping poli
raven rent rich richt ring rinnen rung rungs samt schaft schaften schu schw seit sort stan such
teller them tina ting tran trans tung tungs unter untere verb vers viel voran voraus vorbei
vorder weihe wider wied wieder witte zurück zusammen über
"""
# Compounds of fewer letters are words of their own to people: Haushalt, Hochzeit.
SHORTEST_COMPOUND = 9


def main() -> None:
    """Write the list anew."""
    words = Path(sys.argv[1]).read_text(encoding="utf-8").split()
    compounds.FILE.write_text("\n".join(sorted(parts_of(words))) + "\n", encoding="utf-8")


def parts_of(words: list[str]) -> set[str]:
    """The words that compounds are made of, in lower case."""
    nouns = {word.lower() for word in words if NOUN.fullmatch(word)} - set(NO_PARTS.split())
    others = {word for word in words if OTHER.fullmatch(word)}
    frequent, uses = frequent_words(), uses_in(nouns)

    def is_part(word: str) -> bool:
        if not VOWEL.search(word):
            return False
        is_frequent, is_noun, used = word in frequent, word not in others, uses[word]
        match len(word):
            case 4:
                return used >= (4 if is_frequent else 10)
            case 5:
                return used >= (2 if is_frequent else 5)
            case 6:
                return used > 0 or (is_frequent and is_noun)
            case _:
                return is_noun or is_frequent or used > 1 or ends_as_noun(word)

    return without_compounds({word for word in nouns if is_part(word)})


def ends_as_noun(word: str) -> bool:
    """Whether a word is a noun by its ending."""
    return ENDING_OF_NOUNS.search(word) is not None


def frequent_words() -> set[str]:
    """Words with capitals that the embedding model knows whole, in lower case."""
    model = SentencePieceProcessor(model_file=str(VOCABULARY))
    pieces = map(model.id_to_piece, range(model.get_piece_size()))
    return {piece[1:].lower() for piece in pieces if NOUN.fullmatch(piece[1:])}


def uses_in(nouns: set[str]) -> Counter[str]:
    """In how many of the words each is the first or the last part."""
    return Counter(part for word in nouns for part in set(chain(*pairs_in(word, nouns))))


def pairs_in(word: str, known: set[str]) -> Iterator[tuple[str, str]]:
    """All divisions of a word in two."""
    shortest = compounds.SHORTEST_PART
    for place in range(shortest, len(word) - shortest + 1):
        if word[place:] in known:
            for first in compounds.first_parts(word[:place], known):
                yield first, word[place:]


def without_compounds(parts: set[str]) -> set[str]:
    """The words that are not made of shorter ones."""
    known: set[str] = set()
    for word in sorted(parts, key=len):
        is_long = len(word) >= SHORTEST_COMPOUND
        if not (is_long and compounds.division(word, compounds.MOST_DIVISIONS, known)):
            known.add(word)
    return known


if __name__ == "__main__":
    main()
