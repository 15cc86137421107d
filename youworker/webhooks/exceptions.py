"""What the services of webhooks refuse."""

from youworker.core.exceptions import Conflict


class EndpointPaused(Conflict):
    """Nothing is sent to an endpoint that is paused."""

    code = "webhook_paused"


class TooManyEndpoints(Conflict):
    """Every act would have to be compared with all of them."""

    code = "too_many_webhooks"
