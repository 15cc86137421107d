"""Sources that collections follow: what changed where they read, and what becomes of it."""
