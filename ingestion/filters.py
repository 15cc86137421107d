"""Query parameters of the lists."""

from __future__ import annotations

import django_filters

from ingestion.enums import RunKind, RunStatus, Stage
from ingestion.models import IngestionItem, IngestionRun


class RunFilter(django_filters.FilterSet):
    """Runs by status and kind."""

    status = django_filters.ChoiceFilter(choices=RunStatus.choices)
    kind = django_filters.ChoiceFilter(choices=RunKind.choices)

    class Meta:
        model = IngestionRun
        fields = ("status", "kind")


class ItemFilter(django_filters.FilterSet):
    """Items by stage."""

    stage = django_filters.ChoiceFilter(choices=Stage.choices)

    class Meta:
        model = IngestionItem
        fields = ("stage",)
