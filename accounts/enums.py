"""Fixed vocabularies of people and keys."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What an API key may be used for."""

    CHAT = "chat", _("Conversations")
    DOCUMENTS_READ = "documents.read", _("Reading documents")
    DOCUMENTS_WRITE = "documents.write", _("Changing documents")
    TOOLS = "tools", _("Tools")
    ACCOUNT = "account", _("The own account")
    ADMIN = "admin", _("Administration")


class Language(models.TextChoices):
    """Languages of answers and pages."""

    ENGLISH = "en", "English"
    ITALIAN = "it", "Italiano"


class PrivateKind(models.TextChoices):
    """What staff may open with a reason."""

    SESSION = "session", _("Conversation")
    DOCUMENT = "document", _("Document")


class SignInMethod(models.TextChoices):
    """How somebody proved who they are."""

    PASSWORD = "password", _("Password")
    OIDC = "oidc", _("Identity provider")
    SSO = "sso", _("Proxy")


class AuthenticatorKind(models.TextChoices):
    """What a second factor is."""

    TOTP = "totp", _("authenticator app")
    RECOVERY_CODES = "recovery_codes", _("recovery codes")


class ExportStatus(models.TextChoices):
    """How far a copy of somebody's data has come."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


class ErasureStatus(models.TextChoices):
    """How far an erasure has come; `held` waits until a legal hold is lifted."""

    QUEUED = "queued", _("Queued")
    HELD = "held", _("Held")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")


class SharedDocuments(models.TextChoices):
    """What becomes of an erased user's documents that groups use."""

    HAND_OVER = "hand_over", _("Hand over to their groups")
    ERASE = "erase", _("Erase")
