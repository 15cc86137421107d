"""Checks of the code itself, for `make check`; not part of the product."""
