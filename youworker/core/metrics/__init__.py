"""Figures for Prometheus: those of one process, and those that all processes count together."""
