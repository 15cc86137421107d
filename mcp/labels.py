"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from mcp.models import ClientRegistration, Connection, GroupPolicy, Server, Tool
from youworker.core.labels import name_model

name_model(
    Server,
    _("tool server"),
    _("tool servers"),
    slug=_("short name"),
    transport=_("transport"),
    argv=_("command"),
    base_url=_("address of the API"),
    document=_("document"),
    secrets=_("secrets"),
    builtin=_("built in"),
    last_error=_("last error"),
    protocol=_("protocol"),
    authorization=_("sign-in"),
    scope=_("scope"),
)
name_model(
    Tool,
    _("tool"),
    _("tools"),
    server=_("tool server"),
    local_name=_("name on the server"),
    safe_name=_("name for models"),
    input_schema=_("arguments"),
    output_schema=_("answers"),
    recipe=_("request"),
    effects=_("effects"),
    missing_since=_("missing since"),
    writes=_("changes something"),
    egress=_("sends data outside"),
    approved_form=_("form that was agreed to"),
    edition=_("edition"),
)
name_model(
    GroupPolicy,
    _("policy of a group"),
    _("policies of groups"),
    tool=_("tool"),
    approver=_("who is asked"),
)
name_model(
    Connection,
    _("connection to a tool server"),
    _("connections to tool servers"),
    server=_("tool server"),
    server_url=_("address of the tool server"),
    resource=_("resource"),
    issuer=_("issuer"),
    token_endpoint=_("address of the tokens"),
    revocation_endpoint=_("address of the revocation"),
    scope=_("scope"),
    tokens=_("tokens"),
    client=_("client"),
    expires_at=_("expires"),
    refreshing_until=_("renewed until"),
)
name_model(
    ClientRegistration,
    _("registration at a sign-in"),
    _("registrations at sign-ins"),
    server=_("tool server"),
    issuer=_("issuer"),
    redirect_uri=_("our address"),
    credentials=_("credentials"),
)
