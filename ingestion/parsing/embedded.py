"""What programs write into texts for machines alone: files in base64, colours of terminals."""

from __future__ import annotations

import re

from ingestion.parsing.sentences import FILES_IN_TEXT

# Colours and places of a screen, titles and links of a terminal, alphabets (ECMA-48).
CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)|[()*+][0-9A-Z]|[=>78cDEHMZ])"
)
# The backslash stands before slashes and line ends where they are within strings.
SIGN = r"[A-Za-z0-9+/\\]"
MEDIA_TYPE = r"[\w.+-]{1,60}\\?/[\w.+-]{1,100}(?:;[\w.=+-]{1,100})*"
ADDRESS = rf"data:{MEDIA_TYPE};base64,(?:{SIGN}|[%=]){{40,}}+"
# One long line, or lines as long as mail has them and a last one.
LINE = rf"(?<!{SIGN}){SIGN}{{200,}}+={{0,2}}(?:\\[nr])*+"
LINES = (
    rf"(?<!{SIGN})(?:{SIGN}{{60,}}+[ \t]*+\n[ \t]*+){{3,}}+"
    rf"(?:{SIGN}++={{0,2}}(?=[ \t]*+(?:\n|<|\"|\Z)))?+"
)
FILE = re.compile(f"{ADDRESS}|{LINES}|{LINE}")
# What Markdown would call a picture that was left out.
REFERENCE = re.compile(rf"^\[[^\]\n]{{1,200}}\]:[ \t]*+<?{ADDRESS}>?[ \t]*+(?:\n|\Z)", re.M)
KINDS_OF_SIGNS = (re.compile("[A-Z]"), re.compile("[a-z]"), re.compile("[0-9]"))


def without_controls(text: str) -> str:
    """Text without what steers a terminal."""
    return CONTROL.sub("", text) if "\x1b" in text else text


def without_files(text: str) -> tuple[str, list[str]]:
    """Text without files in base64, and a sentence when there were any."""
    rest = FILE.sub(unless_text, REFERENCE.sub("", text))
    return rest, [FILES_IN_TEXT] if len(rest) < len(text) else []


def unless_text(found: re.Match[str]) -> str:
    """Nothing for a file; sequences of genes and the like are of fewer kinds of signs."""
    run = found[0]
    is_file = run.startswith("data:") or all(kind.search(run) for kind in KINDS_OF_SIGNS)
    return "" if is_file else run
