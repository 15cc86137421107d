"""Names and addresses of tools and their servers."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_SAFE_NAME = 64
SUFFIX_LENGTH = 8
UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
# No underscore: `safe_name` relies on it.
SLUG = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "Use small letters, digits and single hyphens."
)


def qualified_name(server: str, tool: str) -> str:
    """The unique name of a tool: `server.tool`."""
    return f"{server}.{tool}"


def safe_name(server: str, tool: str) -> str:
    """A name that every model interface accepts, unique because slugs have no underscore.

    A name that had to be changed carries a piece of the hash of the original.
    """
    exact = f"{server}__{tool}"
    plain = UNSAFE.sub("_", exact)
    if plain == exact and len(exact) <= LONGEST_SAFE_NAME:
        return exact
    digest = hashlib.sha256(exact.encode()).hexdigest()[:SUFFIX_LENGTH]
    return f"{plain[: LONGEST_SAFE_NAME - SUFFIX_LENGTH - 1]}_{digest}"


def schema_hash(description: str, input_schema: dict[str, Any], effects: list[str]) -> str:
    """The fingerprint of everything a model or an approver is told about a tool."""
    told = [description, input_schema, sorted(effects)]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def form_hash(
    digest: str, transport: str, url: str, argv: Sequence[str], *, base_url: str = ""
) -> str:
    """The fingerprint of a tool's form at one address: consent is given to both."""
    told: list[Any] = [digest, transport, url, list(argv)]
    # Of an API, that is where its operations are asked, if the operator said so.
    told += [base_url] if base_url else []
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


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
