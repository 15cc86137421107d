"""What goes into a user's package: rows as JSON, originals as files, and pages to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from chat.models import Message, Session
from documents.models import Document, DocumentVersion
from documents.services import local_original
from youworker.data_protection.export_rows import exported_rows
from youworker.data_protection.package import safe_name
from youworker.data_protection.package_html import (
    Page,
    add_conversation,
    conversation_path,
    link,
    text,
    title_of,
)
from youworker.data_protection.registry import personal_policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.models import User
    from youworker.data_protection.package import Package

AT_ONCE = 200
MISSING = "the original is not stored any more"


def collect_package(user: User, package: Package) -> None:
    """Write everything that belongs to a user into a package."""
    now = timezone.now()
    for policy in personal_policies():
        if policy.exported:
            package.add_rows(policy.file, exported_rows(policy, user.pk))
    lost = add_originals(user, now, package)
    package.add_rows("missing-originals", lost)
    for session in sessions_of(user, now):
        add_conversation(package, session, messages_of(session))
    add_index(user, now, package)
    package.add_manifest(user_id=user.pk, username=user.username, made_at=now)


def add_originals(user: User, now: datetime, package: Package) -> list[dict[str, str]]:
    """Copy the originals in; those that are not there."""
    lost: list[dict[str, str]] = []
    for document in documents_of(user, now):
        with local_original(document.stored_file) as path:
            is_added = path is not None and package.add_file(file_path(document), path)
        if not is_added:
            lost.append({"document": str(document.pk), "title": document.title, "why": MISSING})
    for version in versions_of(user, now):
        with local_original(version.stored_file) as path:
            is_added = path is not None and package.add_file(version_path(version), path)
        if not is_added:
            about = {"document": str(version.document_id), "title": version.title}
            lost.append({**about, "version": str(version.number), "why": MISSING})
    return lost


def file_path(document: Document) -> str:
    """Where an original lies in the package: a folder of its own, so that no two ever meet."""
    return f"files/{document.pk}/{safe_name(document.uri or document.title)}"


def version_path(version: DocumentVersion) -> str:
    """Where the original of an older version lies in the package, beside that of its document."""
    name = safe_name(version.uri or version.title)
    return f"files/{version.document_id}/versions/{version.number}/{name}"


def versions_of(user: User, now: datetime) -> Iterator[DocumentVersion]:
    """The older versions of the documents a user owned at some time."""
    own = Document.all_objects.filter(owner=user, created_at__lte=now)
    rows = DocumentVersion.objects.filter(document__in=own.values("pk"), created_at__lte=now)
    rows = rows.order_by("document_id", "number").select_related("stored_file")
    return rows.iterator(chunk_size=AT_ONCE)


def documents_of(user: User, now: datetime) -> Iterator[Document]:
    """The documents a user owned at some time, deleted ones included."""
    rows = Document.all_objects.filter(owner=user, created_at__lte=now).order_by("pk")
    return rows.select_related("stored_file").iterator(chunk_size=AT_ONCE)


def sessions_of(user: User, now: datetime) -> Iterator[Session]:
    """The conversations of a user at some time, deleted ones included, oldest first."""
    rows = Session.all_objects.filter(user=user, created_at__lte=now).order_by("created_at", "pk")
    return rows.iterator(chunk_size=AT_ONCE)


def messages_of(session: Session) -> Iterator[Message]:
    """What was said in a conversation, in order, with what it quotes."""
    rows = Message.objects.filter(session=session).in_order().prefetch_related("citations")
    return rows.iterator(chunk_size=AT_ONCE)


def add_index(user: User, now: datetime, package: Package) -> None:
    """Write the page that leads to everything else."""
    with package.open_part("index.html") as part:
        page = Page(part, f"The data of {user.shown_name}")
        page.write(f'<p class="quiet">As of {now:%Y-%m-%d %H:%M} UTC.</p>')
        add_conversations(page, user, now)
        add_documents(page, user, now, package)
        page.write("<h2>Everything, for programs</h2><table>")
        for kind, count in package.counts.items():
            path = f"data/{kind}.json"
            page.write(f"<tr><td>{link(path, kind)}</td><td>{count}</td></tr>")
        page.write("</table>")
        page.end()


def add_conversations(page: Page, user: User, now: datetime) -> None:
    """List the conversations."""
    page.write("<h2>Conversations</h2><ul>")
    some = False
    for session in sessions_of(user, now):
        some = True
        gone = " <small>(deleted)</small>" if session.is_deleted else ""
        shown = link(conversation_path(session), title_of(session))
        page.write(f"<li>{shown} <small>{session.created_at:%Y-%m-%d}</small>{gone}</li>")
    page.write("</ul>" if some else "</ul><p>There are none.</p>")


def add_documents(page: Page, user: User, now: datetime, package: Package) -> None:
    """List the documents."""
    page.write("<h2>Documents</h2><ul>")
    some = False
    for document in documents_of(user, now):
        some = True
        there = file_path(document) in package.files
        shown = link(file_path(document), document.title) if there else text(document.title)
        note = "" if there else f" <small>({text(MISSING)})</small>"
        gone = " <small>(deleted)</small>" if document.is_deleted else ""
        page.write(f"<li>{shown}{note}{gone}</li>")
    page.write("</ul>" if some else "</ul><p>There are none.</p>")
