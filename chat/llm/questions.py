"""What a user wants to know, follow-up questions made complete with what was said before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.llm.sentences import MARK
from chat.llm.talk import small_talk, time_question
from chat.llm.words import WORD, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage

LEAD_IN = re.compile(
    r"(?:and|but|or|so|then|also|ok|okay|what about|how about|what if|e|ed|ma|o|oppure|invece"
    r"|anche|quindi|poi|allora)\b[\s,]*",
    re.I,
)
PRONOUN = re.compile(
    r"\b(?:it|its|that|this|they|them|their|these|those|there|one|ones|same|questo|questa|questi"
    r"|queste|quello|quella|quelli|quelle|ciò|esso|essa|essi|stesso|stessa"
    r"|\w{2,}(?:ar|er|ir|r)(?:lo|la|li|le|ne|ci))\b",
    re.I,
)
PREPOSITION = re.compile(
    r"(?:on|in|for|with|without|from|under|by|at|su|per|con|senza|da|sul|nel|sotto)\b", re.I
)
IDENTIFIER = re.compile(r"\b(?:\w*[a-z]_\w+|[A-Z]{2,}\w*|\w+[a-z][A-Z]\w*|\w+\(\))")

LONGEST_FOLLOW_UP = 12
FEW_OWN_WORDS = 2
SHORTEST_QUESTION = 3
CONTEXT_WEIGHT = 0.6
HINT_WEIGHT = 0.3
HINTS = 3
LONGEST_TOPIC = 300


@dataclass(frozen=True)
class Question:
    """A question that stands alone: the words to search for and what each counts."""

    text: str
    query: str
    weights: dict[str, float] = field(default_factory=dict)


def last_question(messages: Sequence[ChatMessage]) -> Question:
    """The newest question of a conversation, completed if it is a follow-up."""
    topic, answer, asked = "", "", Question("", "")
    for message in messages:
        if message.role == "assistant":
            answer = message.content or answer
        elif message.role == "user":
            asked = completed(message.content, topic, answer)
            if is_about_documents(message.content):
                topic = asked.query[-LONGEST_TOPIC:]
    return asked


def is_about_documents(text: str) -> bool:
    """Whether a message sets a topic that later questions may refer to."""
    return not small_talk(text) and time_question(text) is None


def completed(text: str, topic: str, answer: str) -> Question:
    """A question with the topic it leaves out."""
    own = dict.fromkeys(terms(text), 1.0)
    if not topic or not is_follow_up(text, own):
        return Question(text, " ".join(text.split()), own)
    hints = answer_terms(answer) if PRONOUN.search(text) else []
    weights = {term: HINT_WEIGHT for hint in hints for term in terms(hint)}
    weights |= dict.fromkeys(terms(topic), CONTEXT_WEIGHT if own else 1.0)
    weights |= own
    rest = LEAD_IN.sub("", " ".join(text.split()), count=1)
    query = " ".join([topic.rstrip(" ?!."), rest, *hints])
    return Question(text, query, weights)


def is_follow_up(text: str, own: dict[str, float]) -> bool:
    """Whether a question leaves its subject to what was said before."""
    words = WORD.findall(text)
    if not own:
        return True
    if len(words) > LONGEST_FOLLOW_UP:
        return False
    if LEAD_IN.match(text.strip()):
        return True
    if PRONOUN.search(text) and len(own) <= FEW_OWN_WORDS:
        return True
    return len(words) <= SHORTEST_QUESTION and bool(PREPOSITION.match(text.strip()))


def answer_terms(answer: str) -> list[str]:
    """The names in the answer before, which "it" may stand for."""
    found = IDENTIFIER.findall(MARK.sub(" ", answer))
    return list(dict.fromkeys(found))[:HINTS]
