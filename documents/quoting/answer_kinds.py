"""What kind of answer a question wants, and whether a sentence is of that kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Set

    from documents.quoting.words import WordReader

# The languages of these patterns; a sentence in another one may be of a kind without their words.
KNOWN_LANGUAGES = frozenset({"en", "it", "de"})
# Of a question, this much shows what kind of answer it wants.
LONGEST_ASKED = 1000
COUNTS = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred"
    r"|thousand|million|no|unlimited|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|dodici|venti"
    r"|trenta|cento|mille|nessun[oa]?|illimitat[oaie]|zwei|drei|vier|fünf|sechs|sieben|acht|neun"
    r"|zehn|zwölf|zwanzig|dreißig|hundert|tausend|keine?|unbegrenzt)\b"
)
NUMERALS = (
    rf"{COUNTS}|\b(?:half|quarter|third|fifth|none|all|every|free|once|twice|met[àa]|ogni"
    r"|tutt[ie]|gratis|gratuit[oaie]|halbe?r?|jede[rsnm]?|alle|kostenlos)\b"
)
MONEY = (
    r"[€£$¥]|\b(?:eur(?:os?)?|gbp|usd|chf|fr\.|pounds?|pence|dollars?|cents?|francs?|sterline?"
    r"|franchi|franken|rappen|centesim[io])\b|\b(?:free of charge|for free|(?:is|are) free"
    r"|no charge|gratis|gratuit[oaie]|kostenlos)\b"
)
UNITS_OF_TIME = (
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|quarters?|second[io]"
    r"|minut[io]|or[ae]|giorn[io]|nott[ei]|settiman[ae]|mes[ei]|ann[io]|sekunden?|minuten?"
    r"|stunden?|tage?n?|nächten?|wochen?|monate?n?|jahre?n?)"
)
MOMENTS = (
    r"\b\d{1,2}[:.]\d\d\b|\b(?:19|20)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre"
    r"|dicembre|januar|februar|märz|mai|juni|juli|oktober|dezember)\b"
    r"|\b(?:luned[ìi]|marted[ìi]|mercoled[ìi]|gioved[ìi]|venerd[ìi]|sabato|domenica"
    r"|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?)\b"
    r"|\b(?:daily|hourly|weekly|monthly|yearly|annually|quarterly|nightly|immediately|at once"
    r"|always|never|today|tomorrow|spring|summer|autumn|winter|christmas|noon|midnight|morning|evening"
    r"|permanently|indefinitely|subito|mai|sempre|primavera|estate|autunno|inverno|mensile"
    r"|annual[ei]|mattina|sera|mezzogiorno|sofort|immer|nie|täglich|wöchentlich|monatlich|jährlich"
    r"|(?:half|twice|once) (?:a|per|every)|(?:when|until|before|after|as soon as|quando|finch[ée]"
    r"|prima|dopo|appena|wenn|sobald|bevor|nachdem|bis))\b"
)
TIME = rf"{MOMENTS}|\b{UNITS_OF_TIME}\b|\b(?:at|by|from|until|alle|um|bis|ab) (?:{NUMERALS})"
PEOPLE = (
    r"(?-i:\b[A-ZÀ-Ý][\w'\u2019-]+ (?:(?:van|von|de|di|del|della) )?[A-ZÀ-Ý][\w'\u2019-]+)"
    r"|\b(?:head|manager|director|chair|leader|officer|administrator|owner|team|desk|department"
    r"|office|committee|board|everybody|everyone|anybody|nobody|members?|staff|employees?|managers?"
    r"|customers?|users?|technicians?|reception|landlord|tenant|supplier|guard|warden|editor|author"
    r"|by (?:the|a|an)|mr|mrs|ms|dr|responsabil[ei]|direttor[ei]|direttrice|dirigent[ei]|uffici[oo]"
    r"|portineria|dipendent[ei]|client[ei]|locator[ei]|conduttor[ei]|avvocat[oa]|ogni|chi|tutti"
    r"|nessuno|reparto|frau|herr|leiter(?:in)?|abteilung|mitarbeitende[rn]?|techniker(?:in)?)\b"
)
PLACES = (
    r"(?-i:\b(?:in|at|to|from|near|on|by|behind|a|ad|da|in|presso|via|bei|beim|im|nach|aus)"
    r" (?:the |la |il |lo |der |dem )?[A-ZÀ-Ý])"
    r"|\b(?:behind|beside|beneath|next to|opposite|rooms?|floor|building|cellar|street|lane|garden"
    r"|office|reception|portal|folder|page|menu|site|https?|dietro|accanto|di fronte|sala|piano"
    r"|edificio|cantina|ufficio|portineria|hinter|neben|gegenüber|zimmer|gebäude|keller|büro)\b"
)
COLOURS = (
    r"\b(?:black|white|gr[ea]y|red|green|blue|yellow|orange|brown|purple|pink|silver|ner[oa]"
    r"|bianc[oa]|grigi[oa]|ross[oa]|verd[ei]|blu|azzurr[oa]|giall[oa]|arancione|marrone|viola|rosa"
    r"|argento|schwarz|wei(?:ß|ss)|grau|rot|grün|blau|gelb|braun|silber)\w{0,2}\b"
)


class Kind(NamedTuple):
    """A kind of answer: how it is asked for, and what it has in any case."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str] | None = None
    # Whether nothing else answers such a question.
    is_strict: bool = False
    # Words of questions that the form of the answer stands for: `costs` for `£15`.
    meant: frozenset[str] = frozenset()
    # What a line begins with that says nothing but the answer: `Where: Hall C`.
    label: re.Pattern[str] | None = None
    # What the column of a table is called whose figures answer: `Price`.
    column: re.Pattern[str] | None = None


