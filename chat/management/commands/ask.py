"""Ask a question from the command line."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from chat import services
from chat.llm.endpoints import refresh_endpoints
from chat.runs.manager import launch, request_stop
from chat.runs.stream import view_run
from youworker.core.commands import INTERRUPTED
from youworker.core.exceptions import DomainError
from youworker.core.per_loop import close_all
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from chat.services import AcceptedMessage


class Command(BaseCommand):
    help = "Ask a question; the answer streams to the terminal, its citations follow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", help="the question")
        parser.add_argument("--user", help="user name; default is the first superuser")
        parser.add_argument("--session", type=UUID, help="go on in this session")
        parser.add_argument("--model", default="", help="else the default model")

    def handle(self, *args: Any, text: str, **options: Any) -> None:
        require_keys()
        refresh_endpoints()
        user = asking_user(options["user"])
        try:
            posted = self.post(text, user, options["session"], options["model"])
        except DomainError as error:
            raise CommandError(error.message) from error
        try:
            done = asyncio.run(self.stream(posted.run_id))
        except KeyboardInterrupt as error:
            raise CommandError("stopped", returncode=INTERRUPTED) from error
        self.stderr.write(f"session {posted.session_id}")
        if done["error"] and done["status"] != "succeeded":
            raise CommandError(done["error"]["detail"])
        if done["error"]:
            self.stderr.write(done["error"]["detail"])

    def post(self, text: str, user: User, session_id: UUID | None, model: str) -> AcceptedMessage:
        """Store the question."""
        session = services.own_session(session_id, actor=user) if session_id else None
        return services.post_chat(text=text, session=session, model=model, actor=user)

    async def stream(self, run_id: UUID) -> dict[str, Any]:
        """Carry out the run here, print it as it comes, and give its last event."""
        await launch(run_id)
        done: dict[str, Any] = {}
        try:
            async with aclosing(view_run(run_id)) as batches:
                async for batch in batches:
                    for event in batch:
                        done = self.show(event.type, orjson.loads(event.data))
        except asyncio.CancelledError:
            await request_stop(run_id)
            raise
        finally:
            await close_all()
        return done

    def show(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """Print one event."""
        if kind == "token":
            self.stdout.write(data["text"], ending="")
            self.stdout.flush()
        elif kind == "tool" and data["status"] == "approval":
            self.stderr.write(f"{data['tool']} waits to be allowed: see GET /v1/approvals")
        elif kind == "citation":
            page = f", page {data['page']}" if data["page"] else ""
            heading = f", {data['heading']}" if data.get("heading") else ""
            doubt = "" if data["supported"] else " (not clearly supported)"
            first = "\n\n" if data["index"] and not getattr(self, "cited", False) else ""
            self.cited = True
            self.stdout.write(f"{first}[{data['index']}] {data['title']}{heading}{page}{doubt}")
        elif kind == "done":
            self.stdout.write("")
        return data


def asking_user(username: str | None) -> User:
    """The user who asks; raises `CommandError` when there is none."""
    if username is None:
        found = User.objects.superuser()
    else:
        found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no user {username!r}." if username else "There is no user.")
    return found
