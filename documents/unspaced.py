"""Scripts that put no blanks between words: pairs of neighbouring characters stand for words."""

from __future__ import annotations

import itertools
import re

HIRAGANA = "\u3041-\u309f"
IDEOGRAPHIC = (
    f"\u3005-\u3007{HIRAGANA}\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
# Letters, and the signs that are written around them: Thai and Lao, Khmer, Burmese.
THAI = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf"
KHMER = "\u1780-\u17d3\u17d7\u17dc\u17dd"
BURMESE = "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9fe\uaa60-\uaa7f"
UNSPACED = IDEOGRAPHIC + HANGUL + THAI + KHMER + BURMESE
RUN = re.compile(f"[{UNSPACED}]+")
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
# What divides a line from the next in the middle of a word.
WRAP = re.compile(f"(?<=[{IDEOGRAPHIC}])[ \t]*\r?\n[ \t]*(?=[{IDEOGRAPHIC}])")
# What makes a text a question, or polite, and is not what it is about.
ASKING = re.compile(
    "什么时候|什麼時候|什么地方|什麼地方|为什么|為什麼|什么|什麼|怎么样|怎么|怎麼|怎样|如何|哪里|哪裡"
    "|哪儿|哪个|哪些|多少|多久|几天|幾天|几个|幾個|几点|请问|請問|是否|谁|誰|吗|嗎|呢"
    "|何ですか|ですか|でしょうか|ますか|とは何|は何|何人|何日|何時|何年|いつ|どこ|だれ|なぜ|どう|いくら"
    "|いくつ|どの|ください"
    "|입니까|습니까|ㅂ니까|인가요|나요|무엇|어디|언제|누구|얼마|어떻게"
    "|อะไร|ที่ไหน|อย่างไร|ยังไง|เท่าไร|เท่าไหร่|เมื่อไร|เมื่อไหร่|ทำไม|ใคร|หรือไม่|ไหม"
    "|ຫຍັງ|ຢູ່ໃສ|ເທົ່າໃດ|អ្វី|ប៉ុន្មាន|ဘာလဲ|ဘယ်မှာလဲ|ဘယ်လောက်"
)
# Characters that join others more often than they mean something.
JOINING = frozenset("的了是在有和与與及为為被把从從到对對也都就很")
PARTICLES = ("는", "은", "을", "를", "에")


def pairs(run: str, *, whole: bool = True) -> list[str]:
    """The pairs of neighbours in a run; `whole` adds the last one alone.

    So every character begins something, and a single one is found by what begins with it.
    """
    units = units_of(run)
    found = [one + two for one, two in itertools.pairwise(units)]
    return [*found, units[-1]] if whole or not found else found


def units_of(run: str) -> list[str]:
    """The characters of a run, each with the signs that are written around it."""
    # Only the scripts before the East Asian ones write signs around their letters.
    return list(run) if min(run) >= "\u2e80" else UNIT.findall(run)


def with_pairs(text: str) -> str:
    """A text for the index: each run as its pairs, with blanks between them."""
    return RUN.sub(lambda run: f" {' '.join(pairs(run[0]))} ", WRAP.sub("", text))


def with_asked_pairs(text: str) -> str:
    """A question for the index: runs as the pairs that say what it is about, if any do."""
    return RUN.sub(lambda run: f" {' '.join(telling_pairs(run[0]))} ", text)


def telling_pairs(run: str) -> list[str]:
    """The pairs of a run of a question that are about something.

    Beside other characters, hiragana is grammar; beside what asks, so is a single character.
    """
    parts = [part for part in ASKING.split(run) if part]
    found = [pair for part in parts for pair in pairs(part, whole=False)]
    telling = [pair for pair in found if not is_grammar(pair)] or found
    longer = [pair for pair in telling if not is_single(pair)]
    return longer or (telling if parts == [run] else [])


def is_grammar(pair: str) -> bool:
    """Whether a pair says nothing by itself."""
    return all("\u3041" <= each <= "\u309f" for each in pair)


def is_loose(pair: str) -> bool:
    """Whether a pair is likely to be the end of one word and the beginning of another."""
    joins = any(each in JOINING or "\u3041" <= each <= "\u309f" for each in pair)
    return joins or pair.endswith(PARTICLES)


def is_single(lexeme: str) -> bool:
    """Whether a lexeme is one character of these scripts, with its signs."""
    return RUN.match(lexeme) is not None and UNIT.fullmatch(lexeme) is not None