def kind(
    name: str,
    asked: str,
    given: str = "",
    *,
    strict: bool = False,
    meant: str = "",
    label: str = "",
    column: str = "",
) -> Kind:
    """A kind by its patterns."""
    compiled = re.compile(given, re.I) if given else None
    labels = re.compile(rf"(?:{label})\s?:", re.I) if label else None
    columns = re.compile(column, re.I) if column else None
    meanings = frozenset(meant.split())
    return Kind(name, re.compile(asked, re.I), compiled, strict, meanings, labels, columns)


PAID = (
    r"(?:price|cost|fee|salary|wage|rent|fine|budget|bonus|premium|refund|deposit|\w*lohn|prezzo|costo"
    r"|stipendio|canone|affitto|tariffa|premio|multa|preis|gehalt|miete|gebühr|kosten)"
)
# The first that fits counts; those of a language nobody wrote patterns for are `number` at most.
KINDS = (
    kind(
        "topic",
        r"\bwhat (?:does|do|is|stands?)\b.{0,80}\b(?:say|said|written|there|in)\b.{0,80}\babout\b"
        r"|\b(?:tell me|explain|inform me)\b.{0,20}\babout\b|\bsummar(?:y|i[sz]e)\b"
        r"|\bcosa dic(?:e|ono)\b|\bparlami d|\bdimmi (?:qualcosa )?(?:di|su)"
        r"|\briassum\w+|\bwas (?:steht|sagt)\b.{0,80}\b(?:über|zu)\b|\bfasse?\b.{0,80}\bzusammen\b",
        meant="say says said tell written explain summary summarize summarise dice dicono parlami"
        " dimmi riassumi riassunto steht sagt fasse zusammen handbook guide manual policy manuale"
        " guida handbuch",
    ),
    kind(
        "how_to",
        r"\bhow (?:do|does|can|could|should|would|to|must)\b(?! (?:long|much|many|often)\b)"
        r"|\b(?:steps?|instructions?|procedure) (?:to|for)\b"
        r"|\bwhat (?:should|must|do|can) (?:i|we|you) do\b|\bwhat to do\b"
        r"|(?:^|[\s,])come (?:(?:ci )?si |posso|faccio|fare|devo|possiamo|facciamo|impost|configur"
        r"|install)|\b(?:che )?cosa (?:devo |si deve |bisogna |dobbiamo )?fare\b|\bwas tun\b"
        r"|\bwie (?:kann|können|muss|stelle|richte|mache|geht|installiere|verbinde|setze)\b",
    ),
    kind(
        "money",
        r"\bhow much\b.{0,80}\b(?:costs?|pay|paid|charged?|earn|worth|owe|reimburs\w+|refunded)\b"
        rf"|\bhow much\b.{{0,80}}\b{PAID}s?\b"
        rf"|\b(?:what|which)(?: is| are|['\u2019]s)? (?:the |a |an )?(?:\w+ ){{0,2}}{PAID}s?\b"
        rf"|\bquanto (?:costa\w*|paga\w*|si paga|guadagna\w*|vale|bisogna pagare|ammonta)"
        rf"|\ba quanto ammonta\b|\bqual è (?:il |la |l['\u2019])?(?:\w+ )?{PAID}\b"
        r"|\bwhat (?:do|does|did|will|would)\b.{0,80}\bcosts?\b|\bwie teuer\b"
        r"|\bcombien (?:co[ûu]te|vaut|valent)"
        r"|\b(?:quel est|quels sont) (?:le|les) (?:prix|tarifs?)\b"
        r"|\bcu[aá]nto (?:cuesta|vale)|\bquanto (?:custa|custam)\b"
        r"|\bwas koste[tn]\b|\bwie ?viel koste[tn]\b"
        rf"|\bwie (?:hoch|teuer) (?:ist|sind)\b.{{0,80}}{PAID}",
        MONEY,
        strict=True,
        meant="cost costs price pay paid charge charged costa costano prezzo pagare kostet"
        " kosten preis teuer coûte coute coûtent prix tarif tarifs cuesta cuestan custa custam",
        label=rf"(?:\w+ )?{PAID}\w?",
        column=rf"{PAID}|amount|importo|betrag",
    ),
    kind(
        "weight",
        r"\bhow heavy\b|\bhow much (?:does|do|did)\b.{0,80}\bweigh"
        r"|\bwhat(?: is|['\u2019]s) the weight\b"
        r"|\bquanto pesa|\bqual è il peso\b|\bwie schwer\b|\bwas wiegt\b",
        r"\d\s?(?:kg|g|mg|t|lbs?|oz|kilo\w*|grams?|gramm[io]?|tonn?\w*|pounds)\b",
        strict=True,
        meant="heavy weigh weighs weight pesa peso schwer wiegt",
    ),
    kind(
        "temperature",
        r"\btemperature\b|\bhow (?:hot|cold|warm)\b|\bboiling point\b"
        r"|\btemperatura?\b",
        r"°|\b(?:degrees|celsius|fahrenheit|kelvin|gradi|grad)\b",
        strict=True,
    ),
    kind(
        "contact",
        r"\b(?:tele)?phone(?: number)?\b.{0,60}\?|\bwhat number\b|\bnumero di telefono\b"
        r"|\btelefonnummer\b|\be-?mail(?: address)?\b.{0,40}\?|\bindirizzo e-?mail\b",
        r"\+?\d[\d /-]{6,}\d|\bextension \d|\binterno \d|\S@\S",
        strict=True,
    ),
    kind(
        "colour",
        r"\bcolou?rs?\b.{0,60}\?|\bche colore\b|\bwelche farbe\b",
        COLOURS,
        strict=True,
    ),
    kind(
        "time",
        # Elsewhere in a question it says under which condition.
        r"(?:^\W*|[,;:] |\b(?:and|but|so|by|until|till|since|from|says?|know|me) )when\b"
        r"|(?:^\W*|[,;:] |\b(?:e|ma|entro|fino a|da|dimmi|sai) )quando\b"
        r"|(?:^\W*|[,;:] |\b(?:und|ab|bis|seit) )wann\b"
        r"|\bhow (?:long|often|soon|old)\b|\b(?:by|until|since|at) what time\b"
        r"|\b(?:what|which) (?:date|day|month|year|time)\b|\bogni quanto\b|\bquanto dura"
        r"|\bper quanto\b|\bin (?:che|quale) (?:data|giorno|mese|anno)\b|\ba che ora\b"
        r"|\bwie (?:lange|oft)\b|\bum wie ?viel uhr\b",
        TIME,
        strict=True,
        meant="long last lasts take takes date time happen happens begin begins start starts end"
        " ends dura durano data ora inizia comincia finisce dauert beginnt endet",
        # Not `Date`, which is when a message was sent.
        label=r"when|time|date and time|quando|ora|orario|data e ora|wann|zeit|uhrzeit|termin",
    ),
    kind(
        "number",
        r"\bhow (?:many|much|big|large|fast|far|tall|high|deep)\b|\bwhich (?:port|version)\b"
        r"|\bwhat (?:port|version|size|number|percentage)\b"
        r"|\bquant[oaie]\b|\bquale (?:porta|versione)\b"
        r"|\bwie ?viele?\b|\bwie (?:gro(?:ß|ss)|schnell|hoch)\b",
        NUMERALS,
        strict=True,
    ),
    kind(
        "number",
        r"\bdefault\b|\bmaximum\b|\bminimum\b|\bcombien\b|\bquand\b|\bcuánt[oa]s?\b|\bcuándo\b"
        r"|\bquant[oa]s\b|\bhoeveel\b|\bwanneer\b|\bhoe (?:lang|vaak|groot)\b|\bwie alt\b"
        r"|多少|多久|几[天个年月次]|什么时候|いくら|いくつ|いつ|何[人日時年回]|얼마|언제|몇|เท่าไ|กี่|เมื่อไ",
        r"\d",
    ),
    kind(
        "person",
        r"\bwho(?:m|se)?\b|(?:^|[\s,])(?:a |da |con |di )?chi\b|\bwer\b|\bwem\b",
        PEOPLE,
        meant="invited attends attending participates partecipa partecipano invitato invitati"
        " eingeladen teilnimmt",
        label=r"who|organi[sz]er|attendees|participants|invitees|host|chi|organizzatore"
        r"|partecipanti|invitati|wer|organisator(?:in)?|teilnehmer|teilnehmende",
    ),
    kind(
        "place",
        r"(?:^\W*|[,;:] |\b(?:and|but|so|from|says?|know|me) )where\b"
        r"|(?:^\W*|[,;:] |\b(?:e|ma|da) )dov(?:e\b|['\u2019]\s?è)"
        r"|(?:^\W*|[,;:] |\bund )wo(?:hin|her)?\b",
        PLACES,
        meant="take takes place happen happens located find trova trovano svolge befindet",
        label=r"where|place|location|venue|address|dove|luogo|sede|indirizzo|wo|ort|adresse",
    ),
    kind(
        "reason",
        r"\b(?:why|perch[éè]|warum|wieso|weshalb|pourquoi|por qu[eê]|por qué|waarom)\b",
        r"\b(?:because|since|so that|due to|therefore|in order|perché|poiché|perciò|weil|deshalb"
        r"|damit|parce que|car|afin|porque|puesto que|omdat|doordat|zodat)\b",
    ),
    kind(
        "meaning",
        r"^\W*(?:what(?:'s| is| are| does)|define|who is"
        r"|(?:che )?cos(?:a|['\u2019])\s?(?:è|sono|significa)|chi è|che significa"
        r"|was (?:ist|sind|bedeutet)|wer ist|qu['\u2019]est-ce que?|qui est"
        r"|qué (?:es|son|significa)|quién es|o que (?:é|são|significa)|quem é"
        r"|wat (?:is|zijn|betekent)|wie is)\b",
    ),
)
DEFINING = re.compile(
    r"\b(?:is|are|means?|refers? to|stands? for|allows?|lets?|provides?|enables?|è|sono|significa"
    r"|indica|permette|consente|serve|ist|sind|bedeutet|bezeichnet|est|sont|signifie|désigne|es|son"
    r"|significa|é|são|zijn|betekent)\b",
    re.I,
)
FEW_MORE = 2
# What is counted stands behind these words in the question, and beside a number in the answer.
COUNTED = re.compile(
    r"\bhow many ((?:[\w-]+ ){0,2}[\w-]+)|\bquant[ie] ((?:[\w-]+ ){0,2}[\w-]+)"
    r"|\bwie ?viele ((?:[\w-]+ ){0,2}[\w-]+)",
    re.I,
)
COUNT = re.compile(COUNTS, re.I)
WORDS_BEFORE, WORDS_BEHIND = 4, 4


