"""What people call units, in both languages, and what the registry of units calls them."""

from __future__ import annotations

import re

PREFIXES = {
    "": "", "chilo": "kilo", "kilo": "kilo", "etto": "hecto", "deca": "deca", "deci": "deci",
    "centi": "centi", "milli": "milli", "micro": "micro", "nano": "nano", "mega": "mega",
    "giga": "giga", "tera": "tera",
}  # fmt: skip
PREFIXED = {
    "metro": "meter", "metri": "meter", "grammo": "gram", "grammi": "gram",
    "litro": "liter", "litri": "liter", "watt": "watt", "wattora": "watt_hour",
    "caloria": "calorie", "calorie": "calorie", "secondo": "second", "secondi": "second",
    "ampere": "ampere", "newton": "newton", "joule": "joule", "pascal": "pascal",
}  # fmt: skip
ITALIAN = {
    **{head + word: there + unit
       for head, there in PREFIXES.items() for word, unit in PREFIXED.items()},
    "chilo": "kilogram", "chili": "kilogram", "etto": "hectogram", "etti": "hectogram",
    "quintale": "metric_quintal", "quintali": "metric_quintal",
    "tonnellata": "metric_ton", "tonnellate": "metric_ton", "libbra": "pound", "libbre": "pound",
    "oncia": "ounce", "once": "ounce", "miglio": "mile", "miglia": "mile", "piede": "foot",
    "piedi": "foot", "pollice": "inch", "pollici": "inch", "iarda": "yard", "iarde": "yard",
    "gallone": "gallon", "galloni": "gallon", "pinta": "pint", "pinte": "pint",
    "tazza": "cup", "tazze": "cup", "cucchiaio": "tablespoon", "cucchiai": "tablespoon",
    "cucchiaino": "teaspoon", "cucchiaini": "teaspoon", "minuto": "minute", "minuti": "minute",
    "ora": "hour", "ore": "hour", "giorno": "day", "giorni": "day", "settimana": "week",
    "settimane": "week", "mese": "month", "mesi": "month", "anno": "year", "anni": "year",
    "ettaro": "hectare", "ettari": "hectare", "acro": "acre", "acri": "acre", "nodo": "knot",
    "nodi": "knot", "grado": "degree", "gradi": "degree", "radiante": "radian",
    "radianti": "radian", "cavallo": "metric_horsepower", "cavalli": "metric_horsepower",
    "cv": "metric_horsepower", "atmosfera": "atmosphere", "atmosfere": "atmosphere",
}  # fmt: skip
# Of several words; the longest come first when they are replaced.
PHRASES = {
    "gradi celsius": "degC", "grado celsius": "degC", "gradi centigradi": "degC",
    "gradi fahrenheit": "degF", "grado fahrenheit": "degF", "gradi kelvin": "kelvin",
    "degrees celsius": "degC", "degree celsius": "degC", "degrees fahrenheit": "degF",
    "degree fahrenheit": "degF", "degrees kelvin": "kelvin", "centigrade": "degC",
    "celsius": "degC", "fahrenheit": "degF", "°c": "degC", "°f": "degF", "ºc": "degC",
    "ºf": "degF", "chilometri orari": "km/h", "chilometri all'ora": "km/h",
    "km orari": "km/h", "miglia orarie": "mile/hour", "miglia all'ora": "mile/hour",
    "metri al secondo": "m/s", "cavalli vapore": "metric_horsepower",
    "cavallo vapore": "metric_horsepower", "miglia nautiche": "nautical_mile",
    "miglio nautico": "nautical_mile", "nautical miles": "nautical_mile",
    "nautical mile": "nautical_mile", "once fluide": "fluid_ounce",
    "fluid ounces": "fluid_ounce", "fluid ounce": "fluid_ounce", "fl oz": "fluid_ounce",
    "litri per 100 km": "liter_per_100_km", "litri ogni 100 km": "liter_per_100_km",
    "liters per 100 km": "liter_per_100_km", "litres per 100 km": "liter_per_100_km",
    "l/100 km": "liter_per_100_km", "l/100km": "liter_per_100_km",
    "miles per gallon": "mile/gallon", "miglia per gallone": "mile/gallon", "mpg": "mile/gallon",
    "miles per hour": "mile/hour", "mph": "mile/hour", "kmh": "km/h", "km/ora": "km/h",
    "kbit/s": "kilobit/second", "kbps": "kilobit/second", "mbps": "megabit/second",
    "gbps": "gigabit/second", "mbit/s": "megabit/second", "gbit/s": "gigabit/second",
    "uk gallons": "imperial_gallon", "uk gallon": "imperial_gallon",
    "imperial gallons": "imperial_gallon", "imperial gallon": "imperial_gallon",
    "us gallons": "gallon", "us gallon": "gallon", "metric tons": "metric_ton",
    "metric ton": "metric_ton", "square feet": "foot**2", "square foot": "foot**2",
    "piedi quadrati": "foot**2", "cubic feet": "foot**3", "cubic foot": "foot**3",
}  # fmt: skip
POWERS = {
    **dict.fromkeys(("square", "quadrato", "quadrati", "quadro", "quadri", "quadrate"), "**2"),
    **dict.fromkeys(("cubic", "cubo", "cubi", "cubico", "cubici", "cubiche"), "**3"),
}
SIGNS = {
    "²": "**2", "³": "**3", "·": "*", "\N{MULTIPLICATION SIGN}": "*", "÷": "/", "^": "**",
    "μ": "µ", "Ω": "ohm",
}  # fmt: skip
# Symbols of units differ by the case of a letter; these words have no meaning but the currency.
MONEY_WORDS = (
    "eur euro euros usd dollar dollars dollaro dollari gbp sterlina sterline jpy yen chf franc "
    "francs franco franchi cny yuan renminbi rub ruble rubles rublo rubli inr rupee rupees rupia "
    "cad aud nzd sek nok dkk krona kronor corona corone pln zloty huf czk bitcoin btc "
    "€ $ £ ¥"
)
CURRENCIES = frozenset(MONEY_WORDS.split())
PLACES = re.compile(
    r"(?<![a-zà-ÿ])(?:"
    + "|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True))
    + r")(?![a-zà-ÿ0-9])",
    re.I,
)
WORD = re.compile(r"[A-Za-zµà-ÿ_°%]+")
# Products and small powers of whole words: nothing else of what the library can evaluate.
FACTOR = r"(?:[A-Za-zµ_%°][A-Za-z0-9µ_%°]{0,40}|1)(?:\*\*-?[0-9]{1,2})?"
EXPRESSION = re.compile(rf"{FACTOR}(?: ?[*/] ?{FACTOR}){{0,5}}")
LONGEST = 80
OURS = ("liter_per_100_km = liter / (100 * kilometer)", "metric_quintal = 100 * kilogram")


def is_currency(text: str) -> bool:
    """Whether a word or sign means money."""
    return text.strip().lower() in CURRENCIES


def in_symbols(text: str) -> str:
    """The text in the words of the registry, as far as they are known."""
    lowered = PLACES.sub(lambda found: PHRASES[found[0].lower()], text.strip())
    for sign, plain in SIGNS.items():
        lowered = lowered.replace(sign, plain)
    words = WORD.sub(lambda found: ITALIAN.get(found[0].lower(), found[0]), lowered).split()
    joined: list[str] = []
    pending = ""
    for word in words:
        power = POWERS.get(word.lower())
        if word.lower() in {"per", "al", "alla", "all", "ogni"}:
            joined.append("/")
        elif power is None:
            joined.append(word + pending)
            pending = ""
        elif joined and joined[-1] not in "*/":
            joined[-1] += power  # "metri quadrati"
        else:
            pending = power  # "square metres"
    return " ".join(joined)
