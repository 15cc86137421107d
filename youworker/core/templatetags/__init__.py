"""Tags of all pages."""
