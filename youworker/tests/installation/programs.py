"""Other programs: one that is told what happens here, and one whose operations are tools."""

from __future__ import annotations

import json
from typing import Any

from accounts.models import User
from mcp.models import Tool
from mcp.services import create_openapi_server, discover_server
from youworker.webhooks import services as webhooks
from youworker.webhooks.delivering import distribute_events
from youworker.webhooks.models import Endpoint
from youworker.webhooks.signing import new_secret

# A test puts the address of its receiver here.
HOOK = "http://hooks.of.the.fixture.example/"
ACTIONS = ["run.end", "collection.create", "erasure.finish"]
API = "http://127.0.0.1:9"
CANCEL = "orders.cancel_order"
ORDERS = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{number}": {
            "delete": {
                "operationId": "cancel_order",
                "summary": "Cancel an order.",
                "parameters": [
                    {
                        "name": "number",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                ],
            }
        }
    },
}


def make_endpoint() -> dict[str, Any]:
    """Somebody who is told of what comes next; how they know that we say it."""
    root = User.objects.get(username="root")
    # Its name is nobody's, and an address that somebody has would be refused without their leave.
    endpoint = Endpoint(url=HOOK, actions=ACTIONS, description="Ticket system", secret=new_secret())
    webhooks.insert_endpoint(endpoint, actor=root)
    return {"url": HOOK, "secret": webhooks.rotate_secret(endpoint, actor=root)}


def leave_deliveries() -> None:
    """What the endpoint was not told yet."""
    if not distribute_events():
        raise RuntimeError("nothing happened that an endpoint is told of")


def make_api() -> Tool:
    """The operation of an API, whose document came as a file and whose key is secret."""
    server = create_openapi_server(
        "orders",
        document=json.dumps(ORDERS),
        base_url=API,
        headers={"Authorization": "Bearer of the fixture"},
        actor=User.objects.get(username="root"),
    )
    discover_server(server)
    return Tool.objects.get(name=CANCEL)
