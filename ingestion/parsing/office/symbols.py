"""Characters of symbol fonts, which stand at private places, as those everybody has."""

from __future__ import annotations

# Adobe's Symbol font from its space on, as far as it differs from ASCII; blanks are unknown.
SYMBOL_LOW = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?"  # noqa: RUF001 -- signs of mathematics
    "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"  # noqa: RUF001 -- Greek letters
)
SYMBOL_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵"  # noqa: RUF001 -- as they are
    "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"  # noqa: RUF001 -- as they are
    "◊〈®©™∑"
)
# The places that are used in texts, and what stands there.
WINGDINGS = dict(
    zip(
        bytes.fromhex("22282a364a4b4c6c6e6f71727576779fa1a7a8abd8dfe0e1e2e8eff0f3fbfcfdfe"),
        "✂☎✉⌛☺😐☹●■□❑❒◆❖◆•○▪◻★➢←→↑↓➔⇦⇨⬄✗✓☒☑",
        strict=True,
    )
)
WINGDINGS_2 = dict(zip(bytes.fromhex("4f505152a39798"), "✗✓☒☑□●●", strict=True))
SYMBOL = {
    **{0x20 + place: char for place, char in enumerate(SYMBOL_LOW)},
    **{0xA0 + place: char for place, char in enumerate(SYMBOL_HIGH)},
}
FONTS = {"symbol": SYMBOL, "wingdings": WINGDINGS, "wingdings 2": WINGDINGS_2}
UNKNOWN = "\ufffd"


def symbol(font: str, code: str) -> str:
    """The character at a place, in hexadecimal digits, of a font; the replacement when unknown."""
    try:
        place = int(code, 16)
    except ValueError:
        return UNKNOWN
    is_private = 0xF000 <= place <= 0xF0FF  # noqa: PLR2004 -- where symbol fonts are put
    if is_private:
        place -= 0xF000
    table = FONTS.get(font.lower())
    if table is not None:
        return table.get(place, "•" if table is not SYMBOL else UNKNOWN)
    is_character = 0x20 <= place <= 0x10FFFF and not 0xD800 <= place <= 0xDFFF  # noqa: PLR2004
    return UNKNOWN if is_private or not is_character else chr(place)
