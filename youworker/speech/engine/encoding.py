"""Samples as files that are written while they are made."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from youworker.speech.engine.decoding import Samples

# By format: the container, its codec, and the samples a second it wants; 0 = as they come.
CODECS = {
    "mp3": ("mp3", "libmp3lame", 24_000),
    "opus": ("ogg", "libopus", 48_000),
    "flac": ("flac", "flac", 0),
    "aac": ("adts", "aac", 24_000),
}
# OpenAI's raw samples have this rate.
RAW_RATE = 24_000
BIT_RATE = 48_000
# The length of what is still being made, as OpenAI writes it.
UNKNOWN_LENGTH = 0xFFFF_FFFF


class Sink:
    """A file that can only be written on; what was written is taken out."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self.written += data
        return len(data)

    def take(self) -> bytes:
        """Give what was written since the last time."""
        data = bytes(self.written)
        self.written.clear()
        return data


class Encoder:
    """Makes one file of samples that come bit by bit, all at the same rate."""

    def __init__(self, form: str, rate: int) -> None:
        self.form, self.rate = form, rate
        self.sink = Sink()
        self.container: Any = None
        if form in CODECS:
            name, codec, wanted = CODECS[form]
            self.rate_out = wanted or rate
            options = {"write_xing": "0"} if form == "mp3" else {}
            self.container = av.open(self.sink, "w", format=name, options=options)
            self.stream = self.container.add_stream(codec, rate=self.rate_out, layout="mono")
            if form != "flac":
                self.stream.bit_rate = BIT_RATE
            wanted_format = self.stream.codec_context.format.name
        else:
            self.rate_out, wanted_format = (RAW_RATE if form == "pcm" else rate), "s16"
            if form == "wav":
                self.sink.write(wav_head(rate))
        self.resampler = av.AudioResampler(wanted_format, "mono", self.rate_out)

    def feed(self, samples: Samples) -> bytes:
        """Add samples; the bytes that are ready."""
        if len(samples):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono"
            )
            frame.sample_rate = self.rate
            self.write_frames(self.resampler.resample(frame))
        return self.sink.take()

    def finish(self) -> bytes:
        """End the file; the bytes that were held back."""
        self.write_frames(self.resampler.resample(None))
        if self.container is not None:
            for packet in self.stream.encode(None):
                self.container.mux(packet)
            self.container.close()
        return self.sink.take()

    def write_frames(self, frames: list[Any]) -> None:
        """Write frames in the shape that the file wants."""
        for frame in frames:
            frame.pts = None
            if self.container is None:
                self.sink.write(frame.to_ndarray().astype("<i2").tobytes())
                continue
            for packet in self.stream.encode(frame):
                self.container.mux(packet)


def wav_head(rate: int, size: int | None = None) -> bytes:
    """What stands before samples in a WAV file."""
    total = UNKNOWN_LENGTH if size is None else size + 36
    data = UNKNOWN_LENGTH if size is None else size
    shape = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", total) + b"WAVEfmt " + shape + b"data" + struct.pack("<I", data)
    )


def encoded(form: str, rate: int, samples: Samples) -> bytes:
    """A whole file of samples; raises `KeyError` for a format that is not written."""
    if form == "wav":
        data = samples.astype("<i2").tobytes()
        return wav_head(rate, len(data)) + data
    encoder = Encoder(form, rate)
    return encoder.feed(samples) + encoder.finish()
