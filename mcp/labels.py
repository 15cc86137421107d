"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from mcp.models import GroupPolicy, Server, Tool
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
)
name_model(
    Tool,
    _("tool"),
    _("tools"),
    server=_("tool server"),
    local_name=_("name on the server"),
    safe_name=_("name for models"),
    input_schema=_("arguments"),
    recipe=_("request"),
    effects=_("effects"),
    missing_since=_("missing since"),
)
name_model(GroupPolicy, _("policy of a group"), _("policies of groups"), tool=_("tool"))
