"""What models write into their text that is not meant to be read, and where it counts."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from chat.llm.openai.written_calls import TAGS, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(Enum):
    """What a marker begins or ends."""

    THOUGHT = auto()
    END_OF_THOUGHT = auto()
    CHANNEL = auto()
    TAGGED_CALL = auto()
    CALL = auto()


# DeepSeek, Qwen and most others; Seed, LongCat, MiniMax; Kimi-VL; Magistral; Sky; Cohere; Gemma.
THOUGHTS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<thoughts>": "</thoughts>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "<longcat_think>": "</longcat_think>",
    "<mm:think>": "</mm:think>",
    "◁think▷": "◁/think▷",
    "[think]": "[/think]",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel>thought": "<channel|>",
    "<unused94>": "<unused95>",
}
# Models open with the one and close with the other.
SAME_ENDS = {"</think>", "</thinking>"}
# The channels of gpt-oss.
CHANNELS = ("<|channel|>", "<|start|>assistant")
# Where a line of code or a fence begins; text after an odd number of them is code.
FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.M)
QUOTES = "`'\"\u201c\u201d\u2018\u2019«»"
# Blanks and attributes before the end of a tag.
LONGEST_ATTRIBUTES = 60
IN_TAG = rf"\s[^<>]{{0,{LONGEST_ATTRIBUTES}}}+"
STOPS = ".!?\u3002\uff01\uff1f\u2026"
ENDS_OF_SENTENCES = ".!?:;\u3002\uff01\uff1f\uff1a…)]}\"'\u201d»"


def pattern_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, which may be tags with attributes; linear."""
    tree: dict[str, list[str]] = {}
    is_end = False
    for word in words:
        if word:
            tree.setdefault(word[0], []).append(word[1:])
        else:
            is_end = True
    branches = [
        (f"(?:{IN_TAG})?+>" if first == ">" else re.escape(first)) + pattern_of(rest)
        for first, rest in tree.items()
    ]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if is_end else ''}"


KINDS = {
    **dict.fromkeys(THOUGHTS, Kind.THOUGHT),
    **dict.fromkeys(THOUGHTS.values(), Kind.END_OF_THOUGHT),
    **dict.fromkeys(CHANNELS, Kind.CHANNEL),
}
CALLS = {**dict.fromkeys(TAGS, Kind.TAGGED_CALL), **dict.fromkeys(TOKENS, Kind.CALL)}
LONGEST = max(map(len, [*KINDS, *CALLS])) + LONGEST_ATTRIBUTES + 1
BEGINNINGS = frozenset(marker[:end] for marker in [*KINDS, *CALLS] for end in range(1, len(marker)))
BEGUN_TAG = re.compile(
    pattern_of(marker[:-1] for marker in KINDS if marker.endswith(">")) + IN_TAG, re.I
)
MARKER = re.compile(pattern_of(KINDS), re.I)
MARKER_OR_CALL = re.compile(pattern_of([*KINDS, *CALLS]), re.I)
END_OF_ANY_THOUGHT = re.compile(pattern_of(THOUGHTS.values()), re.I)
ENDS = {
    closing: re.compile(pattern_of(SAME_ENDS if closing in SAME_ENDS else {closing}), re.I)
    for closing in THOUGHTS.values()
}
# The first character of every marker.
SPECIAL = re.compile(r"[<\[◁]")


def start_of_partial(text: str) -> int:
    """Where the beginning of a marker stands at the end of a text; its length if nowhere."""
    for match in SPECIAL.finditer(text, max(0, len(text) - LONGEST + 1)):
        tail = text[match.start() :].lower()
        if tail in BEGINNINGS or BEGUN_TAG.fullmatch(tail):
            return match.start()
    return len(text)


def plain_marker(written: str) -> str:
    """A marker as it stands in the tables: in small letters, a tag without attributes."""
    marker = written.lower()
    return marker if marker in KINDS or marker in CALLS else marker.split(None, 1)[0] + ">"


def is_in_code(before: str) -> bool:
    """Whether what follows this text stands in a fence or between back quotes."""
    if len(FENCE.findall(before)) % 2:
        return True
    return before[before.rfind("\n") + 1 :].count("`") % 2 == 1


def begins_line(before: str) -> bool:
    """Whether what follows this text is the first thing of its line."""
    return not before[before.rfind("\n") + 1 :].strip()


def is_mention(before: str, after: str) -> bool:
    """Whether a marker between these is a word of a sentence, so that it is only talked about."""
    last, following = before[-1:], after[:1]
    if not last or not following:
        return False
    if last in QUOTES and following in QUOTES:
        return True
    if following in ".,;:!?)":
        return last in " \t("
    if last not in " \t" or following in "\r\n":
        return False
    return before.rstrip()[-1:] not in ENDS_OF_SENTENCES


def is_glued(before: str, after: str) -> bool:
    """Whether a marker between these follows a word or a sentence as no writer would put it."""
    last = before[-1:]
    return (last.isalnum() or last in STOPS) and after not in QUOTES


def gap_between(before: str, blanks: str) -> str:
    """What of the blanks behind a passage that was taken out of a text has to stay."""
    _, feed, indent = blanks.rpartition("\n")
    if not feed:
        return "" if before[-1:].isspace() else blanks
    missing = blanks.count("\n") - (len(before) - len(before.rstrip("\n")))
    return "\n" * missing + indent
