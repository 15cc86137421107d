"""Where an API key stands in the headers of a request, the same for every edge."""

from __future__ import annotations


def shown_key(authorization: str, x_api_key: str | None) -> str | None:
    """The key of `Authorization: Bearer …`, else that of `X-API-Key`; none when neither is there.

    A bearer without a token is an empty key, which opens nothing.
    """
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else x_api_key
