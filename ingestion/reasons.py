"""Why a file failed, in languages other than the one its failure is stored in."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

STORED_IN = "en"
REASONS = {
    "damaged_file": _("The file is damaged, or not what its name says."),
    "document_deleted": _("The document was deleted meanwhile."),
    "embedding_failed": _("The document is found by its words, but not by its meaning."),
    "empty_file": _("The file is empty."),
    "encrypted_file": _("The file is protected by a password."),
    "file_missing": _("The file is no longer there."),
    "incomplete_file": _("This file was not downloaded completely."),
    "internal_error": _("Something went wrong on our side."),
    "lock_file": _("This only marks a file as being edited, and has no text."),
    "no_text": _("No text was found in the file."),
    "not_storable": _("The text of the file cannot be stored."),
    "parse_timeout": _("Reading the file took too long."),
    "parser_crashed": _("The file could not be read."),
    "not_a_file": _("This is a link or a device, not a file."),
    "nested_too_deep": _("There are too many archives within archives."),
    "placeholder_file": _("This only stands for a file that lies elsewhere: download that first."),
    "storage_full": _("There is no room left on the server."),
    "too_large": _("The file is too large."),
    "too_many_inside": _("There are too many files in this file."),
    "unsafe_path": _("The name of this file leads out of its archive."),
    "too_large_inside": _("The file unpacks to more data than can be read."),
    "unsupported_type": _("Files of this type cannot be read."),
}


def reason_of(code: str, detail: str) -> str:
    """The reason in the language in force; what is known in English only stays so."""
    if (get_language() or STORED_IN).startswith(STORED_IN):
        return detail
    return str(REASONS.get(code, detail))