def kinds_of(question: str) -> list[Kind]:
    """The kinds of answer that a question asks for, the most telling one first."""
    asked = " ".join(question[:LONGEST_ASKED].split())
    found = {one.name: one for one in reversed(KINDS) if one.asked.search(asked)}
    return sorted(found.values(), key=KINDS.index)


def counted_words(question: str, reader: WordReader) -> frozenset[str]:
    """The stems of what is to be counted; none when nothing is."""
    found = COUNTED.search(question[:LONGEST_ASKED])
    if found is None:
        return frozenset()
    phrase = next(filter(None, found.groups()))
    return frozenset(reader.terms(phrase)[:2])


def counts(text: str, counted: Set[str], reader: WordReader) -> bool:
    """Whether a number stands beside what is counted: `27 days of leave`, `leave: 27`."""
    words = text.split()
    for place, word in enumerate(words):
        if not COUNT.search(word):
            continue
        near = words[place : place + WORDS_BEHIND]
        if place and words[place - 1].endswith((":", "|", ";")):
            near += words[max(0, place - WORDS_BEFORE) : place]
        if counted & set(reader.terms(" ".join(near))):
            return True
    return False


def defines(text: str, subject: Set[str], reader: WordReader) -> bool:
    """Whether a sentence begins with the subject and goes on to say what it is."""
    verb = DEFINING.search(text)
    before = reader.terms(text[: verb.start()]) if verb else []
    return bool(subject) and subject <= set(before) and len(before) <= len(subject) + FEW_MORE
