"""Runs: the answer in the making, its event log, and the processes that write and watch it."""
