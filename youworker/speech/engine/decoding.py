"""Any sound as 16 kHz mono, decoded by FFmpeg a frame at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import av
import numpy as np

from youworker.speech.engine.containers import HEAD_BYTES, reader_of
from youworker.speech.engine.exceptions import (
    DAMAGED,
    NO_SOUND,
    TOO_LONG,
    UNKNOWN_FORMAT,
    WRONG_RATE,
    Trouble,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

RATE = 16_000
# Samples a second that a raw stream may have.
SLOWEST, FASTEST = 8_000, 48_000
# What files declare: beyond that, a few bytes would become hours of sound.
SLOWEST_DECLARED, FASTEST_DECLARED = 4_000, 384_000
MOST_CHANNELS = 16
RAW = {"pcm", "pcm16", "pcm_s16le", "s16le"}
RAW_BLOCK = 65_536
# Files that samples are not taken for by chance; each says its rate itself.
WITH_RATE = {"wav", "matroska", "ogg", "flac"}
# Of a file with a damaged part the rest is of use; one that is all damage is not.
MOST_BAD_PACKETS = 50


@dataclass(slots=True)
class Sound:
    """A sound that is being decoded; what is known of it grows with what was read."""

    # Seconds, as the file says or as its bytes do; none when it does not say.
    declared: float | None = None
    seconds: float = 0.0
    # Packets that could not be decoded, or an end in the middle.
    is_damaged: bool = False


def decode(
    source: BinaryIO, sound: Sound, *, form: str = "", rate: int | None = None, most: float
) -> Iterator[Samples]:
    """The samples of a sound, in blocks; raises `Trouble`, also after `most` seconds of it."""
    is_raw = form.lower() in RAW and not tells_rate(source)
    blocks = raw_blocks(source, sound, rate) if is_raw else file_blocks(source, sound)
    count = 0
    for block in blocks:
        count += len(block)
        sound.seconds = count / RATE
        if sound.seconds > most:
            raise Trouble(TOO_LONG, f"{most:g}")
        yield block
    if not count:
        raise Trouble(DAMAGED)


def tells_rate(source: BinaryIO) -> bool:
    """Whether what is called samples is a file: its own rate counts, whatever is said beside it."""
    head = source.read(HEAD_BYTES)
    source.seek(0)
    return reader_of(head) in WITH_RATE


def raw_blocks(source: BinaryIO, sound: Sound, rate: int | None) -> Iterator[Samples]:
    """16-bit samples without a head, whose rate the caller names."""
    if rate is None or not SLOWEST <= rate <= FASTEST:
        raise Trouble(WRONG_RATE)
    resampler = new_resampler()
    while data := source.read(RAW_BLOCK):
        samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2")
        if not len(samples):
            sound.is_damaged = True
            break
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        yield from resampled(resampler, frame)
    yield from resampled(resampler, None)


def file_blocks(source: BinaryIO, sound: Sound) -> Iterator[Samples]:
    """The first sound track of a file."""
    head = source.read(HEAD_BYTES)
    source.seek(0)
    reader = reader_of(head)
    if not reader:
        raise Trouble(UNKNOWN_FORMAT)
    try:
        # What it reads is what it is given: nothing else may be opened.
        options = {"protocol_whitelist": "none", "format_whitelist": reader}
        container = av.open(
            source, format=reader, container_options=options, metadata_errors="ignore"
        )
    except (av.FFmpegError, ValueError) as error:
        raise Trouble(DAMAGED) from error
    with container:
        yield from container_blocks(container, sound)


def container_blocks(container: Any, sound: Sound) -> Iterator[Samples]:
    """The samples of an open file; what cannot be decoded is left out."""
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        raise Trouble(NO_SOUND)
    if container.duration:
        sound.declared = container.duration / av.time_base
    resampler, shape, bad = new_resampler(), None, 0
    for packet in packets_of(container, stream, sound):
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            sound.is_damaged, bad = True, bad + 1
            if bad > MOST_BAD_PACKETS:
                return
            continue
        for frame in frames:
            check_frame(frame)
            found = (frame.format.name, frame.layout.name, frame.sample_rate)
            if shape not in (None, found):
                yield from resampled(resampler, None)
                resampler = new_resampler()
            shape = found
            frame.pts = None
            yield from resampled(resampler, frame)
    yield from resampled(resampler, None)


def packets_of(container: Any, stream: Any, sound: Sound) -> Iterator[Any]:
    """The packets of a track, to the end or to where the file breaks off."""
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, ValueError):
        sound.is_damaged = True


def check_frame(frame: Any) -> None:
    """Raise `Trouble` for what no microphone and no editor makes."""
    rate = frame.sample_rate
    if not SLOWEST_DECLARED <= rate <= FASTEST_DECLARED:
        raise Trouble(WRONG_RATE)
    if len(frame.layout.channels) > MOST_CHANNELS:
        raise Trouble(DAMAGED)


def new_resampler() -> Any:
    """What turns frames of one shape into ours."""
    return av.AudioResampler(format="s16", layout="mono", rate=RATE)


def resampled(resampler: Any, frame: Any) -> Iterator[Samples]:
    """A frame in our shape; without one, what the resampler still holds."""
    try:
        made = resampler.resample(frame)
    except (av.FFmpegError, ValueError) as error:
        if frame is None:
            # It was never given any.
            return
        raise Trouble(DAMAGED) from error
    for one in made:
        yield one.to_ndarray().reshape(-1)
