"""Why an answer could not be finished; imports no Django."""


class AgentError(Exception):
    """Ends the run; `code` is for programs, the message for the user."""

    code = "agent_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelUnavailable(AgentError):
    """The model's server cannot be reached, is too slow, or broke off."""

    code = "model_unavailable"


class ModelRefused(AgentError):
    """The model's server answered with an error of its own, such as an unknown model."""

    code = "model_refused"


class ModelUnknown(ModelRefused):
    """No server has a model of this name."""

    code = "model_not_found"


class KeyNotTaken(ModelRefused):
    """The model's server does not let us in: its key is wrong, or may not use the model."""


class AnswerTooLarge(AgentError):
    """The model said more than is kept, or its server sent more than is read."""

    code = "answer_too_large"


class LimitReached(AgentError):
    """The run used up what one run may use; which limit it was says the code."""

    code = "limit_reached"


class TurnLimitReached(LimitReached):
    """The model spoke as often as it may."""

    code = "turn_limit_reached"


class CallLimitReached(LimitReached):
    """The model asked for as many tools as it may."""

    code = "call_limit_reached"


class TokenLimitReached(LimitReached):
    """The model read and wrote as many tokens as it may."""

    code = "token_limit_reached"


class TimeLimitReached(LimitReached):
    """The run took as long as it may."""

    code = "time_limit_reached"


class MessageTooLong(AgentError):
    """The question alone does not fit what the model can read."""

    code = "message_too_long"


class PromptTooLong(ModelRefused):
    """The model's server has no room for what it was sent."""

    code = MessageTooLong.code


class AnswerEmpty(AgentError):
    """The model said nothing that could be an answer."""

    code = "empty_answer"


class AnswerFiltered(AgentError):
    """A filter of the model's server kept the answer back, or the rest of it."""

    code = "content_filtered"
