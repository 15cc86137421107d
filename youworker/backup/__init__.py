"""Backups: made beside people's work, verified, and restored into an empty installation."""
