"""Which of FFmpeg's readers a file needs, by its first bytes.

FFmpeg is never left to guess: among its readers are playlists, which name files and addresses.
"""

from __future__ import annotations

import re

READERS = (
    (re.compile(rb"RIFF....WAVE|RF64....WAVE", re.S), "wav"),
    (re.compile(rb"RIFF....AVI ", re.S), "avi"),
    (re.compile(rb"\x1aE\xdf\xa3"), "matroska"),
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"fLaC"), "flac"),
    (re.compile(rb"....(?:ftyp|moov|mdat|wide|free|skip)", re.S), "mov"),
    (re.compile(rb"FORM....AIF[FC]", re.S), "aiff"),
    (re.compile(rb"#!AMR"), "amr"),
    (re.compile(rb"0&\xb2u\x8ef\xcf\x11"), "asf"),
    (re.compile(rb"\x00\x00\x01\xba"), "mpeg"),
    (re.compile(rb"FLV\x01"), "flv"),
    (re.compile(rb"\x47.{187}\x47", re.S), "mpegts"),
    # Of MPEG's streams without a container, the layer tells AAC from MP3.
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "aac"),
    (re.compile(rb"ID3|\xff[\xe2\xe3\xf2-\xf7\xfa-\xff]"), "mp3"),
)
HEAD_BYTES = 512


def reader_of(head: bytes) -> str:
    """The name of the reader for a file that begins so; empty when nobody reads it."""
    return next((name for start, name in READERS if start.match(head)), "")
