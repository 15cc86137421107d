"""What the services of ingestion refuse with."""

from youworker.core.exceptions import Conflict


class IngestionFinished(Conflict):
    """Nothing of the run is left to be cancelled."""

    code = "run_finished"


class NothingToRetry(Conflict):
    """No item of the run has failed."""

    code = "nothing_to_retry"
