"""What the people of the company are called, ask and read."""

from __future__ import annotations

FIRST = (
    *("Ada", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Giulia", "Hannah", "Ivo", "Jana"),
    *("Karim", "Lucia", "Marco", "Nadia", "Omar", "Paola", "Rosa", "Sara", "Tommaso", "Yuki"),
)
LAST = (
    *("Bianchi", "Conti", "De Luca", "Esposito", "Ferrari", "Greco", "Hofer", "Leone", "Marino"),
    *("Novak", "Okafor", "Pellegrini", "Ricci", "Rossi", "Schmid", "Tanaka", "Villa", "Weber"),
)
# Departments, with what their documents are about.
DEPARTMENTS = {
    "Sales": ("Price list", "Contract template", "Discount rules", "Customer handbook"),
    "Support": ("Returns", "Warranty terms", "Installation guide", "Known faults"),
    "Engineering": ("Pump P-200", "Test protocol", "Release notes", "Material data sheet"),
    "People and culture": ("Holiday policy", "Travel expenses", "Working from home", "Onboarding"),
    "Finance": ("Month-end closing", "Invoice approval", "Cost centres", "Payment terms"),
    "Acquisti": ("Albo fornitori", "Ordini aperti", "Condizioni di consegna", "Tariffe"),
}
QUESTIONS = (
    "How many days of notice does the {topic} ask for?",
    "Who has to sign what the {topic} describes?",
    "What changed in the {topic} since last year?",
    "Is there an exception for part-time colleagues in the {topic}?",
    "Summarise the {topic} in three sentences.",
    "Where do I send the form that belongs to the {topic}?",
    "Quali scadenze prevede il documento {topic}?",
    "Chi è responsabile secondo il documento {topic}?",
)
ANSWERS = (
    "According to the {topic}, the request goes to the head of the department, who decides within "
    "five working days [1].",
    "The {topic} says that amounts above 500 euro need a second signature [1].",
    "Two things changed: the deadline moved to the 15th, and the form is now electronic [1].",
    "Secondo il documento {topic}, il termine è di dieci giorni lavorativi [1].",
)
UNANSWERED = "The documents say nothing about that."
SENTENCES = (
    "The {topic} applies to everybody who works for the company, whatever the contract.",
    "A request is made in writing and goes to the head of the department.",
    "It is decided within five working days; silence counts as a refusal.",
    "Amounts above 500 euro need a second signature from the finance department.",
    "The form is electronic since January and is kept for ten years.",
    "Exceptions are agreed with the management and noted in the file of the case.",
    "Il termine per la consegna è di dieci giorni lavorativi dalla conferma dell'ordine.",
    "In case of a fault the serial number, the date of purchase and a photograph are needed.",
    "Travel by train is booked in second class; above four hours the first class may be used.",
    "The test is repeated at 20, 40 and 60 degrees, and each result is entered in the protocol.",
)
MODELS = ("quote", "qwen3-8b", "mistral-small")
TOOLS = (
    *("semantic.query", "semantic.query", "semantic.query", "time.now", "units.convert"),
    *("web.fetch_url", "erp.find_order"),
)
MIMES = ("application/pdf", "text/markdown", "text/html", "text/plain")
FAULTS = ("damaged_file", "encrypted_file", "parse_timeout", "no_text")
