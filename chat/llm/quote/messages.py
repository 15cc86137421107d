"""What the quote model says in its own words, in English and Italian."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LANGUAGES = ("en", "it")
PHRASES = {
    "en": {
        "found": "Your documents say:",
        "found_in": "Your documents say, in {spoken}:",
        "nothing": "I found nothing about this in your documents.",
        "unread": "Some of your files are still being read: ask again when they are ready.",
        "failed": "I could not search your documents: {reason}",
        "no_tools": (
            "I am the built-in quote model: I answer by quoting your documents, and for that the "
            "tools have to be switched on in this conversation."
        ),
        "no_search": "I answer by quoting your documents, but searching them is not allowed here.",
        "no_clock": "I cannot tell the time here: the clock tool is switched off.",
        "greeting": "Hello! Ask me something, and I will quote what your documents say about it.",
        "thanks": "You are welcome. Ask on if there is more you want to know.",
        "farewell": "Goodbye!",
        "about": (
            "I am YouWorker's built-in quote model. Ask a question, and I search the documents you "
            "may see and quote the sentences that answer it, each with its source."
        ),
        "empty": "What would you like to know? I search your documents and quote what they say.",
        "time": "It is {time} on {date}{place}.",
        "date": "Today is {date}{place}.",
        "unknown_place": "I do not know the time zone of {place}. ",
    },
    "it": {
        "found": "Nei tuoi documenti si legge:",
        "found_in": "Nei tuoi documenti si legge, in {spoken}:",
        "nothing": "Non ho trovato nulla su questo nei tuoi documenti.",
        "unread": "Alcuni tuoi file sono ancora in lettura: chiedi di nuovo quando sono pronti.",
        "failed": "Non ho potuto cercare nei tuoi documenti: {reason}",
        "no_tools": (
            "Sono il modello integrato per le citazioni: rispondo citando i tuoi documenti, e per "
            "questo gli strumenti devono essere attivi in questa conversazione."
        ),
        "no_search": "Rispondo citando i tuoi documenti, ma qui la ricerca non è consentita.",
        "no_clock": "Qui non posso dire l'ora: lo strumento dell'orologio è disattivato.",
        "greeting": "Ciao! Fammi una domanda e citerò ciò che dicono i tuoi documenti.",
        "thanks": "Prego. Chiedi pure se vuoi sapere altro.",
        "farewell": "Arrivederci!",
        "about": (
            "Sono il modello integrato di YouWorker per le citazioni. Fai una domanda: cerco nei "
            "documenti che puoi vedere e cito le frasi che rispondono, ognuna con la sua fonte."
        ),
        "empty": "Che cosa vuoi sapere? Cerco nei tuoi documenti e cito ciò che dicono.",
        "time": "Sono le {time} di {date}{place}.",
        "date": "Oggi è {date}{place}.",
        "unknown_place": "Non conosco il fuso orario di {place}. ",
    },
}
# Days before months, in English, too: most of its readers are not American.
DATES = {"en": "EEEE, d MMMM y", "it": "EEEE d MMMM y"}


def phrase(name: str, language: str, **values: str) -> str:
    """One of the sentences above."""
    return PHRASES[language][name].format(**values)


def spoken_date(moment: datetime, language: str) -> str:
    """A date in words, without depending on the system's locales."""
    # Late, because its tables take a tenth of a second to load, and few ask for the date.
    from babel.dates import format_date  # noqa: PLC0415 -- see above

    return format_date(moment.date(), DATES[language], locale=language)


def language_name(code: str, language: str) -> str:
    """What a language is called in another; its code when nobody named it."""
    from babel import Locale  # noqa: PLC0415 -- see above

    return str(Locale(language).languages.get(code, code))
