"""The files of a conversation in a run: waited for, told, shown, and searched before others."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from chat.enums import AttachmentStatus
from chat.llm.capabilities import sees_images
from chat.runs import attached_rows, attached_text
from chat.runs.consent import mark_answer_tainted
from chat.runs.pictures import data_url_of
from youworker.core.config import config
from youworker.core.db import run_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from chat.agent.types import ChatMessage, LanguageModel, ModelEvent, ToolSchema
    from chat.runs.attached_rows import AttachedFile
    from chat.runs.attached_text import Told
    from chat.runs.inputs import RunInput
    from chat.runs.log.run_log import RunLog
    from chat.runs.toolset import RecordingToolset

# How it is looked whether files are read: often at first, as most are small.
FIRST_POLL_SECONDS = 0.2
LAST_POLL_SECONDS = 2.0
# Of all images of a conversation the newest are shown; a request with more is refused by some.
MOST_IMAGES = 8
READING = gettext_noop("Reading %(names)s…")
UNREAD = gettext_noop("This answer does without %(names)s: still being read.")
FAILED = gettext_noop("%(names)s could not be read: %(reason)s")
GONE = gettext_noop("%(names)s is no longer there.")
BLIND = gettext_noop("The model does not see images: it reads the text recognised in them.")
# What viewers know the lines about files by.
CODE = "attachments"
MOST_NAMED = 3


class RunAttachments:
    """What a run has to do with the files of its conversation; nothing where there are none."""

    def __init__(self, run_input: RunInput, toolset: RecordingToolset, log: RunLog) -> None:
        self.run_input, self.run = run_input, run_input.run
        self.toolset, self.log = toolset, log

    async def prepare_model(self, model: LanguageModel) -> LanguageModel:
        """Let the run know its files; the model, to which images are shown if it sees.

        Waits for files of the question that are being read, as long as the operator allows, and
        tells viewers so, and what could not be had.
        """
        sees = self.toolset.files.sees = sees_images(model)
        if not self.run.options.get("attachments"):
            brings = self.toolset.may_bring_files
            return SeeingModel(model, self.run_input, [], sees=sees) if brings else model
        # Who takes an answer up does not wait again.
        is_new = self.run_input.state is None
        files = await self.wait_for_files(
            sees=sees, longest=config.agent.attachment_seconds * is_new
        )
        found = await run_in_thread(attached_rows.searchable_documents, self.run)
        self.toolset.context = replace(self.toolset.context, attached=tuple(found))
        if is_new:
            budget = int(model.context_tokens * attached_text.SHARE)
            brought = await run_in_thread(
                attached_text.describe_files, self.run, files, self.toolset, budget=budget
            )
            put_beside(self.run_input.history_newest_first, brought)
            if brought and self.run.answer_id is not None:
                # Before the model reads a word: a file is somebody's words, whoever brought it.
                await run_in_thread(mark_answer_tainted, self.run.answer_id)
            self.tell_outcome(files, sees=sees)
        return SeeingModel(model, self.run_input, files, sees=sees)

    async def wait_for_files(self, *, sees: bool, longest: float) -> list[AttachedFile]:
        """The files of the conversation, once those of the question are read or time is up."""
        deadline = time.monotonic() + longest
        pause, has_told = FIRST_POLL_SECONDS, False
        while True:
            files = await run_in_thread(attached_rows.read_files, self.run)
            # Whoever sees an image does not need its text.
            waited = [
                one
                for one in self.asked_with(files)
                if one.is_unread and not (sees and one.is_image)
            ]
            if not waited or time.monotonic() >= deadline:
                return files
            if not has_told:
                self.say("info", READING, waited)
                has_told = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_POLL_SECONDS)

    def asked_with(self, files: Sequence[AttachedFile]) -> list[AttachedFile]:
        """The files that came with the question of this run."""
        return [one for one in files if one.message_id == self.run.question_id]

    def tell_outcome(self, files: Sequence[AttachedFile], *, sees: bool) -> None:
        """Tell viewers which files of the question the answer does without, and why."""
        own = self.asked_with(files)
        unread = [one for one in own if one.is_unread and not (sees and one.is_image)]
        if unread:
            self.say("warning", UNREAD, unread)
        for one in own:
            if one.status == AttachmentStatus.FAILED:
                reason = one.shown.reason
                self.say("warning", FAILED, [one], reason=reason)
        if gone := [one for one in own if one.status == AttachmentStatus.REMOVED]:
            self.say("warning", GONE, gone)
        if not sees and any(one.is_image for one in own):
            self.say("info", BLIND, [])

    def say(self, level: str, sentence: str, files: Sequence[AttachedFile], **details: str) -> None:
        """Tell viewers something about files, in the language of the answer."""
        with override(self.run_input.language):
            names = ", ".join(f"“{one.shown.name}”" for one in files[:MOST_NAMED])
            if len(files) > MOST_NAMED:
                names = _("%(names)s and %(count)s more") % {
                    "names": names,
                    "count": len(files) - MOST_NAMED,
                }
            message = _(sentence) % {"names": names, **details}
        self.log.emit("log", {"level": level, "message": message, "code": CODE})


def put_beside(newest_first: Sequence[ChatMessage], brought: Mapping[str, Told]) -> None:
    """Let messages have what came along with them; with answers of models nothing can come.

    What tools returned for one therefore stands beside the question that follows.
    """
    later: ChatMessage | None = None
    for message in newest_first:
        place = message if message.role == "user" else later
        if (told := brought.get(message.id)) is not None and place is not None:
            place.attached = "\n\n".join(filter(None, (place.attached, told.attached)))
            place.images = [*place.images, *told.images]
            place.unseen = "\n".join(filter(None, (place.unseen, told.unseen)))
        later = message


class SeeingModel:
    """A model that is shown the images that its conversation names by the ids of attachments."""

    def __init__(
        self,
        model: LanguageModel,
        run_input: RunInput,
        files: Sequence[AttachedFile],
        *,
        sees: bool,
    ) -> None:
        self.model, self.sees, self.run = model, sees, run_input.run
        self.by_id = {str(one.shown.id): one for one in files}
        # As they were drawn in this run.
        self.drawn: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The id under which users choose the model."""
        return self.model.name

    @property
    def context_tokens(self) -> int:
        """How much it can read, in tokens."""
        return self.model.context_tokens

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue the conversation, in which the newest images are seen."""
        shown = await self.show_images(messages)
        async with aclosing(self.model.stream(shown, tools=tools)) as events:
            async for event in events:
                yield event

    async def show_images(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """The messages with what their images look like; without those that cannot be seen."""
        left = MOST_IMAGES if self.sees else 0
        found: list[ChatMessage] = []
        for message in reversed(messages):
            chosen = message.images[:left]
            left -= len(chosen)
            urls = [await self.read_picture(pk) for pk in chosen] if chosen else []
            seen = [url for url in urls if url]
            found.append(replace(message, images=seen) if message.images else message)
        return found[::-1]

    async def read_picture(self, pk: str) -> str:
        """An image as it is sent; empty when its user may not see it any more, or it is none."""
        if pk not in self.drawn:
            # What tools returned meanwhile is looked up when it is first shown.
            file = self.by_id.get(pk) or await run_in_thread(attached_rows.read_file, self.run, pk)
            self.drawn[pk] = (
                await run_in_thread(data_url_of, file.row, user=self.run.user) if file else ""
            )
        return self.drawn[pk]
