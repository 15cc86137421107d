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


class SignInMethod(models.TextChoices):
    """How somebody proved who he is."""

    PASSWORD = "password"  # noqa: S105 -- a word, not a secret
    OIDC = "oidc"
    SSO = "sso"
