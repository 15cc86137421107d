"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from quotas.models import Quota, TokenUsage, UsageEvent
from youworker.core.labels import name_model

name_model(
    Quota,
    _("quota"),
    _("quotas"),
    tokens_per_day=_("tokens per day"),
    tokens_per_month=_("tokens per month"),
    stored_bytes=_("stored bytes"),
    documents=_("documents"),
    runs_at_once=_("answers at once"),
)
name_model(
    UsageEvent,
    _("use"),
    _("usage"),
    created_at=_("time"),
    group_ids=_("groups"),
    duration_ms=_("duration (ms)"),
)
name_model(TokenUsage, _("tokens of a day"), _("tokens by day"), day=_("day"))
