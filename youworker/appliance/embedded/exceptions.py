"""The errors of starting up."""


class StartupRefused(Exception):
    """The installation cannot start; the message is one line for the operator."""


class NotReady(StartupRefused):
    """A server is alive but does not serve; `busy` says that it works on it, as in a recovery."""

    def __init__(self, message: str, *, busy: bool = False) -> None:
        super().__init__(message)
        self.busy = busy
