"""Searches evaluated on golden questions; beside the services, because it searches."""

from documents.evaluation.placing import FIGURES, Placing, ask_question, figures_of, summed
from documents.evaluation.runs import (
    Change,
    changes_between,
    evaluate_next,
    go_on_with,
    start_evaluation,
)
from documents.evaluation.switching import (
    Comparison,
    latest_comparison,
    models_to_compare,
    start_comparison,
    switch_model,
)
from youworker.core.evaluations import previous_evaluation

__all__ = [
    "FIGURES",
    "Change",
    "Comparison",
    "Placing",
    "ask_question",
    "changes_between",
    "evaluate_next",
    "figures_of",
    "go_on_with",
    "latest_comparison",
    "models_to_compare",
    "previous_evaluation",
    "start_comparison",
    "start_evaluation",
    "summed",
    "switch_model",
]
