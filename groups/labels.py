"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from groups.models import Group, LegalHold, Membership, ServiceAccount
from youworker.core.labels import name_model

name_model(
    Group,
    _("group"),
    _("groups"),
    retention_days=_("days that conversations are kept"),
    members=_("members"),
)
name_model(Membership, _("membership"), _("memberships"))
name_model(
    ServiceAccount,
    _("service account"),
    _("service accounts"),
    created_by=_("made by"),
)
name_model(
    LegalHold,
    _("legal hold"),
    _("legal holds"),
    set_by=_("placed by"),
    created_at=_("placed"),
    released_by=_("lifted by"),
    released_at=_("lifted"),
)
