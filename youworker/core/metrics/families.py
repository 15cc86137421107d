"""What all processes count together, by name."""

from __future__ import annotations

from youworker.core.metrics.shared import Counter, Histogram

SHORT = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
ENDINGS = ("succeeded", "failed", "stopped", "interrupted")

RUNS = Counter(
    "youworker_runs_total",
    "Answers that ended, by how.",
    ("outcome",),
    tuple((ending,) for ending in ENDINGS),
)
RUN_SECONDS = Histogram(
    "youworker_run_duration_seconds", "From the start of an answer to its end.", limits=LONG
)
FIRST_TOKEN_SECONDS = Histogram(
    "youworker_first_token_seconds",
    "From the accepted question to the first text of its answer.",
    limits=SHORT,
)
TOKENS = Counter(
    "youworker_tokens_total",
    "Tokens that models read (in) and wrote (out), by what for.",
    ("kind", "direction"),
    (("run", "in"), ("run", "out")),
)
MODEL_REQUESTS = Counter(
    "youworker_model_requests_total",
    "Turns of language models, by server and by whether they came to their end.",
    ("endpoint", "outcome"),
)
TOOL_CALLS = Counter(
    "youworker_tool_calls_total",
    "Calls of tools, by server and ending.",
    ("server", "outcome"),
)
TOOL_SECONDS = Histogram(
    "youworker_tool_call_duration_seconds", "How long calls of tools took.", ("server",), (), SHORT
)
SEARCHES = Counter("youworker_searches_total", "Searches, by mode.", ("mode",))
SEARCH_SECONDS = Histogram(
    "youworker_search_duration_seconds", "How long searches took.", limits=SHORT
)
FILES = Counter(
    "youworker_ingestion_files_total",
    "Files that were read, failed or were not wanted any more.",
    ("outcome",),
    (("succeeded",), ("failed",), ("skipped",)),
)
STAGE_SECONDS = Histogram(
    "youworker_ingestion_stage_duration_seconds",
    "How long a file was read (parsing), and a batch of passages given vectors (embedding).",
    ("stage",),
    (("parsing",), ("embedding",)),
    LONG,
)
EMBEDDED_PASSAGES = Counter("youworker_embedded_passages_total", "Passages that got their vector.")
TASKS = Counter(
    "youworker_tasks_total", "Tasks that workers carried out, by ending.", ("task", "outcome")
)
TASK_SECONDS = Histogram(
    "youworker_task_duration_seconds", "How long tasks took.", ("task",), (), LONG
)
SLOW_QUERIES = Counter(
    "youworker_slow_queries_total", "Statements that took longer than `LOG_SLOW_QUERY_MS`."
)
