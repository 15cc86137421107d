"""References within a document: followed where a part is needed, kept where a schema is told."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import unquote

# From a reference to a reference: nobody writes more.
MOST_HOPS = 20
MOST_DEFINITIONS = 200


class BadReference(Exception):
    """A reference that leads nowhere; the message says so."""


class References:
    """The parts of one document by their references."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def resolved(self, value: Any) -> dict[str, Any]:
        """The object that a value is or refers to; raises `BadReference`."""
        for _ in range(MOST_HOPS):
            if not isinstance(value, dict):
                raise BadReference("a part of its description is no object")
            reference = value.get("$ref")
            if reference is None:
                return value
            value = self.at(reference)
        raise BadReference("its references go round in circles")

    def at(self, reference: Any) -> Any:
        """What stands where a reference points."""
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise BadReference("it refers to another document")
        found: Any = self.document
        for part in reference[2:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                raise BadReference(f"its reference {reference[:80]!r} leads nowhere")
        return found

    def gathered(self, schema: Any, definitions: dict[str, Any]) -> Any:
        """A schema that refers to `definitions` only, which are filled with what it needs.

        Raises `BadReference`, also when it needs too many.
        """
        match schema:
            case {"$ref": reference}:
                name = definition_name(reference)
                if name not in definitions:
                    if len(definitions) >= MOST_DEFINITIONS:
                        raise BadReference("its description refers to too much")
                    # Before it is looked at: it may refer to itself.
                    definitions[name] = {}
                    definitions[name] = self.gathered(self.at(reference), definitions)
                return {"$ref": f"#/$defs/{name}"}
            case dict():
                return {
                    word: self.gathered(value, definitions)
                    for word, value in schema.items()
                    if not word.startswith("x-") and word not in {"xml", "externalDocs", "example"}
                }
            case list():
                return [self.gathered(each, definitions) for each in schema]
        return schema


def definition_name(reference: Any) -> str:
    """What a referred part is called among the definitions of a schema."""
    text = reference if isinstance(reference, str) else ""
    last = "".join(c if c.isalnum() else "_" for c in unquote(text.rpartition("/")[2]))
    if text == f"#/components/schemas/{last}":
        return last
    # Others may end alike.
    return f"{last[:40]}_{sha256(text.encode()).hexdigest()[:12]}"
