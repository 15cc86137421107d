"""One address for each page: what is not part of a page's name is dropped from its URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx2

from youworker.core.exceptions import DomainError
from youworker.upstream.fetcher import checked_url
from youworker.upstream.guard import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterable

# What mail programs, advertisers and counters add to links; and what servers add to know a visitor.
TRACKING = re.compile(
    r"utm_[a-z_]+|[a-z]?gclid|fbclid|msclkid|yclid|dclid|twclid|ttclid|igshid|gbraid|wbraid|srsltid"
    r"|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|__hs[a-z]+|vero_(?:conv|id)|_ga|_gl|wt_mc|pk_[a-z]+|mtm_[a-z]+"
    r"|ref_src|oly_(?:anon|enc)_id|_openstat|xtor|at_(?:medium|campaign)",
    re.I,
)
SESSION = re.compile(
    r"phpsessid|jsessionid|aspsessionid[a-z]*|session_?id|sessid|zenid|oscsid|cfid|cftoken", re.I
)
SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*+", re.I)
ENCODED = re.compile(r"%([0-9a-f]{2})", re.I)
# May be written as they are anywhere in a URL (RFC 3986, section 2.3).
UNRESERVED = re.compile(r"[a-z0-9._~-]", re.I)
LONGEST_NAME = 255


def page_url(text: str) -> str:
    """The URL of a page in its one form; raises `InvalidInput` for what cannot be fetched."""
    url = checked_url(text)
    # A default port is no part of a name, and httpx2 has brought host and path into one form.
    port = None if url.port == SCHEMES[url.scheme] else url.port
    path = SESSION_IN_PATH.sub("", url.raw_path.decode("ascii").partition("?")[0]) or "/"
    path = ENCODED.sub(shortest, path)
    query = ENCODED.sub(shortest, kept_query(url.query.decode("ascii")))
    whole = url.copy_with(port=port, fragment=None)
    raw = f"{path}?{query}" if query else path
    return str(whole.copy_with(raw_path=raw.encode("ascii")))


def shortest(encoded: re.Match[str]) -> str:
    """A character that needs no encoding as it is, any other in capitals."""
    character = chr(int(encoded[1], 16))
    return character if UNRESERVED.fullmatch(character) else encoded[0].upper()


def kept_query(query: str) -> str:
    """The parts of a query that say which page is meant, in their order."""
    parts = [part for part in query.split("&") if part and not is_foreign(part)]
    return "&".join(parts)


def is_foreign(part: str) -> bool:
    """Whether a part of a query tells of a visitor and not of a page."""
    name = unquote(part.partition("=")[0])
    return bool(TRACKING.fullmatch(name) or SESSION.fullmatch(name))


def place_of(url: str) -> str:
    """What two URLs of one page have in common: the end slash of a path says nothing."""
    head, mark, query = url.partition("?")
    return head.rstrip("/") + mark + query


def host_of(url: str) -> str:
    """The server of a URL with its port, `name:port`."""
    known = httpx2.URL(url)
    return f"{known.host}:{known.port or SCHEMES[known.scheme]}"


def site_of(url: str) -> str:
    """The server of a URL as its visitors think of it: without `www.`, whatever the scheme."""
    known = httpx2.URL(url)
    port = "" if known.port is None else f":{known.port}"
    return known.host.removeprefix("www.") + port


def joined(base: str, links: Iterable[str]) -> list[str]:
    """The pages that links of a page lead to, each once, in their order."""
    found: dict[str, None] = {}
    for link in links:
        try:
            url = page_url(str(httpx2.URL(base).join(link.strip())))
        except (DomainError, httpx2.InvalidURL, UnicodeError, ValueError):
            continue
        found.setdefault(url)
    return list(found)


def name_of(url: str) -> str:
    """What a page is called that says no name: its address without the scheme."""
    head, _, rest = url.partition("://")
    shown = "".join(letter for letter in unquote(rest or head) if letter.isprintable())
    return shown.rstrip("/")[:LONGEST_NAME]


def file_name_of(url: str) -> str:
    """The last part of a URL's path, else its host."""
    known = httpx2.URL(url)
    return unquote(known.path.rstrip("/").rpartition("/")[2])[-LONGEST_NAME:] or known.host
