"""Users, their API keys, and how a caller is recognised."""
