"""The readable part of a package: plain pages without scripts and without anything from outside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.models import Message, Session
    from youworker.data_protection.package import Package, Part

CSP = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c1e21;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.3rem 0}"
    "article{border-left:4px solid #c9ced6;padding:.2rem 0 .2rem 1rem;margin:1rem 0}"
    "article.user{border-color:#3b6fd4}small,.quiet{color:#5c6370}"
    "li{margin:.15rem 0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#e4e6eb;background:#18191c}a{color:#8ab4f8}"
    "small,.quiet{color:#9aa0aa}}"
)
SPEAKERS = {"user": "You", "assistant": "Answer"}


def text(value: object) -> str:
    """A value as it may stand in a page."""
    return escape(str(value))


def link(path: str, label: object) -> str:
    """A link to another file of the package; the path is quoted, so it cannot leave it."""
    return f'<a href="{escape(quote(path))}">{text(label)}</a>'


class Page:
    """One page while it is written."""

    def __init__(self, part: Part, title: str) -> None:
        self.part = part
        self.write(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{CSP}">'
            f'<meta name="viewport" content="width=device-width">'
            f"<title>{text(title)}</title><style>{STYLE}</style></head><body>"
            f"<h1>{text(title)}</h1>"
        )

    def write(self, html: str) -> None:
        """Add a line of HTML that is safe already."""
        self.part.write(html + "\n")

    def end(self) -> None:
        """Finish the page."""
        self.write("</body></html>")


def conversation_path(session: Session) -> str:
    """Where a conversation's page lies in the package."""
    return f"conversations/{session.pk}.html"


def title_of(session: Session) -> str:
    """A conversation's title, or a stand-in."""
    return str(session.title) or "Untitled conversation"


def add_conversation(package: Package, session: Session, messages: Iterator[Message]) -> None:
    """Write the page of one conversation."""
    with package.open_part(conversation_path(session)) as part:
        page = Page(part, title_of(session))
        page.write('<p><a href="../index.html">All your data</a></p>')
        for message in messages:
            add_message(page, message)
        page.end()


def add_message(page: Page, message: Message) -> None:
    """Write one message with what it quotes."""
    role = text(message.role)
    page.write(
        f'<article class="{role}"><small>{text(SPEAKERS.get(message.role, role))}, '
        f"{moment(message.created_at)}</small><pre>{text(message.content)}</pre>"
    )
    citations = message.citations.all()
    if citations:
        page.write("<ol>")
        for each in citations:
            page.write(
                f'<li value="{int(each.index)}"><small>{text(each.title)}: '
                f"“{text(each.quote)}”</small></li>"
            )
        page.write("</ol>")
    page.write("</article>")


def moment(value: Any) -> str:
    """A time as people read it."""
    return text(value.strftime("%Y-%m-%d %H:%M UTC"))
