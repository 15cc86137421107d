"""A conversation in Markdown, to keep or to hand on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _

from chat.branches import read_messages, read_tree, shown_leaf
from chat.enums import MessageRole
from chat.rendering import attachments_of, citations_of, rendered_citation
from documents.shown_text import MARKDOWN, fenced

if TYPE_CHECKING:
    from chat.models import Message, Session
    from chat.serializers import CitationShape

LONGEST_NAME = 80
MARKS = re.compile(r"[\\`*_<>#|]")
# A bracket behind a backslash begins a formula.
BRACKET = "&#91;"
# The line before or behind source code.
FENCE = re.compile(r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,})(.*)", re.MULTILINE)


def transcript_answer(session: Session) -> HttpResponse:
    """The transcript of a conversation as a file that is named after it."""
    name = slugify(session.title, allow_unicode=True)[:LONGEST_NAME] or "conversation"
    answer = HttpResponse(transcript_of(session), content_type=f"{MARKDOWN}; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.md"
    )
    answer["Cache-Control"] = "no-store"
    return answer


def transcript_of(session: Session) -> str:
    """The branch of a conversation that its user reads, with files and sources."""
    tree = read_tree(session)
    messages = read_messages(tree.branch_of(shown_leaf(session, tree)))
    title = in_line(session.title or _("New conversation"))
    return "\n\n".join([f"# {title}", *map(message_in_markdown, messages)]) + "\n"


def message_in_markdown(message: Message) -> str:
    """Who said something and when, what it was, and what it came with or rests on."""
    speaker = "YouWorker" if message.role == MessageRole.ASSISTANT else _("You")
    said = date_format(timezone.localtime(message.created_at), "DATETIME_FORMAT")
    files = ", ".join(in_line(file.name) for file in attachments_of(message))
    sources = [source_in_markdown(rendered_citation(row)) for row in citations_of(message)]
    parts = [
        f"## {speaker} · {said}",
        closed(message.content.strip()) or f"*{_('There is no text.')}*",
        f"{_('Files')}: {files}" if files else "",
        "\n\n".join([f"**{_('Sources')}**", *sources]) if sources else "",
    ]
    return "\n\n".join(part for part in parts if part)


def closed(text: str) -> str:
    """A text whose source code ends: that of an answer which was cut would go on behind it."""
    fence = ""
    for run, rest in FENCE.findall(text):
        if not fence:
            fence = run
        elif run.startswith(fence) and not rest.strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


def source_in_markdown(citation: CitationShape) -> str:
    """A numbered source with its quote."""
    page = _("page %(page)s") % {"page": citation["page"]} if citation["page"] else ""
    # Many documents are called as their first heading.
    heading = citation["heading"] if citation["heading"] != citation["title"] else ""
    parts = [f"**{in_line(citation['title'])}**", page, in_line(heading)]
    number = f"{citation['index']}. "
    head = number + ", ".join(part for part in parts if part)
    quote = citation["excerpt"].strip("\n")
    lines = (fenced(quote, "") if citation["is_code"] else quoted(quote)).split("\n")
    # Below its source, whatever the length of the number.
    return "\n".join([head, "", *(f"{' ' * len(number)}{line}" for line in lines)])


def quoted(text: str) -> str:
    """A text as a quote; two blanks keep what follows on a line of its own."""
    return "> " + text.replace("\n", "  \n> ")


def in_line(text: str) -> str:
    """A text in one line that shows its signs instead of meaning them."""
    line = MARKS.sub(lambda sign: f"\\{sign[0]}", " ".join(text.split()))
    return line.replace("[", BRACKET)
