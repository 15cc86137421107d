"""Time zones by the names that accounts and settings have."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def find_zone(name: str) -> ZoneInfo | None:
    """The zone with this name; none when the machine does not know it, or not any more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_or_utc(name: str) -> ZoneInfo:
    """The zone with this name; UTC when the machine does not know it, or not any more."""
    return find_zone(name) or ZoneInfo("UTC")
