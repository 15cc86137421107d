"""Languages of texts: which one it is, the stems of its words, and its stop words.

Knows no Django, because the parsers use it.
"""

from __future__ import annotations

import threading
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from py3langid.langid import LanguageIdentifier

# PostgreSQL's text search configurations and Snowball's stemmers have the same names. Estonian
# is left out: PostgreSQL has it from version 18 on, and would refuse the document before.
CONFIGS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
STEMMERS = CONFIGS | {"cs": "czech", "et": "estonian", "fa": "persian", "pl": "polish"}
UNSTEMMED = "simple"
# Fewer choices are right more often and take less memory than the 139 the model knows.
WITHOUT_STEMMER = "be bg bn he hr is ja ka kk ko lv mk sk sl sq th uk ur vi zh"
LANGUAGES = frozenset((*STEMMERS, *WITHOUT_STEMMER.split()))

# By so much has a guess between a few languages to beat the first of them: "MTU 1500?" is none.
PLAINLY = 3
# Characters of the beginning and of the middle each: a cover may be in another language than the
# text. A sentence or two would do; more costs time (0.3 ms per 1,000), which small files notice.
SAMPLE = 500
# Of the right answers to questions of a few words 19 of 20 are above, of code and numbers none.
CONFIDENT = 0.4

# A word in the longest compounds of German has about 40 letters; more is no word.
LONGEST_WORD = 64
STOP_WORDS = Path(__file__).parent / "stop_words"

loading = threading.Lock()


def identify(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty when it is too short or mixed to tell."""
    code, confidence = identifier().classify(sample_of(text))
    return code if confidence >= CONFIDENT else ""


def most_likely(text: str, choices: Sequence[str]) -> str:
    """The one of some languages a text is in; the first when it is in another, or in doubt."""
    found = identify(text)
    if found:
        return found if found in choices else choices[0]
    scores = dict(identifier().rank(sample_of(text)))
    best = max(choices, key=scores.__getitem__)
    return best if scores[best] >= PLAINLY * scores[choices[0]] else choices[0]


def prevailing(codes: Iterable[str]) -> str:
    """The most frequent of the languages of some texts; empty when most are not known."""
    return next((code for code, _ in Counter(codes).most_common(1)), "")


def language_to_compare_in(codes: Iterable[str], asked_in: str, otherwise: str) -> str:
    """By which language's rules the words of a question and of texts are compared.

    The question's own where a text is in it; else that of most texts, or `otherwise`.
    """
    known = [code for code in codes if code]
    return asked_in if asked_in in known else prevailing(known) or otherwise


def sample_of(text: str) -> str:
    """As much of a text as shows its language."""
    if len(text) <= 2 * SAMPLE:
        return text
    middle = len(text) // 2
    return f"{text[:SAMPLE]} {text[middle : middle + SAMPLE]}"


def identifier() -> LanguageIdentifier:
    """The model of the process; takes half a second of CPU and 60 MB from the first use on."""
    with loading:
        return load_identifier()


@lru_cache(maxsize=1)
def load_identifier() -> LanguageIdentifier:
    """The model, for our languages alone: the original keeps the figures of all others."""
    # Late, because most processes never need it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 -- see above

    whole = LanguageIdentifier.from_model_file(MODEL_FILE)
    whole.set_languages(LANGUAGES)
    return LanguageIdentifier(
        whole.nb_ptc,
        whole.nb_pc,
        whole.nb_classes,
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )


def text_config(language: str, default: str) -> str:
    """The PostgreSQL text search configuration of a language code or name.

    `simple`, which stems nothing, for a language PostgreSQL has none for; `default` for none.
    """
    code = base_code(language)
    if code in CONFIGS.values():
        return code
    if code in {"", UNSTEMMED}:
        return default
    return CONFIGS.get(code, UNSTEMMED)


def base_code(language: str) -> str:
    """A code or name in lower case, without its region."""
    return language.strip().lower().replace("_", "-").partition("-")[0]


def stemmer_name(language: str) -> str:
    """The name of a language's stemmer; empty when it has none."""
    code = base_code(language)
    return code if code in STEMMERS.values() else STEMMERS.get(code, "")


def stem(word: str, language: str) -> str:
    """A word in lower case without its ending, as search has it; as it is without a stemmer."""
    return short_stem(word, language) if len(word) <= LONGEST_WORD else word


# As many words as several languages' documents are made of; about 10 MB.
@lru_cache(maxsize=50_000)
def short_stem(word: str, language: str) -> str:
    """The stem, by a stemmer of its own: one cannot be used by two threads at once."""
    name = stemmer_name(language)
    return Stemmer.Stemmer(name, 0).stemWord(word) if name else word


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing by themselves; none where there is no list."""
    file = STOP_WORDS / f"{stemmer_name(language)}.stop"
    return frozenset(file.read_text().split()) if file.is_file() else frozenset()
