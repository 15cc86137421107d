"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from accounts.models import (
    ApiKey,
    Authenticator,
    DataExport,
    Erasure,
    LinkedIdentity,
    PrivateAccess,
    SignIn,
    User,
)
from youworker.core.labels import name_model

name_model(
    User,
    _("user"),
    _("users"),
    display_name=_("display name"),
    time_zone=_("time zone"),
)
name_model(
    ApiKey,
    _("API key"),
    _("API keys"),
    prefix=_("first characters"),
    scopes=_("allowed for"),
    allowed_networks=_("allowed networks"),
    rotated_at=_("rotated"),
    revoked_at=_("revoked"),
)
name_model(
    SignIn,
    _("sign-in"),
    _("sign-ins"),
    method=_("method"),
    address=_("network address"),
    user_agent=_("browser"),
)
name_model(Authenticator, _("second factor"), _("second factors"))
name_model(
    LinkedIdentity,
    _("linked identity"),
    _("linked identities"),
    issuer=_("identity provider"),
    subject=_("subject"),
)
name_model(
    PrivateAccess,
    _("reading of private content"),
    _("readings of private content"),
    reader=_("read by"),
    object_id=_("ID of the object"),
)
name_model(DataExport, _("data export"), _("data exports"))
name_model(
    Erasure,
    _("erasure"),
    _("erasures"),
    subject=_("pseudonym"),
    shared_documents=_("documents that groups use"),
)
