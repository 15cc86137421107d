"""The event logs of runs: written, read, sealed."""
