"""Fixed vocabularies of conversations."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user", _("User")
    ASSISTANT = "assistant", _("Assistant")


# Instead of the thread of a run: its asker wants nothing of it kept.
UNKEPT = "unkept"


class SessionOrigin(models.TextChoices):
    """Where a conversation is held."""

    PRODUCT = "", pgettext_lazy("where a conversation is held", "YouWorker")
    OPENAI = "openai", _("OpenAI client")


class RunStatus(models.TextChoices):
    """Where an answer stands."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    WAITING_APPROVAL = "waiting_approval", _("Waiting for approval")
    SUCCEEDED = "succeeded", _("Succeeded")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


ACTIVE_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING_APPROVAL)
# Runs that come to an end without anybody's decision.
WORKING_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING)
# Active runs that no process holds.
IDLE_STATUSES = (RunStatus.QUEUED, RunStatus.WAITING_APPROVAL)


class ToolRunStatus(models.TextChoices):
    """How a tool call went."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    DENIED = "denied", _("Denied")
    INTERRUPTED = "interrupted", _("Interrupted")


# Calls that have no end yet.
OPEN_CALLS = (ToolRunStatus.WAITING, ToolRunStatus.RUNNING)


class Decision(models.TextChoices):
    """What became of the question whether a tool may be called."""

    ALLOW = "allow", _("Allow")
    DENY = "deny", _("Deny")
    TIMEOUT = "timeout", _("Timeout")
    GRANTED = "granted", _("Allowed before")


class ServerKind(models.TextChoices):
    """Which program serves models."""

    UNKNOWN = "unknown", _("Unknown")
    LLAMA_CPP = "llama.cpp", "llama.cpp"
    VLLM = "vllm", "vLLM"
    OLLAMA = "ollama", "Ollama"
    LM_STUDIO = "lmstudio", "LM Studio"
    OTHER = "other", _("Other")


class ServerState(models.TextChoices):
    """How a model server answered when it was last looked at."""

    UNKNOWN = "unknown", _("Unknown")
    OK = "ok", _("Reachable")
    FAILED = "failed", _("Failed")


class CallKind(models.TextChoices):
    """Who waits for an answer that has no run."""

    DIRECT = "direct", _("OpenAI client")
    BATCH = "batch", _("Background work")


class AttachmentStatus(models.TextChoices):
    """What there is of a file that came with a question."""

    READING = "reading", _("Being read")
    SEARCHABLE = "searchable", _("Searchable by word")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    # It was deleted, or is no longer shared with whoever asked.
    REMOVED = "removed", _("Removed")


class AskReason(models.TextChoices):
    """Why somebody is asked about a call."""

    POLICY = "policy", _("This tool always asks.")
    UNTRUSTED = "untrusted", _("Content that others wrote was read before.")


class GrantReach(models.TextChoices):
    """How far an allowance goes beyond the one call."""

    CONVERSATION = "conversation", _("This conversation")
    EVERYWHERE = "everywhere", _("All conversations")


class QuestionKind(models.TextChoices):
    """What a golden question asks of an answer."""

    PLAIN = "plain", _("Question")
    FOLLOW_UP = "follow_up", _("Follow-up")
    UNANSWERABLE = "unanswerable", _("Nobody can answer it")


class Verdict(models.TextChoices):
    """What an answer is beside what was expected of it."""

    RIGHT = "right", _("Right")
    WRONG = "wrong", _("Wrong")
    REFUSED = "refused", _("Says that there is no answer")
    UNSOURCED = "unsourced", _("Names no source")
    FAILED = "failed", _("No answer")
