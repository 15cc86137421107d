"""Files in the results of tools: kept as files of the conversation, and told to the model."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import mimetypes
import time
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from chat.agent.tokens import BYTES_PER_TOKEN
from chat.models import Attachment, Run
from chat.private_files import ReceivedFile, hand_in_files
from chat.rendering import rendered_attachment
from chat.runs import attached_rows, attached_text
from chat.runs.leases import LeaseLost
from chat.runs.pictures import is_picture, mended
from chat.runs.statements import answer_of
from chat.types import IMAGE
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from chat.models import ToolRun
    from chat.runs.attached_rows import AttachedFile
    from chat.runs.toolset import RecordingToolset
    from chat.serializers import AttachmentShape
    from mcp.calls import ToolFile, ToolOutcome

logger = logging.getLogger(__name__)

# Of one answer, as many as a question may bring; and of one result, in bytes.
MOST_FILES = 20
LARGEST_RESULT = 20_000_000
# A call is made while its user watches: what takes longer to be read is found later on.
LONGEST_WAIT_SECONDS = 30.0
FIRST_POLL_SECONDS, LAST_POLL_SECONDS = 0.1, 1.0
UNREADABLE = "What is said to be an image in this result is none that can be shown."
TOO_MANY = "Further files of this result were left out: an answer has at most {most}."
TOO_LARGE = "Files of this result were left out: they are larger than {most:,} bytes."
UNKEPT = "The files of this result could not be kept."


class TakenFiles(NamedTuple):
    """The files of a result that can be kept, and what the model is told of the others."""

    files: list[ReceivedFile]
    remarks: list[str]


class ToldFiles(NamedTuple):
    """The files of a result as the model reads and sees them, and as viewers are told them."""

    text: str = ""
    images: Sequence[str] = ()
    unseen: str = ""
    shown: tuple[AttachmentShape, ...] = ()


class ToolFiles:
    """What a run does with the files in the results of its tools."""

    def __init__(self, run: Run, toolset: RecordingToolset) -> None:
        self.run, self.toolset = run, toolset
        # Whether the model of the run sees.
        self.sees = False
        self.has_told_blind = False
        # Whether the answer has files of results; who takes it up cannot know and looks.
        self.were_kept = bool(toolset.inherited or toolset.rows)

    async def keep(self, row: ToolRun, outcome: ToolOutcome) -> str:
        """Store the files of a result; what the model is told of those that are not.

        Raises `LeaseLost`. Whatever else goes wrong, the words of the result remain.
        """
        if not outcome.files or self.run.answer_id is None:
            return ""
        try:
            self.were_kept = True
            remarks = await run_in_thread(keep_files, self.run, row, outcome.files)
        except LeaseLost:
            raise
        except DomainError as error:
            remarks = [UNKEPT, error.message]
            self.warn(error.message)
        except Exception:
            logger.exception("files in the result of %s could not be kept", row.tool_name)
            remarks = [UNKEPT]
        return "\n".join(remarks)

    async def describe(self, row: ToolRun) -> ToldFiles:
        """The stored files of a result, once they are read as far as the model needs that."""
        files = await self.wait_until_read(row)
        if not files:
            return ToldFiles()
        budget = int(config.agent.tool_result_chars / BYTES_PER_TOKEN)
        told = await run_in_thread(
            attached_text.describe_result, self.run, files, self.toolset, budget=budget
        )
        if told.images and not self.sees:
            self.tell_blind()
        shown = tuple(rendered_attachment(one.shown) for one in files)
        return ToldFiles(told.attached, told.images, told.unseen, shown)

    async def wait_until_read(self, row: ToolRun) -> list[AttachedFile]:
        """The files of a result, when those are read that the model does not see, or time is up."""
        longest = min(config.agent.attachment_seconds, LONGEST_WAIT_SECONDS)
        deadline, pause = time.monotonic() + longest, FIRST_POLL_SECONDS
        while True:
            files = await run_in_thread(attached_rows.read_result_files, self.run, row.pk)
            waited = [one for one in files if one.is_unread and not (self.sees and one.is_image)]
            if not waited or time.monotonic() >= deadline:
                return files
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_POLL_SECONDS)

    def tell_blind(self) -> None:
        """Tell viewers, once, that their model reads images only."""
        if not self.has_told_blind:
            self.has_told_blind = True
            with override(self.toolset.context.language):
                words = _("The model does not see images: it reads the text recognised in them.")
            self.toolset.tell("log", {"level": "info", "message": words, "code": "attachments"})

    def warn(self, reason: str) -> None:
        """Tell viewers why files of a result are not there."""
        with override(self.toolset.context.language):
            words = _("Files of a tool's result could not be kept: %(reason)s")
            message = words % {"reason": _(reason)}
        self.toolset.tell("log", {"level": "warning", "message": message, "code": "attachments"})


def keep_files(run: Run, row: ToolRun, files: Sequence[ToolFile]) -> list[str]:
    """Store files of a result with the answer it is for; what is to be said of the others.

    Raises what an upload does, and `LeaseLost`.
    """
    taken = taken_files(files, row.tool_name, row.pk)
    room = max(MOST_FILES - Attachment.objects.filter(message=run.answer_id).count(), 0)
    chosen, remarks = taken.files[:room], list(taken.remarks)
    if len(taken.files) > room:
        remarks.append(TOO_MANY.format(most=MOST_FILES))
    if chosen:
        handed = hand_in_files(chosen, actor=run.user, session_id=run.session_id)
        rows = [
            Attachment(item_id=known.item_id, name=file.name[:500], mime=file.mime)
            for file, known in zip(chosen, handed, strict=True)
        ]
        record_files(run, row, rows)
    return remarks


@transaction.atomic
def record_files(run: Run, row: ToolRun, files: Sequence[Attachment]) -> None:
    """Write which files came with a call while its run is held; raises `LeaseLost`."""
    if not Run.objects.lock_held(run.pk, run.lease_token):
        raise LeaseLost
    beside = Attachment.objects.filter(message=run.answer_id)
    last = beside.aggregate(last=Max("position"))["last"]
    for position, file in enumerate(files, 0 if last is None else last + 1):
        file.session_id, file.message = run.session_id, answer_of(run)
        file.tool_run, file.position = row, position
    Attachment.objects.bulk_create(files)


def taken_files(files: Sequence[ToolFile], tool: str, call_id: UUID) -> TakenFiles:
    """The files of a result as they can be kept: decoded, named, and images only if they are."""
    found: list[ReceivedFile] = []
    remarks: list[str] = []
    left = LARGEST_RESULT
    for number, file in enumerate(files, 1):
        # Nothing is decoded that is too large anyway.
        if len(file.encoded) * 3 // 4 > left:
            remarks.append(TOO_LARGE.format(most=LARGEST_RESULT))
            continue
        data = decoded(file)
        if not data or (file.mime.startswith(IMAGE) and not is_picture(data)):
            remarks.append(UNREADABLE)
            continue
        left -= len(data)
        name = file.name or name_for(file, tool, number)
        # Two results with files of the same name are two files.
        found.append(ReceivedFile(name, file.mime, data, f"{call_id}/{number}/{name}"))
    return TakenFiles(found, list(dict.fromkeys(remarks)))


def decoded(file: ToolFile) -> bytes:
    """The bytes of a file; none where they are no base64."""
    try:
        return mended(base64.b64decode(file.encoded))
    except (binascii.Error, ValueError):
        return b""


def name_for(file: ToolFile, tool: str, number: int) -> str:
    """What a file without a name is called."""
    ending = mimetypes.guess_extension(file.mime) or ""
    return f"{tool} {number}{ending}"
