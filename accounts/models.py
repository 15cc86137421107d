"""People and their keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import (
    AuthenticatorKind,
    ErasureStatus,
    ExportStatus,
    Language,
    PrivateKind,
    Scope,
    SharedDocuments,
    SignInMethod,
)
from accounts.managers import (
    ApiKeyQuerySet,
    AuthenticatorQuerySet,
    ErasureQuerySet,
    ExportQuerySet,
    LinkedIdentityQuerySet,
    PrivateAccessQuerySet,
    SignInQuerySet,
    UserManager,
)
from youworker.core.fields import NameField, UserNameField
from youworker.core.ids import uuid7
from youworker.core.leases import LeasedModel
from youworker.core.models import TimestampedModel
from youworker.core.unicode import clean_username
from youworker.encryption.fields import EncryptedJSONField, EncryptedTextField


class User(AbstractUser):
    """Somebody who can sign in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = UserNameField(
        _("username"),
        max_length=150,
        unique=True,
        validators=[AbstractUser.username_validator],
        help_text=_("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."),
        error_messages={"unique": _("A user with that username already exists.")},
    )
    display_name = NameField(max_length=150, blank=True)
    language = models.CharField(max_length=8, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(max_length=64, default="UTC")

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ("username",)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """The name of an account as it is kept."""
        return clean_username(username)

    @property
    def is_root(self) -> bool:
        """Whether nothing is refused to this user."""
        return self.is_superuser

    @property
    def is_service(self) -> bool:
        """Whether this is a program's user, which cannot sign in; asks the database once."""
        return hasattr(self, "service_account")

    @property
    def shown_name(self) -> str:
        """What other people see."""
        return self.display_name or self.username


class ApiKey(TimestampedModel):
    """A secret that stands for a user; only its hash is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = NameField(max_length=100)
    prefix = models.CharField(max_length=16, db_index=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope))
    allowed_networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def scope_names(self) -> list[str]:
        """What it may be used for, as people read it."""
        names = dict(Scope.choices)
        return [str(names.get(scope, scope)) for scope in self.scopes]

    def use_is_worth_noting(self) -> bool:
        """Whether the last noted use is older than a minute."""
        return self.last_used_at is None or timezone.now() - self.last_used_at > timedelta(
            minutes=1
        )


class SignIn(TimestampedModel):
    """A session: who began it, how and where. It ends with the session's own row."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    # Its key opens the session, so no edge shows it.
    session = models.OneToOneField(Session, models.CASCADE, related_name="sign_in", editable=False)
    method = models.CharField(max_length=16, choices=SignInMethod)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SignInQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.created_at:%Y-%m-%d %H:%M}"


class Authenticator(TimestampedModel):
    """A second factor of a user: an authenticator app, or the recovery codes beside it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="authenticators", db_index=False)
    kind = models.CharField(max_length=16, choices=AuthenticatorKind)
    # The app's secret in base32, or the list of recovery codes that were not used.
    secret: Any = EncryptedJSONField(editable=False)
    # The newest step of the app's clock whose code was used: it and those before it are worthless.
    last_step = models.BigIntegerField(default=0, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = AuthenticatorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="authenticator_once_per_kind"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class LinkedIdentity(TimestampedModel):
    """Who a user is elsewhere: the subject that an issuer named when they first came from there."""

    user = models.ForeignKey(User, models.CASCADE, related_name="linked_identities")
    issuer = models.CharField(max_length=200)
    # OpenID Connect ends it at 255 characters.
    subject = models.CharField(max_length=255)

    objects = LinkedIdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "linked identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="linked_identity_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class PrivateAccess(TimestampedModel):
    """One time that staff opened something private of somebody; they are shown it."""

    # Both reader and owner may be erased; the audit log keeps their pseudonyms.
    reader = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    owner = models.ForeignKey(User, models.CASCADE, related_name="private_accesses")
    kind = models.CharField(max_length=16, choices=PrivateKind)
    object_id = models.UUIDField(db_index=True)
    title = EncryptedTextField(blank=True, default="")
    reason = EncryptedTextField()

    objects = PrivateAccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "private accesses"
        permissions = (("read_private", "Can read private content with a reason"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}"


class WorkerTask(TimestampedModel, LeasedModel):
    """Something a worker does under a lease, with its attempts and how it ended."""

    attempts = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    error_code = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        abstract = True


class DataExport(WorkerTask):
    """A copy of everything about a user, made for them."""

    user = models.ForeignKey(User, models.CASCADE, related_name="exports")
    status = models.CharField(max_length=16, choices=ExportStatus, default=ExportStatus.QUEUED)
    expires_at = models.DateTimeField(null=True, editable=False)
    bytes = models.BigIntegerField(default=0, editable=False)

    objects = ExportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=models.Q(status__in=("queued", "running")),
                name="data_export_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.pk}"


class Erasure(WorkerTask):
    """The removal of a user; the row outlives them and knows no more than their pseudonym."""

    subject = models.UUIDField(unique=True, editable=False)
    status = models.CharField(max_length=16, choices=ErasureStatus, default=ErasureStatus.QUEUED)
    shared_documents = models.CharField(
        max_length=16, choices=SharedDocuments, default=SharedDocuments.HAND_OVER
    )

    objects = ErasureQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.subject}"
