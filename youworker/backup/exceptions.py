"""What keeps a backup from being made, trusted or restored."""

from youworker.core.exceptions import DomainError


class BackupRefused(DomainError):
    """The operator is told what is wrong; nothing was changed."""

    code = "backup_refused"


class DatabaseAway(BackupRefused):
    """The programs of a backup would not reach the database."""
