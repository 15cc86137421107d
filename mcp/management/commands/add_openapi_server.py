"""Declares an API by its OpenAPI document from the console."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from mcp import services
from youworker.core.commands import add_headers, secrets_named, variable
from youworker.core.exceptions import DomainError
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Declare an API by its OpenAPI document (3.0 or later): its operations become tools."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name; the tools are called SLUG.operation")
        parser.add_argument("--title", default="", help="what people read; else SLUG")
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("--url", default="", help="address of the document, JSON or YAML")
        place.add_argument("--file", type=Path, help="the document; needs --base-url")
        parser.add_argument("--base-url", default="", help="where the API is, if not at --url")
        add_headers(parser)
        parser.add_argument(
            "--bearer", metavar="VARIABLE", help="send Authorization: Bearer with its value"
        )
        parser.add_argument(
            "--query",
            action="append",
            default=[],
            metavar="NAME=VARIABLE",
            help="add this parameter to every address, with the value of the variable",
        )
        parser.add_argument("--no-refresh", action="store_true", help="do not contact it now")

    def handle(self, *, slug: str, no_refresh: bool, **options: Any) -> None:
        require_keys()
        headers = secrets_named(options["header"])
        if options["bearer"]:
            headers["Authorization"] = f"Bearer {variable(options['bearer'])}"
        try:
            server = services.create_openapi_server(
                slug,
                title=options["title"],
                url=options["url"],
                document=document_in(options["file"]),
                base_url=options["base_url"],
                headers=headers,
                query=secrets_named(options["query"]),
                actor=None,
            )
            self.stdout.write(f"{server.slug} {server.pk}")
            if not no_refresh:
                self.stdout.write(f"{services.discover_server(server)} tools")
        except DomainError as error:
            raise CommandError(error.message) from error
        server.refresh_from_db()
        for fault in server.tool_faults:
            self.stderr.write(f"{fault['tool']}: {fault['reason']}")


def document_in(path: Path | None) -> str:
    """The text of a file; raises `CommandError`."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
