"""Which user an identity from outside stands for: linked, found or created.

The link is a `LinkedIdentity`: who said it, and whom they named. It is made once; afterwards
neither a new name nor a new address at the provider leads to another user.
"""

from __future__ import annotations

import logging
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NoReturn

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from accounts.enums import SignInMethod
from accounts.exceptions import IdentityRefused
from accounts.models import LinkedIdentity, User
from accounts.services.people import update_profile
from accounts.services.usernames import free_names, is_usable_name
from youworker import audit
from youworker.core.config import config
from youworker.core.storable import storable_text
from youworker.core.unicode import clean_username

if TYPE_CHECKING:
    from accounts.types import Identity

logger = logging.getLogger(__name__)

# Any number, as long as it is always the same and nobody else's.
FIRST_SIGN_IN_LOCK = 7_026_113
LONGEST_ISSUER = 200
LONGEST_SUBJECT = 255
LONGEST_NAME = 150
# Of one address; who has it among so many is nobody's proof.
MOST_OWNERS = 100


def user_of_identity(identity: Identity) -> User:
    """The active user an identity stands for; raises `IdentityRefused`, which never says why."""
    require_subject(identity)
    linked = linked_user(identity)
    known = linked or match_existing_user(identity)
    if known is not None:
        check_allowed(known, identity, linked=linked is not None)
    user = linked or link_identity(identity, known)
    refresh_user(user, identity)
    return user


def linked_user(identity: Identity) -> User | None:
    """The user who signed in with this very identity before."""
    issuers = spellings(identity.issuer)
    links = LinkedIdentity.objects.filter(issuer__in=issuers, subject=identity.subject)
    found = links.select_related("user").order_by("issuer").first()
    return found.user if found else None


def spellings(issuer: str) -> tuple[str, str]:
    """How an issuer may stand in a row: the last slash says nothing."""
    bare = issuer.removesuffix("/")
    return bare, f"{bare}/"


def match_existing_user(identity: Identity) -> User | None:
    """The one user whose account this must be, though it was never used from outside.

    A proxy vouches for the name. A provider's names are its users' own choice, and our users'
    addresses are theirs: only name and verified address together are proof. A name that no user
    can have leads to nobody, whatever is made of it afterwards.
    """
    if identity.method != SignInMethod.OIDC:
        found = users_named(identity.username)
        if len(found) > 1:
            refuse_identity(identity, "several users have this name")
        return found[0] if found else None
    found = users_named(identity.username, usable_email(identity))
    for user in found:
        if proven_by_address(user, identity):
            return user
    for user in found:
        if not comes_from_there(user, identity):
            reason = "a user of this name has another or no verified address"
            refuse_identity(identity, reason, user)
    return None


def users_named(*names: str) -> list[User]:
    """The users who have one of the names, in any case.

    The database compares capitals, and that of a dotless i is the same as that of an i.
    """
    usable = list(filter(is_usable_name, names))
    if not usable:
        return []
    found = User.objects.filter(reduce(or_, [Q(username__iexact=name) for name in usable]))
    lowered = {name.lower() for name in usable}
    return [user for user in found if user.username.lower() in lowered]


def comes_from_there(user: User, identity: Identity) -> bool:
    """Whether a user is somebody else of the same provider, whose names need not differ."""
    return user.linked_identities.filter(issuer__in=spellings(identity.issuer)).exists()


