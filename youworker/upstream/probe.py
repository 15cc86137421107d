"""Whether an endpoint answers, for health checks and for who starts the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from youworker.upstream.client import LONGEST_ERROR, request_for, sync_client
from youworker.upstream.errors import TRANSPORT_ERRORS

if TYPE_CHECKING:
    from youworker.upstream.endpoint import Endpoint

PROBE_SECONDS = 2.0


def unreachable(endpoint: Endpoint) -> str:
    """Why the list of models is not given; empty when it is."""
    try:
        with sync_client(endpoint, seconds=PROBE_SECONDS) as client:
            request = request_for(client, endpoint, "models", None, LONGEST_ERROR)
            # Only the head is read: a list without end must not hold up the start.
            answer = client.send(request, stream=True)
            answer.close()
    except (*TRANSPORT_ERRORS, OSError) as error:
        return str(error) or type(error).__name__
    return "" if answer.is_success else f"status {answer.status_code}"
