"""Forms of verbs that no rule about endings brings together, and what stands for all of them."""

from __future__ import annotations

import re

# A verb a line with forms of it, without those that mean something else as well: `left`, `saw`.
FORMS = {
    "en": """
become became
begin began begun
break broke broken
bring brought
build built
buy bought
catch caught
choose chose chosen
deal dealt
draw drew drawn
drink drank drunk
drive drove driven
eat ate eaten
fall fell fallen
feed fed
fly flew flown
forbid forbade forbidden
forget forgot forgotten
freeze froze frozen
give gave given
go went gone
grow grew grown
hang hung
hear heard
hide hid hidden
hold held
keep kept
know knew known
lend lent
lose lost
meet met
pay paid
ride rode ridden
run ran
sell sold
send sent
shrink shrank shrunk
speak spoke spoken
spend spent
steal stole stolen
swim swam swum
take took taken
teach taught
tell told
think thought
throw threw thrown
understand understood
wake woke woken
wear wore worn
win won
withdraw withdrew withdrawn
write wrote written
""",
    "it": """
accendere accende accendono acceso accesa accesi accese
aprire apre aprono apra aprano aperto aperta aperti aperte
chiedere chiede chiedono chiesto chiesta chiesti chieste
chiudere chiude chiudono chiuda chiudano chiuso chiusa chiusi chiuse
comprendere comprende comprendono compreso compresa compresi comprese
concedere concede concedono concesso concessa concessi concesse
coprire copre coprono coperto coperta coperti coperte
correggere corregge correggono corretto corretta corretti corrette
decidere decide decidono deciso decisa decisi decise
escludere esclude escludono escluso esclusa esclusi escluse
eleggere elegge eleggono eletto eletta eletti elette
emettere emette emettono emesso emessa emessi emesse
includere include includono incluso inclusa inclusi incluse
iscrivere iscrive iscrivono iscritto iscritta iscritti iscritte
leggere legge leggono letto letta letti lette
mettere mette mettono messo messa messi messe
offrire offre offrono offerto offerta offerti offerte
perdere perde perdono perso persa persi perse
permettere permette permettono permesso permessa permessi permesse
prendere prende prendono preso presa presi prese
proteggere protegge proteggono protetto protetta protetti protette
raccogliere raccoglie raccolgono raccolto raccolta raccolti raccolte
ridurre riduce riducono ridotto ridotta ridotti ridotte
rimuovere rimuove rimuovono rimosso rimossa rimossi rimosse
rispondere risponde rispondono risposto risposta risposte
rompere rompe rompono rotto rotta rotti rotte
scegliere sceglie scelgono scelto scelta scelti scelte
scendere scende scendono sceso scesa scesi scese
scrivere scrive scrivono scritto scritta scritti scritte
spegnere spegne spengono spento spenta spenti spente
spendere spende spendono speso spesa spesi spese
togliere toglie tolgono tolto tolta tolti tolte
trasmettere trasmette trasmettono trasmesso trasmessa trasmessi trasmesse
uscire esce escono uscito uscita usciti uscite
vincere vince vincono vinto vinta vinti vinte
""",
    "de": """
anbieten bietet angeboten
beginnen beginnt begann begonnen
beschließen beschließt beschloss beschlossen
betreten betritt betrat
brechen bricht brach gebrochen
bringen bringt brachte gebracht
entscheiden entscheidet entschied entschieden
enthalten enthält enthielt
erhalten erhält erhielt
essen isst aß gegessen
fahren fährt fuhr gefahren
fangen fängt fing gefangen
fliegen fliegt flog geflogen
fressen frisst fraß gefressen
geben gibt gab gegeben
gehen geht ging gegangen
gelten gilt galt gegolten
gießen gießt goss gegossen
haben hat hatte gehabt
halten hält hielt gehalten
heben hebt hob gehoben
helfen hilft half geholfen
kennen kennt kannte gekannt
kommen kommt kam gekommen
laden lädt lud geladen
lassen lässt ließ gelassen
laufen läuft lief gelaufen
lesen liest las gelesen
liegen liegt lag gelegen
nehmen nimmt nahm genommen
rufen ruft rief gerufen
schießen schießt schoss geschossen
schlafen schläft schlief geschlafen
schließen schließt schloss geschlossen
schneiden schneidet schnitt geschnitten
schreiben schreibt schrieb geschrieben
schwimmen schwimmt schwamm geschwommen
sehen sieht sah gesehen
senden sendet sandte gesandt gesendet
sitzen sitzt saß gesessen
sprechen spricht sprach gesprochen
stehen steht stand gestanden
steigen steigt stieg gestiegen
streichen streicht strich gestrichen
tragen trägt trug getragen
treffen trifft traf getroffen
trinken trinkt trank getrunken
tun tut tat getan
unterschreiben unterschreibt unterschrieb unterschrieben
verbieten verbietet verbot verboten
vergessen vergisst vergaß
verlieren verliert verlor verloren
versprechen verspricht versprach versprochen
waschen wäscht wusch gewaschen
werfen wirft warf geworfen
wiegen wiegt wog gewogen
ziehen zieht zog gezogen
""",
}
VERBS = {
    language: {
        form: line.split()[0] for line in lines.splitlines() if line for form in line.split()
    }
    for language, lines in FORMS.items()
}
# German conjugates with a `t` that its stemmer keeps, and puts `ge` into participles.
PARTICIPLE = re.compile(
    r"\A((?:ab|an|auf|aus|bei|durch|ein|fest|frei|her|hin|mit|nach|statt|teil|um|vor|weg|weiter|zu"
    r"|zurück|zusammen)?)ge(?=\w{4})"
)
FEWEST_LETTERS = 4


def infinitive(word: str, language: str) -> str:
    """The verb of an irregular form; every other word as it is. All in lower case."""
    return VERBS.get(language, {}).get(word, word)


def conjugated_stem(word: str, stem: str) -> str:
    """The stem of a German word, the same for `öffnen`, `öffnet` and `geöffnet`.

    The same, too, for all forms of a noun that looks like one of these.
    """
    was_cut = word.endswith("et") and not stem.endswith("et")
    if was_cut or stem.endswith("t"):
        bare = PARTICIPLE.sub(r"\1", stem)
        # Not of `Gehalt`, `Gebiet`.
        stem = bare if was_cut or len(bare) > FEWEST_LETTERS else stem
    return stem[:-1] if stem.endswith("t") and len(stem) > FEWEST_LETTERS else stem
