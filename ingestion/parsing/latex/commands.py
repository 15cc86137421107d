"""What commands of LaTeX show: letters and signs, some of their arguments, or nothing."""

from __future__ import annotations

import unicodedata

# Commands that stand for a letter or a sign.
SIGNS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "aa": "å",
    "AA": "Å",
    "l": "ł",
    "L": "Ł",
    "i": "ı",  # noqa: RUF001 -- the letter itself
    "j": "ȷ",
    "S": "§",
    "P": "¶",
    "dag": "†",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textendash": "–",  # noqa: RUF001 -- the letter itself
    "textemdash": "—",
    "copyright": "©",
    "textregistered": "®",
    "texttrademark": "™",
    "pounds": "£",
    "euro": "€",
    "texteuro": "€",
    "EUR": "€",
    "degree": "°",
    "textdegree": "°",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "textunderscore": "_",
    "textquotesingle": "'",
    "glqq": "„",
    "grqq": "“",
    "flqq": "«",
    "frqq": "»",
    "og": "«\xa0",
    "fg": "\xa0»",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "newline": "\n",
    "linebreak": "\n",
    "par": "\n\n",
    "quad": " ",
    "qquad": " ",
    "space": " ",
    "slash": "/",
    "and": ", ",
    "tabularnewline": "\n",
    "textperiodcentered": "·",
    "textdagger": "†",
    "textbullet": "•",
    "checkmark": "✓",
    "times": "×",  # noqa: RUF001 -- the letter itself
    "hfill": " ",
}
ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    '"': "\u0308",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "b": "\u0331",
    "d": "\u0323",
}
DOTLESS = {"ı": "i", "ȷ": "j"}  # noqa: RUF001 -- the letter itself
# Signs behind a backslash that show something else than themselves.
SPACES = {",": " ", ";": " ", ":": " ", " ": " ", "\n": " ", "!": "", "-": "", "/": "", "@": ""}
# How many arguments are for the machine only, and which one of several is text.
SILENT = {
    **dict.fromkeys(
        (
            *("label", "index", "vspace", "hspace", "pagestyle", "thispagestyle", "input"),
            *("include", "includeonly", "includegraphics", "includesvg", "includepdf", "subfile"),
            *("usepackage", "RequirePackage", "documentclass", "bibliography", "graphicspath"),
            *("bibliographystyle", "addbibresource", "nocite", "hypersetup", "geometry", "color"),
            *("pagenumbering", "cline", "phantom", "hphantom", "vphantom", "lstset"),
            *("captionsetup", "usetikzlibrary", "theoremstyle", "enlargethispage", "pagecolor"),
            *("hyphenation", "selectlanguage", "bibstyle", "sisetup", "bibdata"),
            *("setmainfont", "setlist", "vskip", "refstepcounter", "usetheme", "usecolortheme"),
            *("institute", "ifx", "pgfplotsset", "tikzset", "newcounter", "newlength", "date"),
            *("title", "author", "thanksref", "rowcolor", "cellcolor", "columncolor", "printindex"),
        ),
        1,
    ),
    **dict.fromkeys(
        (
            *("setlength", "addtolength", "setcounter", "addtocounter", "import", "rule"),
            *("markboth", "fontsize", "newcolumntype", "DeclareMathOperator", "lstinputlisting"),
            *("definecolor", "DeclareUnicodeCharacter", "titleformat", "titlespacing"),
        ),
        2,
    ),
    **dict.fromkeys(("addcontentsline", "newenvironment", "renewenvironment"), 3),
}
# Which of the arguments is text.
TEXT_AT = {
    **dict.fromkeys(("textcolor", "colorbox", "parbox", "raisebox", "scalebox", "rotatebox"), 2),
    **dict.fromkeys(("foreignlanguage", "adjustbox", "bookmark", "hyperlink", "hypertarget"), 2),
    **dict.fromkeys(("resizebox", "fcolorbox", "multirow"), 3),
}
REFERENCES = {"ref", "eqref", "pageref", "autoref", "cref", "Cref", "nameref", "vref"}
QUANTITIES = {"SI", "qty", "SIrange"}
UNITS = {"si", "unit"}
# Arguments of what begins, which say how it is set.
ARGUMENTS = {
    **dict.fromkeys(
        (
            *("tabular", "array", "longtable", "minipage", "multicols", "thebibliography"),
            *(
                "column",
                "adjustbox",
                "spacing",
                "supertabular",
                "subfigure",
                "subtable",
                "otherlanguage",
            ),
        ),
        1,
    ),
    **dict.fromkeys(("tabularx", "tabulary", "tabular*", "wrapfigure", "wraptable", "tblr"), 2),
}
TABLES = {"tabular", "tabularx", "tabulary", "tabular*", "longtable", "supertabular", "array"}
FLOATS = {"figure": "Figure", "table": "Table", "wrapfigure": "Figure", "wraptable": "Table"}
STATEMENTS = {
    one: one.capitalize()
    for one in (
        *("theorem", "lemma", "definition", "proposition", "corollary", "proof", "remark"),
        *("example", "conjecture", "claim"),
    )
}


def accented(letter: str, accent: str) -> str:
    """A letter with an accent; without one, as it is."""
    first = DOTLESS.get(letter[:1], letter[:1])
    return unicodedata.normalize("NFC", first + ACCENTS[accent]) + letter[1:] if first else ""
