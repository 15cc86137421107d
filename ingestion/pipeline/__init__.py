"""Items are claimed and parsed, then follow their documents; what is lost is taken back."""
