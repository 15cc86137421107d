"""Names for files in a package: whatever somebody called his file, it stays inside its folder."""

from __future__ import annotations

import re
import unicodedata

LONGEST_BYTES = 150
LONGEST_ENDING = 20
# What a path, a shell or Windows would take for something else.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def safe_name(name: str) -> str:
    """The last part of a name, without anything that unpacking or opening could stumble over."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join("_" if unicodedata.category(each) in INVISIBLE else each for each in last)
    clean = FORBIDDEN.sub("_", unicodedata.normalize("NFC", shown)).strip(" .")
    if not clean:
        return "unnamed"
    return shortened(f"_{clean}" if RESERVED.fullmatch(clean) else clean)


def shortened(name: str) -> str:
    """The name within the length that every file system takes, with its ending kept."""
    if len(name.encode()) <= LONGEST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    room = LONGEST_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending
