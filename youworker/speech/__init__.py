"""Speech to text and text to speech: the rules, and whoever does the work."""
