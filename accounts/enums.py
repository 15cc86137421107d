"""Fixed vocabularies of people and keys."""

from django.db import models


class Scope(models.TextChoices):
    """What an API key may be used for."""

    CHAT = "chat"
    DOCUMENTS_READ = "documents.read"
    DOCUMENTS_WRITE = "documents.write"
    TOOLS = "tools"
    ACCOUNT = "account"
    ADMIN = "admin"


class Language(models.TextChoices):
    """Languages of answers and pages."""

    ENGLISH = "en", "English"
    ITALIAN = "it", "Italiano"


class PrivateKind(models.TextChoices):
    """What staff may open with a reason."""

    SESSION = "session"
    DOCUMENT = "document"


class SignInMethod(models.TextChoices):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 -- a word, not a secret
    OIDC = "oidc"
    SSO = "sso"


class AuthenticatorKind(models.TextChoices):
    """What a second factor is."""

    TOTP = "totp", "authenticator app"
    RECOVERY_CODES = "recovery_codes", "recovery codes"


class ExportStatus(models.TextChoices):
    """How far a copy of somebody's data has come."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class ErasureStatus(models.TextChoices):
    """How far an erasure has come; `held` waits until a legal hold is lifted."""

    QUEUED = "queued"
    HELD = "held"
    RUNNING = "running"
    DONE = "done"


class SharedDocuments(models.TextChoices):
    """What becomes of an erased user's documents that groups use."""

    HAND_OVER = "hand_over"
    ERASE = "erase"
