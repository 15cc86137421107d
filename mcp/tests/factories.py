"""Makes users and tool servers for the tests of this app."""

from __future__ import annotations

from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts.models import User
from mcp.enums import Authorization, Effect, Policy, Transport
from mcp.models import Connection, Server, Tool
from mcp.naming import qualified_name, safe_name


class UserFactory(DjangoModelFactory):
    """An ordinary active user."""

    class Meta:
        model = User

    username = Sequence(lambda n: f"tool-user-{n}")


class StaffFactory(UserFactory):
    """Somebody who manages tools."""

    is_staff = True


class ServerFactory(DjangoModelFactory):
    """A server at a URL that nobody contacts."""

    class Meta:
        model = Server

    slug = Sequence(lambda n: f"server-{n}")
    title = SelfAttribute("slug")
    transport = Transport.HTTP
    url = "http://127.0.0.1:9/mcp"


class ToolFactory(DjangoModelFactory):
    """A usable tool that may be called at once."""

    class Meta:
        model = Tool

    server = SubFactory(ServerFactory)
    local_name = Sequence(lambda n: f"tool_{n}")
    name = LazyAttribute(lambda o: qualified_name(o.server.slug, o.local_name))
    safe_name = LazyAttribute(lambda o: safe_name(o.server.slug, o.local_name))
    description = "Does something."
    input_schema = LazyFunction(lambda: {"type": "object", "properties": {}})
    effects = LazyFunction(lambda: [Effect.READ.value])
    schema_hash = "a" * 64
    approved_hash = "a" * 64
    policy = Policy.AUTO


class SignInServerFactory(ServerFactory):
    """A server at which each user signs in."""

    authorization = Authorization.OAUTH


class ConnectionFactory(DjangoModelFactory):
    """A user's sign-in at such a server."""

    class Meta:
        model = Connection

    user = SubFactory(UserFactory)
    server = SubFactory(SignInServerFactory)
    server_url = SelfAttribute("server.url")
    resource = SelfAttribute("server.url")
    issuer = "https://id.example"
    token_endpoint = "https://id.example/token"
    tokens = LazyFunction(lambda: {"access": "access-1", "refresh": "refresh-1"})
    client = LazyFunction(lambda: {"id": "client-1", "secret": "hush", "method": "none"})
