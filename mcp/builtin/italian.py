"""Italian words about dates, put into English."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale


def names_of_days_and_months() -> dict[str, str]:
    """The English names of Italian ones."""
    italian, english = Locale("it"), Locale("en")
    pairs = [
        (each.days["format"]["wide"], each.months["format"]["wide"]) for each in (italian, english)
    ]
    return {
        name: there[number].lower()
        for here, there in zip(*pairs, strict=True)
        for number, name in here.items()
    }


NUMBERS = {
    **dict.fromkeys(("un", "uno", "una"), "1"),
    "due": "2", "tre": "3", "quattro": "4", "cinque": "5", "sei": "6", "sette": "7",
    "otto": "8", "nove": "9", "dieci": "10", "undici": "11", "dodici": "12", "quindici": "15",
    "venti": "20", "trenta": "30",
}  # fmt: skip
UNITS = {
    "minuto": "minute", "minuti": "minutes", "ora": "hour", "ore": "hours",
    "giorno": "day", "giorni": "days", "settimana": "week", "settimane": "weeks",
    "mese": "month", "mesi": "months", "anno": "year", "anni": "years",
}  # fmt: skip
OTHERS = {
    "oggi": "today", "domani": "tomorrow", "ieri": "yesterday", "adesso": "now", "fa": "ago",
    "fra": "in", "tra": "in", "alle": "at", "all": "at", "a": "at", "mezzogiorno": "12:00",
    "mezzanotte": "00:00", "e": "", "il": "", "lo": "", "la": "", "l": "", "di": "", "del": "",
    **dict.fromkeys(("prossimo", "prossima"), "next"),
    **dict.fromkeys(("scorso", "scorsa"), "last"),
}  # fmt: skip
PHRASES = {
    "dopodomani": "fra 2 giorni",
    "l'altro ieri": "2 giorni fa",
    "mezz'ora": "30 minuti",
}
ACCENTS = {"lunedi": "lunedì", "martedi": "martedì", "mercoledi": "mercoledì"} | {
    "giovedi": "giovedì",
    "venerdi": "venerdì",
}
TOKEN = re.compile(r"\d{1,2}[:.]\d{2}|\d+|[a-zà-ù]+")
# "Ore 18" is a time, "18 ore" a span.
HOURS_AFTER = re.compile(r"\bore (?=\d)")
# "friday next" is not English, and a bare hour after "at" is taken for a day.
REORDER = re.compile(r"\b([a-z]+) (next|last)\b")
BARE_HOUR = re.compile(r"\bat (\d{1,2})(?:[:.](\d{2}))?\b")


@cache
def known_words() -> dict[str, str]:
    """Every word that is understood; two languages' names take 5 MB until somebody asks."""
    return {**NUMBERS, **UNITS, **names_of_days_and_months(), **OTHERS}


def in_english(text: str) -> str | None:
    """The same in English; None when a word is not known, or none is Italian."""
    lowered = text.lower()
    for phrase, plainer in PHRASES.items():
        lowered = lowered.replace(phrase, plainer)
    lowered = HOURS_AFTER.sub("alle ", lowered)
    tokens = [ACCENTS.get(token, token) for token in TOKEN.findall(lowered)]
    known = known_words()
    words = [token if token[0].isdigit() else known.get(token) for token in tokens]
    if any(word is None for word in words) or words == tokens:
        return None
    english = " ".join(word for word in words if word)
    english = REORDER.sub(r"\2 \1", english)
    return BARE_HOUR.sub(lambda found: f"at {found[1]}:{found[2] or '00'}", english)
