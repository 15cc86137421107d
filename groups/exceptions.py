"""What groups refuse with."""

from youworker.common.exceptions import Conflict


class LegalHoldInForce(Conflict):
    """What is held may not be removed for good."""

    code = "legal_hold"
