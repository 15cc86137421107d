"""JSON in: what is sent in another way than it should be is a mistake of whoever sent it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

if TYPE_CHECKING:
    from collections.abc import Mapping


class Utf8JSONParser(JSONParser):
    """Reads JSON in UTF-8, the only encoding it has between systems (RFC 8259, section 8.1).

    A `charset` is not believed: among the codecs it may name are some that unpack.
    """

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return json.loads(stream.read().decode(), parse_constant=strict_constant)
        except RecursionError as error:
            raise ParseError("JSON parse error - it is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
