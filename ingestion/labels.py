"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from ingestion.models import HeardPiece, IngestionItem, IngestionRun, ScannedPage, Source
from youworker.core.labels import name_model

name_model(
    IngestionRun,
    _("ingestion run"),
    _("ingestion runs"),
    target=_("source"),
    source=_("followed source"),
    claimed_at=_("last taken up"),
    reach=_("reach"),
)
name_model(
    IngestionItem,
    _("file"),
    _("files"),
    run=_("ingestion run"),
    accepted_at=_("accepted"),
    position=_("position"),
    parent=_("came out of"),
    root=_("outermost file"),
    level=_("level"),
    source=_("source"),
    stage=_("stage"),
    note=_("note"),
    duplicate=_("duplicate"),
    passages=_("passages"),
    path_hash=_("hash of the path"),
    asked_hash=_("hash of the address asked for"),
    depth=_("depth"),
    last_modified=_("last modified"),
)
name_model(
    Source,
    _("source"),
    _("sources"),
    target=_("folder or website"),
    recursive=_("with folders inside"),
    depth=_("links to follow"),
    max_pages=_("pages at most"),
    every_hours=_("every so many hours"),
    daily_at=_("daily at"),
    state=_("state"),
    last_sync_at=_("last read"),
    next_sync_at=_("next read"),
    counts=_("counts"),
    accepts_deletions=_("deletions confirmed"),
)
name_model(
    HeardPiece,
    _("piece that was heard"),
    _("pieces that were heard"),
    segments=_("what was said"),
    language=_("language"),
)
name_model(ScannedPage, _("page that was read"), _("pages that were read"), text=_("text"))
