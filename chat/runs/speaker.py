"""An answer spoken while it is made: each sentence is a sound in the run's log."""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from chat.quotas import record_spoken
from documents.language import identify
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError
from youworker.speech.script import Script
from youworker.speech.speaking import SAMPLE_RATE, speak

if TYPE_CHECKING:
    from chat.models import Run
    from chat.runs.log.run_log import RunLog

logger = logging.getLogger(__name__)

FORMAT = "mp3"
# Of one answer, about eight minutes: the log keeps three megabytes of sound for them.
MOST_CHARS = 6000
# Shorter texts say too little about their language.
ENOUGH_FOR_LANGUAGE = 40
# After the last word was written; a voice is ten times as fast as speech.
REST_SECONDS = 120.0


class AnswerSpeaker:
    """Speaks what it is fed, sentence after sentence; no trouble of its own ends the run."""

    def __init__(self, log: RunLog, language: str) -> None:
        self.log, self.language = log, language
        self.script = Script(language)
        self.heard = ""
        self.left = MOST_CHARS
        # Of the sentences that became sound, in bytes of text.
        self.spoken_bytes = 0
        # None is the end.
        self.sentences: asyncio.Queue[str | None] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None
        self.is_over = False

    def feed(self, text: str) -> None:
        """Add to the text; called for every token."""
        if self.is_over:
            return
        if len(self.heard) < ENOUGH_FOR_LANGUAGE:
            self.heard += text
        for sentence in self.script.feed(text):
            self.add(sentence)

    def add(self, sentence: str) -> None:
        """Queue a sentence, as far as the log has room for more sound."""
        if self.left <= 0:
            return
        self.left -= len(sentence)
        self.sentences.put_nowait(sentence)
        if self.task is None:
            self.task = asyncio.create_task(self.speak_queued())

    def take_back(self) -> None:
        """Forget what was not spoken yet: it turned out to be no part of the answer."""
        self.script = Script(self.language)
        self.heard = ""
        while not self.sentences.empty():
            self.sentences.get_nowait()

    async def speak_queued(self) -> None:
        """Speak what is queued, to the end."""
        try:
            while (sentence := await self.sentences.get()) is not None:
                sound = await asyncio.to_thread(self.spoken, sentence)
                if sound and not self.is_over:
                    self.log.emit("audio", sound_payload(sound, sentence))
        except DomainError as error:
            self.fail(error.in_words(), error.code)
        except Exception:
            logger.exception("an answer cannot be spoken")
            self.fail("Something went wrong on our side.", "speech_failed")

    def fail(self, detail: str, code: str) -> None:
        """Tell why nothing more is spoken."""
        if not self.is_over:
            self.log.emit("log", {"level": "warning", "message": detail, "code": code})
        self.is_over = True

    def spoken(self, sentence: str) -> bytes:
        """One sentence as a file; blocks, in a thread."""
        if len(self.heard) >= ENOUGH_FOR_LANGUAGE:
            self.language = identify(self.heard) or self.language
        sound = b"".join(speak([sentence], form=FORMAT, language=self.language))
        self.spoken_bytes += len(sentence.encode())
        return sound

    async def finish(self, stop: asyncio.Event) -> None:
        """Speak the rest, unless somebody stops it; nothing is spoken afterwards."""
        if self.is_over:
            return
        for sentence in self.script.finish():
            self.add(sentence)
        self.sentences.put_nowait(None)
        if self.task is not None:
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait(
                    {self.task, stopping},
                    timeout=REST_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                stopping.cancel()
                await self.close()
        self.is_over = True

    async def close(self) -> None:
        """Speak nothing more."""
        self.is_over = True
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task


async def count_spoken(speaker: AnswerSpeaker, run: Run) -> None:
    """Count what was spoken of an answer; no trouble with that ends the run."""
    if not speaker.spoken_bytes:
        return
    try:
        await run_in_thread(
            record_spoken, speaker.spoken_bytes, user_id=run.user_id, key_id=run.api_key_id
        )
    except DatabaseError:
        logger.exception("what was spoken of run %s could not be counted", run.pk)


def speaker_for(run: Run, log: RunLog, language: str) -> AnswerSpeaker | None:
    """Who speaks the answer of a run; None when nobody wants to hear it."""
    if not run.options.get("speak"):
        return None
    asked = (run.options.get("transcript") or {}).get("language")
    return AnswerSpeaker(log, asked or language or "en")


def sound_payload(sound: bytes, sentence: str) -> dict[str, Any]:
    """What the event `audio` tells: one sentence as a file, and which one."""
    data = base64.b64encode(sound).decode()
    return {"data": data, "format": FORMAT, "sample_rate": SAMPLE_RATE, "text": sentence}


def tell_transcript(run: Run, log: RunLog) -> None:
    """Tell what was understood of a spoken question."""
    if heard := run.options.get("transcript"):
        log.emit("transcript", {"text": run.question.content, **heard})
