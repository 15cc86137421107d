"""What services use of the protocol: one module, so that it is imported when it is needed."""

from mcp.oauth.discovery import find_sign_in
from mcp.oauth.exchange import Asker, Client
from mcp.oauth.grants import (
    authorization_url,
    check_issuer,
    method_for,
    new_proof,
    register_client,
    request_tokens,
    revoke_token,
)

__all__ = [
    "Asker",
    "Client",
    "authorization_url",
    "check_issuer",
    "find_sign_in",
    "method_for",
    "new_proof",
    "register_client",
    "request_tokens",
    "revoke_token",
]
