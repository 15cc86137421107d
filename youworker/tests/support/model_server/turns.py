"""What the double answers: one `Turn` per chat completion, in words a test or a URL can say."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Hang = Literal["", "headers", "first", "middle", "end"]
CallStyle = Literal["whole", "pieces", "bare", "object"]

# An answer as models write them.
MARKDOWN = """### How a standby follows

The standby **replays** the log of its primary *as it arrives*, and `pg_stat_replication` tells how
far it has come. Three things matter:

1. The connection, which is opened by the standby.
2. The slot, without which the primary removes what is still needed.
3. The time line: after a failover, there is another.

| Setting | Meaning | Usual |
|---|---|---|
| `max_wal_senders` | how many may follow | 10 |
| `hot_standby` | whether it answers queries | on |

```sql
SELECT client_addr, state, sent_lsn, replay_lsn
FROM pg_stat_replication
ORDER BY client_addr;
```

> A standby that is never asked may be broken for months.

"""

TRUE_WORDS = {"1", "true", "yes", "on", ""}


@dataclass(frozen=True)
class Call:
    """A tool call the double makes; `arguments` as text may be anything, broken JSON included."""

    name: str
    arguments: dict[str, Any] | str
    id: str = ""


@dataclass(frozen=True)
class Turn:
    """One answer and everything that goes wrong with it."""

    text: str = ""
    # More than nought makes up an answer of so many tokens instead of `text`.
    tokens: int = 0
    # They are `MARKDOWN`, again and again, and not one word.
    markdown: bool = False
    rate: float = 0.0
    # The rate is that of the whole server, which all its streams share, as on one GPU.
    shared: bool = False
    first_ms: float = 0.0
    # Each token is the monotonic clock in nanoseconds at which it was written.
    stamp: bool = False
    reasoning: str = ""
    # So many thoughts come first, at the pace of the tokens.
    thoughts: int = 0
    reasoning_field: str = "reasoning_content"
    calls: tuple[Call, ...] = ()
    # A tool that is called first, without arguments; the answer follows its result.
    tool: str = ""
    # Tokens are told apart, so that a reader sees whether they came in order.
    numbered: bool = False
    # pieces: arguments in several deltas; bare: no index and no id; object: arguments not a string
    call_style: CallStyle = "whole"
    status: int = 0
    message: str = "scripted fault"
    retry_after: str = ""
    # A status is answered only while the request carries this field, such as `tools`.
    refuses: str = ""
    hang: Hang = ""
    # So many tokens are sent before the connection is cut; below nought it is not.
    cut: int = -1
    garbage: bool = False
    done: bool = True
    usage: bool = True
    finish: bool = True
    empty_choices: bool = False
    # The server ignores `stream` and answers one JSON document.
    whole: bool = False
    # An error object inside a stream that began with 200.
    error: str = ""
    # The body of the answer as it is, instead of everything above, and what it is called.
    raw: bytes = b""
    # Seconds before each byte of it.
    drip: float = 0.0
    content_type: str = "text/event-stream"

    @property
    def pieces(self) -> list[str]:
        """The tokens of the answer."""
        if self.tokens and self.markdown:
            words = re.findall(r"\S+\s*", MARKDOWN)
            return list(itertools.islice(itertools.cycle(words), self.tokens))
        if self.tokens and self.numbered:
            return [f"w{number} " for number in range(self.tokens)]
        if self.tokens:
            return ["tok "] * self.tokens
        words = self.text.split(" ")
        spaced = [f"{word} " for word in words[:-1]] + words[-1:]
        return [piece for piece in spaced if piece]


def turn_from_spec(spec: str, base: Turn | None = None) -> Turn:
    """Read `tokens=500,rate=30,hang=middle`; a bare name is a switch."""
    values: dict[str, Any] = {}
    for part in filter(None, spec.split(",")):
        name, _, value = part.partition("=")
        values[name.strip()] = value.strip()
    return turn_from_mapping(values, base)


def turn_from_mapping(values: Mapping[str, Any], base: Turn | None = None) -> Turn:
    """Build a turn from JSON or text values; raise `ValueError` for an unknown name."""
    kinds = {field.name: str(field.type) for field in fields(Turn)}
    unknown = set(values) - set(kinds)
    if unknown:
        raise ValueError(f"unknown words for the double: {', '.join(sorted(unknown))}")
    read = {name: read_value(kinds[name], value) for name, value in values.items()}
    return replace(base or Turn(), **read)


def read_value(kind: str, value: Any) -> Any:
    """Convert one value to the type of its field."""
    if kind == "bool":
        return value if isinstance(value, bool) else value.lower() in TRUE_WORDS
    if kind == "int":
        return int(value)
    if kind == "float":
        return float(value)
    if kind.startswith("tuple"):
        return tuple(Call(**call) for call in value)
    return value
