"""The addresses of PostgreSQL and Redis: their passwords, and whether clients can read them.

A refusal never repeats what was given: there is a password in it.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_FORM = "postgres://USER:PASSWORD@HOST:5432/NAME"
REDIS_FORM = "redis://HOST:6379/0"
QUOTING = "special characters of a password have to be percent-encoded, or it goes into"


def require_database_url(url: str) -> None:
    """Refuse an address that is none of a PostgreSQL database."""
    if url and not is_database_url(url):
        raise ImproperlyConfigured(
            f"DATABASE_URL must be like {DATABASE_FORM}: {QUOTING} DATABASE_PASSWORD."
        )


def require_redis_url(url: str) -> None:
    """Refuse an address that is none of a Redis."""
    if url and not is_redis_url(url):
        raise ImproperlyConfigured(
            f"REDIS_URL must be like {REDIS_FORM}: {QUOTING} REDIS_PASSWORD."
        )


def is_database_url(url: str) -> bool:
    """Whether this names a database of PostgreSQL."""
    scheme, mark, _rest = url.partition("://")
    # Asked first: of other schemes the library warns, and takes them.
    if not mark or not environ.Env.DB_SCHEMES.get(scheme, "").endswith(("postgresql", "postgis")):
        return False
    try:
        parsed = environ.Env.db_url_config(url)
    except ValueError:
        return False
    return bool(parsed["NAME"] or "service" in parsed.get("OPTIONS", {}))


def is_redis_url(url: str) -> bool:
    """Whether the client of Redis can read this."""
    # Commands without a Redis do not load its client for this.
    from redis import ConnectionPool  # noqa: PLC0415

    try:
        # Connects to nothing yet.
        ConnectionPool.from_url(url)
    except ValueError:
        return False
    return True


def with_password(url: str, password: str) -> str:
    """The address with a password, unless it has one, or names no server on a network.

    Secrets of containers are files that hold a password and nothing else; what reads addresses
    wants it inside, with every special character quoted.
    """
    parts = urlsplit(url)
    login, _, server = parts.netloc.rpartition("@")
    if not password or not server or ":" in login:
        return url
    return parts._replace(netloc=f"{login}:{quote(password, safe='')}@{server}").geturl()
