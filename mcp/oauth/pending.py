"""Sign-ins at tool servers that a browser began: kept in its session until it comes back."""

from __future__ import annotations

from dataclasses import dataclass

from youworker.core.pending import PendingSignIns


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """What was asked of whom: the answer has to match, whatever it says itself."""

    user_id: str
    server_id: str
    server_url: str
    # The row of our registration there; empty where the operator set a client.
    registration_id: str
    verifier: str
    redirect_uri: str
    issuer: str
    names_itself: bool
    resource: str
    scope: str
    token_endpoint: str
    revocation_endpoint: str
    method: str
    begun_at: float


connections: PendingSignIns[PendingConnection] = PendingSignIns("tool_sign_ins", PendingConnection)
