"""What the chat services may refuse with."""

from youworker.core.exceptions import (
    BadRequest,
    Conflict,
    InvalidInput,
    NotFound,
    RateLimited,
    UpstreamUnavailable,
)


class RunFinished(Conflict):
    """The run is over; there is nothing to stop."""

    code = "run_finished"


class RunActive(Conflict):
    """The answer is still being made."""

    code = "run_active"


class AnswerComplete(Conflict):
    """The answer came to its end; there is nothing to go on with."""

    code = "answer_complete"


class AnswerFailed(UpstreamUnavailable):
    """The run of a one-call chat ended without an answer."""

    code = "answer_failed"


class UnknownModel(InvalidInput):
    """No server has a model of the name that was asked for."""

    code = "model_not_found"


class OversizedMessage(InvalidInput):
    """A question does not fit the window of its model: asking again does not help."""

    code = "message_too_long"


class OversizedPrompt(InvalidInput):
    """The same, by the name that OpenAI's clients know."""

    code = "context_length_exceeded"

    def __init__(self, reason: str) -> None:
        # LangChain and LiteLLM know it by these words, in any language.
        super().__init__("The prompt is too long: %(reason)s", attr="messages", reason=reason)


class ApprovalClosed(Conflict):
    """The call was decided about already, or nobody waits for the decision any more."""

    code = "approval_closed"


class RunsStopping(Conflict):
    """Answers are still being written that have to end first."""

    code = "runs_stopping"


class ModelNotFound(NotFound):
    """OpenAI's clients learn so that a name is nobody's."""

    code = "model_not_found"


class ModelBusy(RateLimited):
    """The server of a model that is asked without the agent makes as many answers as it may."""

    code = "model_busy"


class QueueFull(RateLimited):
    """So many answers wait for the model's server that another one would wait too long."""

    code = "queue_full"


class NoRoom(Conflict):
    """The model's server leaves no room to work that nobody waits for."""

    code = "no_room"


class ModelRefusal(BadRequest):
    """The server of a model that is asked without the agent does not take the request."""

    code = "model_refused"


class ModelFailed(UpstreamUnavailable):
    """A model that is asked without the agent gave no answer."""

    code = "model_failed"


class ApprovalNeeded(Conflict):
    """The answer goes on when its user has decided about a tool call."""

    code = "approval_needed"


class ConfiguredServer(Conflict):
    """What stands in the environment is changed there."""

    code = "model_server_configured"
