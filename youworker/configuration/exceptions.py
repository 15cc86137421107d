"""What keeps a configuration from being applied."""

from __future__ import annotations

from youworker.core.exceptions import DomainError


class InvalidConfiguration(DomainError):
    """The file says something that cannot be; nothing was changed. `faults` are one line each."""

    code = "invalid_configuration"

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))
