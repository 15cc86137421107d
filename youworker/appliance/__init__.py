"""What `manage.py up` does: checks before the start, then the processes and their end."""
