"""Declares a tool server from the console."""

from __future__ import annotations

from argparse import REMAINDER, ArgumentParser
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from mcp import services
from mcp.enums import Authorization
from youworker.core.commands import add_headers, secrets_named, variable
from youworker.core.exceptions import DomainError
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from mcp.models import Server


class Command(BaseCommand):
    help = "Declare a tool server: a program on this machine (--argv) or a URL, and find its tools."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name; the tools are called SLUG.tool")
        parser.add_argument("--title", default="", help="what people read; else SLUG")
        parser.add_argument("--url", default="", help="address of a streamable HTTP server")
        add_headers(parser)
        parser.add_argument(
            "--oauth", action="store_true", help="each user signs in there, and is called for"
        )
        parser.add_argument("--scope", default="", help="what is asked for at the sign-in")
        parser.add_argument("--client-id", default="", help="where we do not register ourselves")
        parser.add_argument(
            "--client-secret",
            default="",
            metavar="VARIABLE",
            help="its secret is read from this environment variable",
        )
        parser.add_argument(
            "--env",
            action="append",
            default=[],
            metavar="NAME",
            help="pass this environment variable, with its present value, to the program",
        )
        parser.add_argument("--no-refresh", action="store_true", help="do not contact it now")
        parser.add_argument(
            "--argv", nargs=REMAINDER, default=[], help="the program and its arguments; comes last"
        )

    def handle(self, *, slug: str, no_refresh: bool, **options: Any) -> None:
        require_keys()
        try:
            server = services.create_server(
                slug,
                title=options["title"],
                url=options["url"],
                argv=options["argv"],
                headers=secrets_named(options["header"]),
                env={name: variable(name) for name in options["env"]},
                authorization=authorization_in(options),
                scope=options["scope"],
                client_id=options["client_id"],
                client_secret=variable(options["client_secret"])
                if options["client_secret"]
                else "",
                actor=None,
            )
            self.stdout.write(f"{server.slug} {server.pk}")
            if options["oauth"]:
                self.stdout.write("its tools are found when the first user has connected it")
            elif not no_refresh:
                self.stdout.write(f"{self.count_tools(server)} tools")
        except DomainError as error:
            raise CommandError(error.message) from error

    def count_tools(self, server: Server) -> int:
        """How many tools a new server has; one that does not tell is not added."""
        try:
            return services.discover_server(server)
        except DomainError as error:
            services.delete_server(server, actor=None)
            raise CommandError(f"{error.message} Nothing was added.") from error


def authorization_in(options: dict[str, Any]) -> Authorization:
    """Who is let in there."""
    return Authorization.OAUTH if options["oauth"] else Authorization.SHARED
