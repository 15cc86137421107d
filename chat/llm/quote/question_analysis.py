"""What a user wants to know, follow-up questions made complete with what was said before."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chat.llm.quote.small_talk import small_talk, time_question
from documents.quoting.questions import Question, one_line, single_question, word_weights
from documents.quoting.sentences import MARK
from documents.quoting.words import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage
    from documents.quoting.words import WordReader

LEAD_IN = re.compile(
    r"\A\s*(?:and|but|or|so|then|also|ok|okay|what about|how about|what if|e|ed|ma|o|oppure|invece"
    r"|anche|quindi|poi|allora|und|aber|oder|also|dann|auch|was ist mit)\b[\s,]*",
    re.I,
)
PRONOUN = re.compile(
    r"\b(?:it|its|that|this|they|them|their|these|those|there|one|ones|same|questo|questa|questi"
    r"|queste|quello|quella|quelli|quelle|ciò|esso|essa|essi|stesso|stessa"
    # With a capital it may be the person who is asked.
    r"|er|ihn|ihm|(?-i:sie)|diese[rsnm]?|da(?:für|zu|mit|von|rüber)|derselben?|dieselben?|dasselbe"
    r"|farl[oaie]|\w{2,}(?:ar|er|ir)(?:lo|la|li|le|ne|ci))\b",
    re.I,
)
PREPOSITION = re.compile(
    r"(?:on|in|for|with|without|from|until|under|by|at|su|per|con|senza|da|sul|nel|sotto|entro"
    r"|fino|bis|auf|für|mit|ohne|von|unter|bei|nach|seit|ab)\b",
    re.I,
)
IDENTIFIER = re.compile(r"\b(?:\w*[a-z]_\w+|[A-Z]{2}\w*|\w+[a-z][A-Z]\w*|\w+\(\))")

LONGEST_FOLLOW_UP = 12
FEW_OWN_WORDS = 2
SHORTEST_QUESTION = 3
CONTEXT_WEIGHT = 0.6
HINT_WEIGHT = 0.3
HINTS = 3
LONGEST_TOPIC = 300


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

    def take(self, text: str, reader: WordReader) -> None:
        """Go on to the next question of the user."""
        if small_talk(text) or time_question(text):
            return
        if self.base and is_follow_up(text, reader):
            self.further = without_lead_in(text)
        else:
            self.base, self.further = one_line(text)[:LONGEST_TOPIC], ""


def last_question(messages: Sequence[ChatMessage], reader: WordReader) -> Question:
    """The newest question of a conversation, completed if it is a follow-up."""
    topic, asked = Topic(), ""
    for message in messages:
        if message.role == "assistant":
            topic.answer = message.content or topic.answer
        elif message.role == "user":
            topic.take(asked, reader)
            asked = message.content
    return completed(asked, topic, reader)


def completed(text: str, topic: Topic, reader: WordReader) -> Question:
    """A question with the topic it leaves out."""
    question = single_question(text, reader)
    if not topic.base or not is_follow_up(text, reader):
        return question
    hints = answer_terms(topic.answer) if PRONOUN.search(text) else []
    weights = {term: HINT_WEIGHT for hint in hints for term in reader.terms(hint)}
    known = word_weights(topic.text, reader).items()
    weights |= {word: CONTEXT_WEIGHT * worth for word, worth in known}
    weights |= question.weights
    query = " ".join([topic.text, without_lead_in(text), *hints])
    own = question.own or frozenset(weights)
    return replace(question, query=query, weights=weights, own=own, topic=topic.base)


def without_lead_in(text: str) -> str:
    """A follow-up question without the "and" it begins with."""
    return LEAD_IN.sub("", one_line(text))


def is_follow_up(text: str, reader: WordReader) -> bool:
    """Whether a question leaves its subject to what was said before."""
    words, own = WORD.findall(text), set(reader.terms(text))
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
