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


class AnswerTooLarge(AgentError):
    """The model said more than is kept, or its server sent more than is read."""

    code = "answer_too_large"


class LimitReached(AgentError):
    """The run used up its turns or its time."""

    code = "limit_reached"


class AnswerEmpty(AgentError):
    """The model said nothing that could be an answer."""

    code = "empty_answer"


class AnswerFiltered(AgentError):
    """A filter of the model's server kept the answer back, or the rest of it."""

    code = "content_filtered"
