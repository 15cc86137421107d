"""Italian dates: Django's name the day of the week, too."""

DATETIME_FORMAT = "d/m/Y H:i"
