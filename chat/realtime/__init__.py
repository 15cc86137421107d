"""Conversations as they happen: WebSockets and server-sent events."""
