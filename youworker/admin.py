"""Actions that every list of the staff pages offers."""

from django.contrib import admin

from youworker.console.exporting import export_rows

admin.site.add_action(export_rows, "export_rows")
