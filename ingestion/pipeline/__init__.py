"""The two stages of ingestion: items are claimed, parsed, embedded, and taken back when lost."""
