"""Calendars and contacts: what iCalendar and vCard files say, as people read it."""

from ingestion.parsing.calendars import contacts, events  # noqa: F401 -- readers
