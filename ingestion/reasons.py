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
    "no_speech_service": _(
        "What is said in sound and video cannot be read without a speech model (STT_MODEL_DIR)."
    ),
    "damaged_sound": _("The recording is damaged."),
    "no_sound": _("There is no sound in this file."),
    "no_speech": _("Nothing that was said could be heard."),
    "sound_too_long": _(
        "The recording is longer than what is heard (INGESTION_MAX_SOUND_SECONDS)."
    ),
    "unknown_sound_format": _("Recordings of this format cannot be heard."),
    "wrong_sample_rate": _("The recording has an unusual sample rate."),
    "lock_file": _("This only marks a file as being edited, and has no text."),
    "no_text": _("No text was found in the file."),
    "not_storable": _("The text of the file cannot be stored."),
    "ocr_without_model": _("There is no model for a language of OCR_LANGUAGES."),
    "parse_timeout": _("Reading the file took too long."),
    "parser_crashed": _("The file could not be read."),
    "not_a_file": _("This is a link or a device, not a file."),
    "needs_export": _("Only its own program reads this file: export it from there as a PDF."),
    "nested_too_deep": _("There are too many archives within archives."),
    "outlook_data": _(
        "This is a data file of Outlook: save the messages from there as .msg or .eml files."
    ),
    "kindle_book": _("This is an e-book for Kindle, which cannot be read: convert it to EPUB."),
    "placeholder_file": _("This only stands for a file that lies elsewhere: download that first."),
    "rar_archive": _(
        "This is a RAR archive, which cannot be read: unpack it, or pack its files as ZIP or 7z."
    ),
    "server_busy": _("The server is too busy to read the file at this moment."),
    "storage_full": _("There is no room left for files on the server."),
    "too_large": _("The file is too large."),
    "too_many_inside": _("There are too many files in this file."),
    "unsafe_path": _("The name of this file leads out of its archive."),
    "cancelled": _("The crawl was cancelled."),
    "crawl_over": _("The crawl has taken as much time or as many bytes as it may take."),
    "egress_refused": _("The address is not a public one."),
    "left_site": _("The page redirects to another site."),
    "page_error": _("The site answers with an error."),
    "page_forbidden": _("The site does not show this page to us."),
    "page_gone": _("There is no such page."),
    "robots_denied": _("The site's robots.txt forbids reading this page."),
    "robots_unavailable": _("The site's robots.txt cannot be read."),
    "same_page": _("This is another address of a page that was read."),
    "site_busy": _("The site is busy or out of order."),
    "unchanged": _("The page has not changed."),
    "source_empty": _("Nothing is left where files were. Nothing was deleted here."),
    "source_not_allowed": _("The owner may not read this place, or not fill the collection."),
    "source_shrunk": _("Most of the files are gone. Confirm that their documents are to go, too."),
    "source_unavailable": _("The source cannot be read. Nothing was deleted here."),
    "storage_unavailable": _("The file storage does not answer."),
    "too_large_inside": _("The file unpacks to more data than can be read."),
    "unsupported_type": _("Files of this type cannot be read."),
    "upstream_unavailable": _("A server that is needed for this does not answer."),
}


def reason_of(code: str, detail: str) -> str:
    """The reason in the language in force; what is known in English only stays so."""
    if (get_language() or STORED_IN).startswith(STORED_IN):
        return detail
    return str(REASONS.get(code, detail))
