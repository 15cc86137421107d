"""How failures of answers are worded; imports no Django.

They are stored in English and translated where they are shown (`chat.reasons`).
"""

from __future__ import annotations


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translators."""
    return sentence


UNKNOWN_MODEL = gettext_noop("There is no model called {name}.")
FAILED_WITH_STATUS = gettext_noop("The model's server failed with status {status}: {reason}")
FAILED = gettext_noop("The model's server failed: {reason}")
BROKE_OFF = gettext_noop("The model's server broke off: {reason}")
REFUSED = gettext_noop("The model's server refused: {reason}")
REFUSED_REQUEST = gettext_noop("The model's server refused the request: {reason}")
LISTS_NO_MODELS = gettext_noop("The model's server lists no models: {reason}")
SAID_TOO_MUCH = gettext_noop("The model's server said too much: {reason}")
ANSWERED_WITH_PAGE = gettext_noop("The model's server answered with a web page: {reason}")
SAID_INSTEAD = gettext_noop("The model's server did not answer but said: {reason}")
PIECE_TOO_LONG = gettext_noop("The model's server sent more than {bytes} bytes as one piece.")
ANSWER_TOO_LONG = gettext_noop("The answer is longer than {characters} characters.")
TOO_MANY_TOOLS = gettext_noop("The model wants more than {count} tools at once.")
ARGUMENTS_TOO_LONG = gettext_noop(
    "The arguments of the model's tools are longer than {characters} characters."
)
TOO_MANY_TURNS = gettext_noop("The answer was ended after {count} turns.")
TOO_MANY_CALLS = gettext_noop("The answer was ended after {count} tool calls.")
TOO_MANY_TOKENS = gettext_noop("The answer was ended after {count} tokens.")
MESSAGE_TOO_LONG = gettext_noop(
    "This message is too long for the model: it comes to about {tokens} tokens, and there is room "
    "for {room}. Shorten it, divide it, or choose a model with a larger window."
)
SUMMARISED = gettext_noop("The model reads a summary of the first {count} messages.")
NOT_SUMMARISED = gettext_noop(
    "The earlier messages could not be summarised: the model reads only the latest ones."
)
OUT_OF_TIME = gettext_noop("The answer was ended after {seconds} seconds.")
TOO_SLOW = gettext_noop("The model's answer took longer than {seconds} seconds.")
FELL_SILENT = gettext_noop("The model said nothing for {seconds} seconds.")
DID_NOT_BEGIN = gettext_noop("The model did not begin to answer within {seconds} seconds.")
NO_ROOM = gettext_noop("The model's server makes too many answers at the moment. Ask again later.")
ANSWERS_INSTEAD = gettext_noop("{failed} did not answer: {reason} Now {other} answers.")
NO_ROOM_ELSEWHERE = gettext_noop("The other servers of this model have no room.")
NO_ROOM_BEHIND = gettext_noop("The model's server had no room for background work.")
WAITS_ELSEWHERE = gettext_noop("Another model server answers. It makes other answers first.")
# What the user is told when an answer is none, or not all of one.
ANSWER_CUT_SHORT = gettext_noop(
    "The answer was cut off at its longest length. Ask the model to go on, or have the "
    "administrator raise LLM_MAX_OUTPUT_TOKENS."
)
THOUGHT_TOO_LONG = gettext_noop(
    "The model used up the longest length of an answer for thinking and did not come to an answer. "
    "Ask for less at once, choose a model that thinks less, or have the administrator raise "
    "LLM_MAX_OUTPUT_TOKENS."
)
TOO_SHORT = gettext_noop(
    "The longest length of an answer was used up before the model said anything. Ask for less at "
    "once, or have the administrator raise LLM_MAX_OUTPUT_TOKENS."
)
ONLY_THOUGHT = gettext_noop(
    "The model only thought and gave no answer. Ask again, or choose another model; if this "
    "happens often, its server does not tell reasoning and answer apart."
)
SAID_NOTHING = gettext_noop(
    "The model gave an empty answer. Ask again, in other words, or choose another model."
)
WITHHELD = gettext_noop(
    "A content filter of the model's server kept the answer back. Ask in other words, or choose "
    "another model."
)
CENSORED = gettext_noop(
    "A content filter of the model's server cut the answer off. Ask in other words, or choose "
    "another model."
)
# Of arguments; the reason is what a reader of JSON says.
CUT_SHORT = gettext_noop(
    "The call was cut off, because the answer reached its longest length: make it shorter."
)
NO_OBJECT = gettext_noop("The arguments are not a JSON object.")
TOO_DEEP = gettext_noop("The arguments are nested too deeply.")
NO_JSON = gettext_noop("The arguments are not valid JSON: %(reason)s.")
OUT_OF_REACH = gettext_noop("It cannot be reached.")
BROKEN_HERE = gettext_noop("Something went wrong on our side ({id}).")

# Whatever begins like another comes first.
VARYING = (
    UNKNOWN_MODEL,
    FAILED_WITH_STATUS,
    FAILED,
    BROKE_OFF,
    REFUSED_REQUEST,
    REFUSED,
    LISTS_NO_MODELS,
    SAID_TOO_MUCH,
    ANSWERED_WITH_PAGE,
    SAID_INSTEAD,
    PIECE_TOO_LONG,
    ANSWER_TOO_LONG,
    TOO_MANY_TOOLS,
    ARGUMENTS_TOO_LONG,
    TOO_MANY_TURNS,
    TOO_MANY_CALLS,
    TOO_MANY_TOKENS,
    MESSAGE_TOO_LONG,
    SUMMARISED,
    OUT_OF_TIME,
    TOO_SLOW,
    FELL_SILENT,
    DID_NOT_BEGIN,
    BROKEN_HERE,
    ANSWERS_INSTEAD,
)
