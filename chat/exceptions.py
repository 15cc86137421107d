"""What the chat services may refuse with."""

from youworker.core.exceptions import Conflict, InvalidInput, UpstreamUnavailable


class RunFinished(Conflict):
    """The run is over; there is nothing to stop."""

    code = "run_finished"


class AnswerFailed(UpstreamUnavailable):
    """The run of a one-call chat ended without an answer."""

    code = "answer_failed"


class UnknownModel(InvalidInput):
    """No server has a model of the name that was asked for."""

    code = "model_not_found"


class ApprovalClosed(Conflict):
    """The call was decided about already, or nobody waits for the decision any more."""

    code = "approval_closed"


class RunsStopping(Conflict):
    """Answers are still being written that have to end first."""

    code = "runs_stopping"
