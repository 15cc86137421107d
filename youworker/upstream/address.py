"""Addresses of model servers, as operators write them and as they are stored."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What the column of a run holds.
LONGEST_ADDRESS = 255
NO_ADDRESS = _("This must be an address such as http://gpu.example:8000/v1.")
HAS_SECRETS = _("An address has no user name, password, query or fragment.")


def validate_server_url(value: str) -> None:
    """Refuse what is not an http address; names without a dot are common in private networks."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or " " in value or "," in value:
        raise ValidationError(NO_ADDRESS)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValidationError(HAS_SECRETS)
    if len(address_of(value)) >= LONGEST_ADDRESS:
        raise ValidationError(NO_ADDRESS)


def address_of(url: str) -> str:
    """Host, port and path of a server, without a user and password; names it in the database."""
    try:
        parts = urlsplit(url.rstrip("/"))
    except ValueError:
        return url.rpartition("@")[2][:LONGEST_ADDRESS]
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"[:LONGEST_ADDRESS]


def shown_url(url: str) -> str:
    """The URL without a user and password."""
    scheme, separator, _rest = url.partition("://")
    return f"{scheme}{separator}{address_of(url)}" if separator else address_of(url)
