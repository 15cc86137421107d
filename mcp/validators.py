"""What the fields of a tool server may hold."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

# No underscore: `safe_name` relies on it.
SLUG = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "Use small letters, digits and single hyphens."
)


def validate_address(value: str) -> None:
    """Refuse what is not an http address; names without a dot are common in private networks."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or " " in value:
        raise ValidationError("This must be an address such as https://tools.example.org/mcp.")
    if parts.username or parts.password or parts.fragment:
        raise ValidationError("An address has no user name, password or fragment: use a header.")
