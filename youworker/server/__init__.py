"""The web process, `python -m youworker.server`: daphne, with what it lacks for this product."""
