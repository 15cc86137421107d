"""The one error of starting up."""


class StartupRefused(Exception):
    """The installation cannot start; the message is one line for the operator."""
