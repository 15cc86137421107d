"""The parts of the web process: daphne, with what it lacks for this product."""
