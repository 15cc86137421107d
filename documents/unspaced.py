"""Scripts that put no blanks between words: pairs of neighbouring characters stand for words."""

from __future__ import annotations

import itertools
import re

HIRAGANA = "\u3041-\u309f"
EAST_ASIAN = (
    f"\u3005-\u3007{HIRAGANA}\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff"
)
# Letters, and the signs that are written around them: Thai and Lao, Khmer, Burmese.
THAI = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf"
KHMER = "\u1780-\u17d3\u17d7\u17dc\u17dd"
BURMESE = "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9fe\uaa60-\uaa7f"
RUN = re.compile(f"[{EAST_ASIAN}{THAI}{KHMER}{BURMESE}]+")
# What is read as one: a vowel before its consonant, the consonant, and what stands around it.
UNIT = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?[\u0e01-\u0e2e\u0e81-\u0eae\u0edc-\u0edf]"
    "[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebd\u0ec8-\u0ecd]*"
    "|[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b6-\u17d1\u17d3\u17dd])*"
    "|[\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081]"
    "(?:\u1039[\u1000-\u102a]|[\u102b-\u1038\u103a-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064"
    "\u1067-\u106d\u1071-\u1074\u1082-\u108d])*"
    "|."
)
# Pairs in which questions are put, and endings of politeness: no text is about them.
ASKING_PAIRS = """
什么 怎么 怎样 如何 哪里 哪个 哪些 多少 为什 么时 请问 是否 什麼 怎麼 為什 麼時 哪裡
請問 多久 何で なぜ 니까 입니 습니 합니 니다 인가 가요 나요 까요 은가 는가 무엇 엇입
엇을 어디 디에 얼마 마입 마나 어떻 떻게 언제 누구 อะไร ที่ไห อย่า ไหร่ ทำไม
"""
ASKING = frozenset(ASKING_PAIRS.split())


def pairs(run: str, *, whole: bool = True) -> list[str]:
    """The pairs of neighbours in a run; `whole` adds the last one alone.

    So every character begins something, and a single one is found by what begins with it.
    """
    units = UNIT.findall(run)
    found = [one + two for one, two in itertools.pairwise(units)]
    return [*found, units[-1]] if whole or not found else found


def with_pairs(text: str) -> str:
    """A text for the index: each run as its pairs, with blanks between them."""
    return RUN.sub(lambda run: f" {' '.join(pairs(run[0]))} ", text)


def with_asked_pairs(text: str) -> str:
    """A question for the index: runs as the pairs that say what it is about, if any do."""
    return RUN.sub(lambda run: f" {' '.join(telling_pairs(run[0]))} ", text)


def telling_pairs(run: str) -> list[str]:
    """The pairs of a run that are about something; all of them when none is.

    Beside other characters, hiragana is grammar.
    """
    found = pairs(run, whole=False)
    return [pair for pair in found if not is_grammar(pair)] or found


def is_grammar(pair: str) -> bool:
    """Whether a pair says nothing by itself."""
    return pair in ASKING or all("\u3041" <= each <= "\u309f" for each in pair)


def is_single(lexeme: str) -> bool:
    """Whether a lexeme is one character of these scripts, with its signs."""
    return RUN.match(lexeme) is not None and UNIT.fullmatch(lexeme) is not None
