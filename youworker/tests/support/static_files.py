"""Look for static files once per process, not for every client that a test makes."""

from __future__ import annotations

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

# By everything the search depends on: a setting may differ in a test.
found: dict[tuple[Any, ...], dict[str, Any]] = {}
search = WhiteNoiseMiddleware.add_files_from_finders


def share_static_files() -> None:
    """Let every instance of the middleware take the files that the first one found."""
    WhiteNoiseMiddleware.add_files_from_finders = add_files


def add_files(self: WhiteNoiseMiddleware) -> None:
    """Add the files of the apps; half of a test client's time goes into looking for them."""
    key = (self.static_root, self.static_prefix, self.max_age, self.allow_all_origins)
    if key not in found:
        search(self)
        found[key] = dict(self.files)
    self.files.update(found[key])
