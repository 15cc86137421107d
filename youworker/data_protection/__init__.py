"""Exports, erasures and retention: what needs to know every app."""
