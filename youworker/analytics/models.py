"""Sums of finished days, so that nobody has to read a month of events to draw it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from youworker.analytics.managers import UsageDayQuerySet


class UsageDay(models.Model):
    """What all people together did on one finished day of the installation's time zone.

    It names nobody: the sums stay when people are erased and when their events are.
    """

    day = models.DateField(primary_key=True)
    # Another zone has other days: rows of a former one are made anew.
    zone = models.CharField(max_length=64)
    runs = models.PositiveBigIntegerField(default=0)
    failed_runs = models.PositiveBigIntegerField(default=0)
    stopped_runs = models.PositiveBigIntegerField(default=0)
    sessions = models.PositiveBigIntegerField(default=0)
    searches = models.PositiveBigIntegerField(default=0)
    active_users = models.PositiveBigIntegerField(default=0)
    tokens_in = models.PositiveBigIntegerField(default=0)
    tokens_out = models.PositiveBigIntegerField(default=0)
    tool_calls = models.PositiveBigIntegerField(default=0)
    failed_tool_calls = models.PositiveBigIntegerField(default=0)
    tool_p50_ms = models.PositiveBigIntegerField(null=True)
    tool_p95_ms = models.PositiveBigIntegerField(null=True)
    files = models.PositiveBigIntegerField(default=0)
    failed_files = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    objects: ClassVar = UsageDayQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.day)
