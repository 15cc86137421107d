"""What a model is told of files: small ones whole, as numbered passages, others by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Sum
from django.db.models.functions import Length

from chat.agent.tokens import estimated_tokens
from chat.agent.tool_selection import SEARCH
from chat.enums import AttachmentStatus
from chat.runs.citations import passages_for_model
from documents.models import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from chat.models import Run
    from chat.runs.attached_rows import AttachedFile
    from chat.runs.toolset import RecordingToolset
    from documents.managers import PassageQuerySet

# Of a window, this share may go to the text of files.
SHARE = 0.2
# A name is told so long; it comes from outside like the text.
LONGEST_NAME = 120
# Characters of a fence and its origin around each passage, about.
FENCE_TOKENS = 30
MISSING = {
    AttachmentStatus.FAILED: "could not be read: say so.",
    AttachmentStatus.REMOVED: "is no longer there.",
    AttachmentStatus.READING: "is still being read: it cannot be used in this answer, say so.",
}
# A file of more than this many characters is not even measured in tokens.
LONGEST_TEXT = 400_000


class Told(NamedTuple):
    """What stands beside a question: words, images to be shown, and words instead of these."""

    attached: str
    images: list[str]
    unseen: str


def describe_files(
    run: Run, files: Sequence[AttachedFile], toolset: RecordingToolset, *, budget: int
) -> dict[str, Told]:
    """What the model is told beside each question, and of each answer, by the ids of messages.

    The files of newer questions come first when it is decided which are told whole.
    """
    writer = Writer(run, toolset, budget)
    by_message: dict[UUID, list[AttachedFile]] = {}
    for one in files:
        by_message.setdefault(one.message_id, []).append(one)
    asked = by_message.pop(run.question_id, [])
    newest_first = [(run.question_id, asked), *reversed(by_message.items())]
    return {str(pk): writer.tell(own, head_of(own)) for pk, own in newest_first if own}


def describe_result(
    run: Run, files: Sequence[AttachedFile], toolset: RecordingToolset, *, budget: int
) -> Told:
    """What the model is told of the files in a tool's result, beside its words."""
    return Writer(run, toolset, budget).tell(files, "Files of this result:")


def head_of(files: Sequence[AttachedFile]) -> str:
    """How the files of a message are announced: those of an answer came from its tools."""
    if files[0].row.tool_run_id is not None:
        return "Files that tools returned for the answer above:"
    return "Files that came with this message:"


class Writer:
    """Writes about files until its budget of tokens is used up."""

    def __init__(self, run: Run, toolset: RecordingToolset, budget: int) -> None:
        self.run, self.toolset, self.budget = run, toolset, budget
        self.can_search = any(tool.qualified == SEARCH for tool in toolset.schemas)
        # Passages that were told already, with another version of the question for instance.
        self.told: set[UUID] = set()

    def tell(self, files: Iterable[AttachedFile], head: str) -> Told:
        """What is told of the files of one message, or of one result."""
        lines, images, unseen = list[str](), list[str](), list[str]()
        for one in files:
            if one.is_image:
                images.append(str(one.shown.id))
                lines.append(f"- image {name_of(one)}")
                unseen.append(self.words_for_image(one))
            else:
                lines.append(self.words_for_file(one))
        return Told("\n".join([head, *lines]) if lines else "", images, "\n".join(unseen))

    def words_for_image(self, file: AttachedFile) -> str:
        """The text that was recognised in an image, for who does not see it."""
        text = self.whole_text(file)
        if file.is_unread:
            return f"(The image {name_of(file)} cannot be seen, and its text is still being read.)"
        if not text:
            return f"(The image {name_of(file)} cannot be seen, and no text was recognised in it.)"
        return (
            f"(The image {name_of(file)} cannot be seen; this text was recognised in it:)\n{text}"
        )

    def words_for_file(self, file: AttachedFile) -> str:
        """A file with its text, or with what is to be done to know it."""
        name = name_of(file)
        if file.status in MISSING:
            return f"- {name} {MISSING[file.status]}"
        if text := self.whole_text(file):
            return f"- {name}, its whole text:\n{text}"
        document_id = file.shown.document_id
        if document_id is None:
            return f"- {name}, several files: search them."
        if self.can_search:
            return f"- {name} is too long to be shown here: search it (document id {document_id})."
        return f"- {name}, its beginning:\n{self.beginning(document_id)}"

    def whole_text(self, file: AttachedFile) -> str:
        """The passages of a file that fits, with their numbers; empty for any other."""
        pk = file.shown.document_id
        if pk is None or pk in self.told:
            return ""
        size = self.passages(pk).aggregate(size=Sum(Length("text")))["size"] or 0
        if not size or size > LONGEST_TEXT or size > self.budget * 4:
            return ""
        passages = list(self.passages(pk))
        cost = sum(estimated_tokens(one.text) + FENCE_TOKENS for one in passages)
        if cost > self.budget:
            return ""
        self.budget -= cost
        self.told.add(pk)
        return self.numbered(passages)

    def beginning(self, pk: UUID) -> str:
        """As many passages of a file as fit; at least a piece of the first."""
        chosen: list[Passage] = []
        for passage in self.passages(pk).iterator(chunk_size=50):
            cost = estimated_tokens(passage.text) + FENCE_TOKENS
            if chosen and cost > self.budget:
                break
            self.budget -= cost
            chosen.append(passage)
            if self.budget <= 0:
                break
        return self.numbered(chosen)

    def passages(self, pk: UUID) -> PassageQuerySet:
        """The passages of a document that the user may read, as it reads."""
        rows = Passage.objects.visible_to(self.run.user).filter(document=pk).in_order()
        found: PassageQuerySet = rows.select_related("document").defer("search")
        return found

    def numbered(self, passages: Sequence[Passage]) -> str:
        """Passages as the model reads and cites them."""
        if not passages:
            return ""
        sources = [self.toolset.book.enter(passage) for passage in passages]
        longest = max(len(source.text) for source in sources) + 1
        return passages_for_model(sources, limit=longest * len(sources))


def name_of(file: AttachedFile) -> str:
    """The name of a file, which is somebody else's words, so that it stays a name."""
    plain = file.shown.name.replace("<", "(").replace(">", ")").replace('"', "'")
    return f'"{plain[:LONGEST_NAME]}"'
