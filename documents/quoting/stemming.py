"""Words as the quote model compares them: without stop words, endings and case; en and it."""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")

ENGLISH_WORDS = """
a about above after again all also am an and any are aren as at be because been before being
below between both but by can cannot could couldn did didn do does doesn doing don down during
each ever explain few find for from further get give had hadn has hasn have haven having he her
here hers him his how if in into is isn it its itself just know let ll looking may me mean means
might mine more most much must my need no nor not now of off on once one only or other ought our
out over own please possible re say says shall she should shouldn show so some something such t
tell than that the their them then there these they thing things this those through to too under
until up us use used using ve very want was wasn way we were weren what when where which while
who whom whose why will with without won work works would wouldn you your yours document
documents doc docs
"""
ENGLISH = frozenset(ENGLISH_WORDS.split())
ITALIAN_WORDS = """
a abbia ad agli ai al alla alle allo anche avere avete aveva bisogno c che chi ci cioè ciò coi
col come con cosa cosi così cui d da dagli dai dal dalla dalle dallo dei del dell della delle
dello dentro devo deve di dice dicono dimmi documenti documento dove due e ed era essere fa fai
far fare favore fino fra funziona già gli ha hai hanno ho i il in io l la le lei li lo loro lui
ma me mi mia mie miei mio modo molto n ne nei nel nell nella nelle nello noi non nostro o ogni
oppure ora per perché perchè piacere più poi possiamo posso possono può qual quale quali quando
quanto quanta quante quanti quasi quella quelle quelli quello questa queste questi questo qui
sarà se sei senza si sia siamo sono sotto spiega spiegami stata stato su sua sue sugli sui sul
sulla sulle sullo suo suoi te ti tra trovare tu tua tue tuo tuoi tutti tutto un una uno usa
usare uso va vi voglio voi vorrei vostro è
"""
ITALIAN = frozenset(ITALIAN_WORDS.split())
STOP = ENGLISH | ITALIAN

# What questions in one language are full of and those in the other never hold.
ENGLISH_SIGNS = ENGLISH - ITALIAN
ITALIAN_GREETINGS = """
aiuto arrivederci buonanotte buonasera buongiorno ciao dopo grazie oggi ora ore presto prego salve
"""
ITALIAN_SIGNS = (ITALIAN - ENGLISH) | set(ITALIAN_GREETINGS.split())
ITALIAN_LETTERS = re.compile(r"[àèéìòù]|\b(?:l|dell|nell|un|c|cos|com|dov)['\u2019]", re.I)

SUFFIXES = ("ation", "ating", "ated", "ator", "ment", "ing", "ion", "ed", "er", "ly", "at")
SHORTEST_STEM = 4
SHORTEST_WORD = 4
# What is longer has no ending that matters, and would fill the memory of `stem`.
LONGEST_WORD = 64
DOUBLED = re.compile(r"([bdfgmnprt])\1$")


def language_of(text: str) -> str:
    """The language of a question, `en` or `it`; English when in doubt."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(word in ENGLISH_SIGNS for word in words)
    italian = sum(word in ITALIAN_SIGNS for word in words)
    italian += len(ITALIAN_LETTERS.findall(text))
    return "it" if italian > english else "en"


def terms(text: str) -> list[str]:
    """The content words of a text as stems, in order; `max_size` also counts as its parts."""
    found: list[str] = []
    for word in WORD.findall(text.lower()):
        if "_" in word:
            found.append(word)
            found.extend(stem_of(part) for part in word.split("_") if is_content(part))
        elif is_content(word):
            found.append(stem_of(word))
    return found


def stem_of(word: str) -> str:
    """A word without its ending; a word of endless length stays as it is."""
    return stem(word) if len(word) <= LONGEST_WORD else word


def is_content(word: str) -> bool:
    """Whether a word in lower case says something."""
    return word not in STOP and (len(word) > 1 or word.isdigit())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending; crude, and the same on both sides of a comparison."""
    if len(word) < SHORTEST_WORD or not word.isalpha():
        return word
    word = singular(word)
    if word[-1] in "aeio" and len(word) > SHORTEST_STEM:
        word = word[:-1]
    for suffix in SUFFIXES:
        # "us-ing" and "add-ed" keep three letters, the longer endings four.
        keep = SHORTEST_STEM - (suffix in {"ing", "ed"})
        if word.endswith(suffix) and len(word) - len(suffix) >= keep:
            word = word.removesuffix(suffix)
            break
    return DOUBLED.sub(r"\1", word)


def singular(word: str) -> str:
    """An English word without its plural or third-person s."""
    if word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
