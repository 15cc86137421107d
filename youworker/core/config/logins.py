"""Passwords that are kept apart from the addresses they belong to."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


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
