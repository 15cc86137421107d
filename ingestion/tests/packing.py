"""Archives and messages with files in them, made on the spot."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from email.message import EmailMessage
from typing import Any

import py7zr
from backports import zstd

SMALLEST_PICTURE = 20_000


def zipped(files, *, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def locked(archive, *names):
    """The archive with the flag set that says a file is encrypted."""
    data = bytearray(archive)
    for name in names:
        at = -1
        while (at := data.find(name.encode(), at + 1)) >= 0:
            # The flags stand 24 bytes before the name in the file's head, 38 in the directory.
            for start, distance in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
                if data[at - distance :].startswith(start):
                    data[at - distance + (6 if distance == 30 else 8)] |= 1
    return bytes(data)


def tarred(files, *, links=(), devices=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
        for name in devices:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.CHRTYPE
            archive.addfile(entry)
    return buffer.getvalue()


def seven_zipped(files, password=None):
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return buffer.getvalue()


COMPRESS: dict[str, Any] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}


def message(subject="Offer", files=None, *, text="See the files.", pictures=()):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", subject
    mail.set_content(text)
    for name, content in (files or {}).items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    for number, content in enumerate(pictures):
        mail.add_attachment(
            content,
            maintype="image",
            subtype="png",
            filename=f"p{number}.png",
            disposition="inline",
            cid=f"<{number}@example.org>",
        )
    return bytes(mail)


def mailbox(*messages):
    return b"".join(
        b"From a@example.org Mon Mar  2 10:00:00 2026\n" + one.rstrip(b"\n") + b"\n\n"
        for one in messages
    )
