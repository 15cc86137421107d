"""Lines of iCalendar and vCard (RFC 5545, RFC 6350, vCard 2.1), and the components they make."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.codepages import codec_of
from ingestion.parsing.decoding import Decoded, decode
from ingestion.parsing.sniffing import is_wide

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lines are folded by bytes, so also within a letter.
FOLD = re.compile(rb"\r?\n[ \t]")
LINE = re.compile(
    r"\A(?:(?P<group>[\w-]++)\.)?+(?P<name>[\w-]++)"
    r"(?P<parameters>(?:;(?:[^\":;]|\"[^\"]*+\")*+)*+):(?P<value>.*)",
    re.S,
)
PARAMETER = re.compile(r";(?:([\w-]++)=)?((?:[^\";]|\"[^\"]*+\")*+)")
ESCAPED = re.compile(r"\\([\\;,:nN\"])")
# A backslash at the end is one, or each letter before it would be looked at from every place.
SEPARATOR = {sign: re.compile(rf"((?:[^\\{sign}]|\\.|\\\Z)*+)(?:{sign}|\Z)", re.S) for sign in ",;"}
QUOTED_PRINTABLE = re.compile(r"quoted-printable", re.I)
# What one line may hold: pictures and files within, which are not read.
LONGEST_VALUE = 100_000
# What an event or a contact is called.
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A property: its name in capitals, its parameters, its value as it is written."""

    name: str
    value: str
    parameters: dict[str, str] = field(default_factory=dict)
    group: str = ""

    @property
    def text(self) -> str:
        """The value as a text."""
        return unescaped(self.value).strip()

    @property
    def types(self) -> list[str]:
        """What kinds of it this is, in lower case: `work`, `fax`."""
        return [one.strip().lower() for one in self.parameters.get("TYPE", "").split(",") if one]

    def parts(self, sign: str) -> list[str]:
        """The texts of a value that is divided by a sign."""
        found = [unescaped(one).strip() for one in SEPARATOR[sign].findall(self.value)]
        # The end of the value is found twice.
        return found[:-1] if found and not self.value.endswith(sign) else found


@dataclass(slots=True)
class Component:
    """What stands between `BEGIN` and `END`, without the components in it."""

    name: str
    parent: str = ""
    lines: list[Line] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        """The properties of a name, in order."""
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line:
        """The first property of a name; an empty one when there is none."""
        return next((line for line in self.lines if line.name == name), Line(name, ""))

    def text(self, name: str) -> str:
        """The text of the first property of a name."""
        return self.first(name).text


def components_of(data: bytes) -> tuple[list[Component], Decoded]:
    """The components of a file in the order in which they begin, and its text."""
    plain = decode(data).text.encode() if is_wide(data) else data
    found = decode(FOLD.sub(b"", plain))
    components: list[Component] = []
    inner: list[Component] = []
    for line in lines_of(found.text):
        name = line.value.strip().upper()
        if line.name == "BEGIN":
            inner.append(Component(name, inner[-1].name if inner else ""))
            components.append(inner[-1])
        elif line.name == "END":
            if inner and inner[-1].name == name:
                inner.pop()
        elif inner:
            inner[-1].lines.append(line)
    return components, found


def lines_of(text: str) -> Iterator[Line]:
    """The properties of a text; what is none is left out."""
    rows = iter(text.split("\n"))
    for row in rows:
        found = LINE.fullmatch(row) if len(row) <= LONGEST_VALUE else None
        if found is None:
            continue
        parameters, value = parameters_of(found["parameters"]), found["value"]
        if QUOTED_PRINTABLE.fullmatch(parameters.get("ENCODING", "")):
            while value.endswith("=") and len(value) <= LONGEST_VALUE:
                value = value[:-1] + next(rows, "")
            value = unquoted(value, parameters.get("CHARSET", ""))
        yield Line(found["name"].upper(), value, parameters, found["group"] or "")


def parameters_of(source: str) -> dict[str, str]:
    """Parameters by their names in capitals; of vCard 2.1, those without a name are told apart."""
    found: dict[str, str] = {}
    for given, quoted in PARAMETER.findall(source):
        value = quoted.replace('"', "")
        name = given.upper() or ("ENCODING" if QUOTED_PRINTABLE.fullmatch(value) else "TYPE")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def unquoted(value: str, charset: str) -> str:
    """A value of quoted-printable, decoded."""
    return decode(binascii.a2b_qp(value.encode()), declared=codec_of(charset)).text


def unescaped(value: str) -> str:
    """A text with its line ends and separators as they are meant."""
    return ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
