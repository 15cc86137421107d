"""What owners are told of a file that was read; imports no Django.

It is stored in English and translated where it is shown (`ingestion.notes`).
"""

from __future__ import annotations

NOTES: list[str] = []


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translators, and as one that is known when it is shown."""
    NOTES.append(sentence)
    return sentence


GUESSED_LETTERS = gettext_noop(
    "The file does not say how its letters are encoded: it was read as {encoding}."
)
DAMAGED_LETTER = gettext_noop("1 character is damaged and could not be read.")
DAMAGED_LETTERS = gettext_noop("{count} characters are damaged and could not be read.")
FILES_IN_TEXT = gettext_noop("Files that are written into the text as base64 were left out.")
SHORTENED_OUTPUTS = gettext_noop("Long outputs were read at their beginning and end only.")
READ_BY_OCR = gettext_noop("Read by OCR, which may mistake letters.")
FIRST_SCANS = gettext_noop("Only the first {count} scanned pages were read.")
DAMAGED_PAGES = gettext_noop("The file is damaged: its last pages could not be read.")
DAMAGED_SOUND = gettext_noop("A part of the recording is damaged and was left out.")
TOO_LONG = gettext_noop("The text was very long: only its beginning can be found.")
# A name is in quotes, as `repr` writes it; a reason is the sentence of a refusal.
ATTACHMENT_REFUSED = gettext_noop("The attachment {name} was not read: {reason}")
ATTACHMENT_UNREADABLE = gettext_noop("The attachment {name} could not be read.")
KEPT_TOGETHER = gettext_noop("The mailbox has more than {count} messages, which stay one document.")
ONE_FILE_INSIDE = gettext_noop("1 file was found in it.")
FILES_INSIDE = gettext_noop("{count} files were found in it.")
REFUSED_INSIDE = gettext_noop("{count} could not be unpacked.")
NEWER_VERSION = gettext_noop("Version {number} of a document that was there.")
KNOWN = gettext_noop("The collection had this content already: see the document.")
# While a file is read.
READING_SCANS = gettext_noop("Reading scans: page {number} of {total}.")
LISTENING = gettext_noop("Listening: {heard}.")
LISTENING_OF = gettext_noop("Listening: {heard} of {total}.")


def attachment_refused(name: str, reason: str) -> str:
    """That an attachment was not read, and why."""
    return ATTACHMENT_REFUSED.format(name=repr(name), reason=reason)
