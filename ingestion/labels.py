"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from ingestion.models import IngestionItem, IngestionRun, ScannedPage
from youworker.core.labels import name_model

name_model(
    IngestionRun,
    _("ingestion run"),
    _("ingestion runs"),
    target=_("source"),
    claimed_at=_("last taken up"),
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
    depth=_("depth"),
    source=_("source"),
    stage=_("stage"),
    note=_("note"),
    duplicate=_("duplicate"),
    passages=_("passages"),
    path_hash=_("hash of the path"),
)
name_model(ScannedPage, _("page that was read"), _("pages that were read"), text=_("text"))
