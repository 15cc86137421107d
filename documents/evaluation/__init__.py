"""Searches evaluated on golden questions; beside the services, because it searches."""

from documents.evaluation.placing import Placing, ask_question, figures_of, summed
from documents.evaluation.runs import (
    Change,
    changes_between,
    evaluate_next,
    go_on_with,
    previous_evaluation,
    start_evaluation,
)

__all__ = [
    "Change",
    "Placing",
    "ask_question",
    "changes_between",
    "evaluate_next",
    "figures_of",
    "go_on_with",
    "previous_evaluation",
    "start_evaluation",
    "summed",
]
