"""Faults of other people's servers, on scratch installations."""

from __future__ import annotations

from youworker.tests.bench import Report
from youworker.tests.bench.faults import model, tools


def run() -> Report:
    """Meet them all."""
    parts = [model.measure(), tools.measure()]
    figures = [figure for found, _, _ in parts for figure in found]
    reasons = [sentence for _, wrong, _ in parts for sentence in wrong]
    notes = [line for _, _, lines in parts for line in lines]
    failed = [figure.name for figure in figures if figure.ok is False]
    return Report(figures, [*reasons, *failed], {"notes": notes}, notes)