def proven_by_address(user: User, identity: Identity) -> bool:
    """Whether the verified address of an identity is that of `user`, and of nobody else."""
    email = usable_email(identity)
    if not email:
        return False
    found = User.objects.filter(email__iexact=email, is_active=True)
    owners = [owner for owner in found[:MOST_OWNERS] if is_same_address(owner.email, email)]
    return owners == [user]


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses differ in nothing but the case of English letters.

    Capitals of other letters look like theirs: the dotless i, the long s, the sign of kelvins.
    """
    return one.encode().lower() == other.encode().lower()


def check_allowed(user: User, identity: Identity, *, linked: bool) -> None:
    """Refuse whoever may not sign in this way."""
    if not user.is_active or user.is_service:
        refuse_identity(identity, "the user is deactivated or a program's", user)
    # Whoever administers a provider must not become ours by choosing a name.
    if not linked and (user.is_staff or user.is_superuser):
        refuse_identity(identity, "staff accounts are not linked by themselves", user)
    # A header is as strong as the proxy's configuration; superusers always have a password.
    if user.is_superuser and identity.method == SignInMethod.SSO:
        refuse_identity(identity, "superusers do not sign in through a proxy", user)


@transaction.atomic
def link_identity(identity: Identity, user: User | None) -> User:
    """Link an identity to a user, who is created when there is none yet."""
    with connection.cursor() as cursor:
        # Two first visits at once must not make `Ada` and `ada`.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_SIGN_IN_LOCK])
    other = linked_user(identity)
    if other is not None:
        return other
    if user is None:
        if match_existing_user(identity) is not None:
            refuse_identity(identity, "somebody took the name at this moment")
        user = create_user(identity)
    LinkedIdentity.objects.create(issuer=identity.issuer, subject=identity.subject, user=user)
    return user


def create_user(identity: Identity) -> User:
    """Make the user of an identity, who has no password, under the nearest name that is free.

    Whose name had to be changed is shown under the one they gave.
    """
    if not config.identity.create_users:
        refuse_identity(identity, "nobody of this name is known, and SSO_CREATE_USERS is off")
    wanted = (identity.username, usable_email(identity), identity.display_name)
    names = free_names(*wanted, person=f"{identity.issuer} {identity.subject}")
    user = next(filter(None, (store_user(name, identity) for name in names)), None)
    if user is None:
        refuse_identity(identity, "every name that could be made is taken")
    audit.record("admin.user.create", actor=None, target=user, method=str(identity.method))
    return user


def store_user(name: str, identity: Identity) -> User | None:
    """Store a user of an identity; None when somebody took the name at this moment."""
    shown = "" if name == identity.username else usable_display_name(identity.username)
    language, zone = config.api.language, config.api.time_zone
    try:
        with transaction.atomic():
            return User.objects.create_user(
                name, display_name=shown, language=language, time_zone=zone
            )
    except IntegrityError:
        return None


def require_subject(identity: Identity) -> None:
    """Refuse names of people that no row can hold."""
    subject = identity.subject
    too_long = len(identity.issuer) > LONGEST_ISSUER or len(subject) > LONGEST_SUBJECT
    if too_long or not subject.strip() or storable_text(subject) != subject:
        refuse_identity(identity, "the subject is empty, too long or no text")


def refresh_user(user: User, identity: Identity) -> None:
    """Take over the name and address that the provider has now, where they are usable."""
    said = {
        "display_name": usable_display_name(identity.display_name),
        "email": usable_email(identity),
    }
    changes = {name: text for name, text in said.items() if text and getattr(user, name) != text}
    if changes:
        update_profile(user, actor=user, **changes)


def usable_display_name(text: str) -> str:
    """A name without line feeds and other invisible characters."""
    visible = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(visible.split())[:LONGEST_NAME].strip()


def usable_email(identity: Identity) -> str:
    """The address, unless it is none or only somebody's claim."""
    if identity.method == SignInMethod.OIDC and not identity.email_verified:
        return ""
    try:
        validate_email(identity.email)
    except ValidationError:
        return ""
    return identity.email if len(identity.email) <= 254 else ""  # noqa: PLR2004 -- RFC 5321


def normal_name(text: str) -> str:
    """A user name in the one form that is compared and stored."""
    return clean_username(text)


def refuse_identity(identity: Identity, reason: str, user: User | None = None) -> NoReturn:
    """Tell the operator why, and the person only that."""
    name = identity.username[:LONGEST_NAME]
    logger.warning("%s sign-in of %r refused: %s", identity.method, name, reason)
    if user is not None:
        method = str(identity.method)
        audit.record("auth.login.failed", actor=None, target=user, result="denied", method=method)
    raise IdentityRefused("Single sign-on did not recognise you.")
