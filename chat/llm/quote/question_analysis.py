"""What a user wants to know, follow-up questions made complete with what was said before."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.llm.quote.small_talk import small_talk, time_question
from documents.quoting.sentences import MARK
from documents.quoting.stemming import WORD, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage

LEAD_IN = re.compile(
    r"\A\s*(?:and|but|or|so|then|also|ok|okay|what about|how about|what if|e|ed|ma|o|oppure|invece"
    r"|anche|quindi|poi|allora)\b[\s,]*",
    re.I,
)
PRONOUN = re.compile(
    r"\b(?:it|its|that|this|they|them|their|these|those|there|one|ones|same|questo|questa|questi"
    r"|queste|quello|quella|quelli|quelle|ciò|esso|essa|essi|stesso|stessa"
    r"|farl[oaie]|\w{2,}(?:ar|er|ir)(?:lo|la|li|le|ne|ci))\b",
    re.I,
)
PREPOSITION = re.compile(
    r"(?:on|in|for|with|without|from|under|by|at|su|per|con|senza|da|sul|nel|sotto)\b", re.I
)
IDENTIFIER = re.compile(r"\b(?:\w*[a-z]_\w+|[A-Z]{2,}\w*|\w+[a-z][A-Z]\w*|\w+\(\))")

# In "how long" the second word asks and is not what the answer says.
HOW = re.compile(r"\bhow (?:long|often|big|large|old|fast|far|tall|high|deep|soon)\b", re.I)

LONGEST_FOLLOW_UP = 12
FEW_OWN_WORDS = 2
SHORTEST_QUESTION = 3
PART_WEIGHT = 0.4
CONTEXT_WEIGHT = 0.6
HINT_WEIGHT = 0.3
HINTS = 3
LONGEST_TOPIC = 300
# Each word is weighed against each sentence; a pasted page begins with what it is about.
MOST_WORDS = 300


@dataclass(frozen=True)
class Question:
    """A question that stands alone: what to search for and what each word counts."""

    text: str
    query: str
    weights: dict[str, float] = field(default_factory=dict)
    # The words it brings itself; all of them when it only points back.
    own: frozenset[str] = frozenset()


@dataclass
class Topic:
    """What a conversation is about: a complete question and the last one that built on it."""

    base: str = ""
    further: str = ""
    answer: str = ""

    @property
    def text(self) -> str:
        """The topic in the words of the user."""
        return " ".join(filter(None, (self.base.rstrip(" ?!."), self.further.rstrip(" ?!."))))

    def take(self, text: str) -> None:
        """Go on to the next question of the user."""
        if small_talk(text) or time_question(text):
            return
        if self.base and is_follow_up(text):
            self.further = without_lead_in(text)
        else:
            self.base, self.further = one_line(text)[:LONGEST_TOPIC], ""


def last_question(messages: Sequence[ChatMessage]) -> Question:
    """The newest question of a conversation, completed if it is a follow-up."""
    topic, asked = Topic(), ""
    for message in messages:
        if message.role == "assistant":
            topic.answer = message.content or topic.answer
        elif message.role == "user":
            topic.take(asked)
            asked = message.content
    return completed(asked, topic)


def completed(text: str, topic: Topic) -> Question:
    """A question with the topic it leaves out."""
    own = word_weights(text)
    if not topic.base or not is_follow_up(text):
        return Question(text, one_line(text), own, frozenset(own))
    hints = answer_terms(topic.answer) if PRONOUN.search(text) else []
    weights = {term: HINT_WEIGHT for hint in hints for term in terms(hint)}
    weights |= {word: CONTEXT_WEIGHT * worth for word, worth in word_weights(topic.text).items()}
    weights |= own
    query = " ".join([topic.text, without_lead_in(text), *hints])
    return Question(text, query, weights, frozenset(own or weights))


def word_weights(text: str) -> dict[str, float]:
    """What each content word of a question counts; the parts of `max_size` less than the whole."""
    weights: dict[str, float] = {}
    for word in itertools.islice(WORD.findall(HOW.sub(" ", text)), MOST_WORDS):
        whole, *parts = terms(word) or [""]
        weights |= {part: PART_WEIGHT for part in parts if part not in weights}
        if whole:
            weights[whole] = 1.0
    return weights


def one_line(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def without_lead_in(text: str) -> str:
    """A follow-up question without the "and" it begins with."""
    return LEAD_IN.sub("", one_line(text))


def is_follow_up(text: str) -> bool:
    """Whether a question leaves its subject to what was said before."""
    words, own = WORD.findall(text), set(terms(text))
    if not own:
        return True
    if len(words) > LONGEST_FOLLOW_UP:
        return False
    if LEAD_IN.match(text):
        return True
    if PRONOUN.search(text) and len(own) <= FEW_OWN_WORDS:
        return True
    return len(words) <= SHORTEST_QUESTION and bool(PREPOSITION.match(text.strip()))


def answer_terms(answer: str) -> list[str]:
    """The names in the answer before, which "it" may stand for."""
    found = IDENTIFIER.findall(MARK.sub(" ", answer))
    return list(dict.fromkeys(found))[:HINTS]
