"""Why an answer failed, in languages other than the one its failure is stored in."""

from __future__ import annotations

import re

from django.utils.translation import gettext, override

from chat.agent.sentences import ANSWERS_INSTEAD, VARYING

# What a sentence varies in, as `str.format` names it.
PART = re.compile(r"\\{(\w+)\\}")
PATTERNS = [
    (re.compile(PART.sub(r"(?P<\1>.*)", re.escape(sentence)), re.DOTALL), sentence)
    for sentence in VARYING
]


def reason_of(detail: str) -> str:
    """The stored reason in the language in force; what no sentence of ours is stays as it is.

    What a server said itself stays in its own words.
    """
    for pattern, sentence in PATTERNS:
        if found := pattern.fullmatch(detail):
            parts = found.groupdict()
            if sentence == ANSWERS_INSTEAD:
                parts["reason"] = reason_of(parts["reason"])
            return gettext(sentence).format(**parts)
    # An empty message has a translation: the head of the catalogue.
    return gettext(detail) if detail else ""


def notice_in(language: str, text: str) -> str:
    """What users are told about the way an answer is made, in their language."""
    with override(language or None):
        return reason_of(text)
