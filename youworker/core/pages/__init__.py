"""The base of the pages people use: who may see them, and how refusals look."""

FOR_PROGRAMS = ("/v1/", "/health/", "/static/", "/metrics", "/mcp")


def is_for_programs(path: str) -> bool:
    """Whether an address answers programs: in JSON, and with nothing for a browser to run."""
    return path.startswith(FOR_PROGRAMS)
