"""Quotas: limits of users, groups and keys, what was used of them, and the only refusal."""
