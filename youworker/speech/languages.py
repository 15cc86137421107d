"""Languages by the names that speech servers give them."""

from __future__ import annotations

NAMES = {
    "arabic": "ar",
    "chinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}
LONGEST_CODE = 3


def code_of(language: str) -> str:
    """The code of a language, given its code or its English name; empty for anything else."""
    plain = language.strip().lower().partition("-")[0]
    return NAMES.get(plain) or (plain if len(plain) <= LONGEST_CODE and plain.isalpha() else "")
