"""Staff pages that concern every app."""

import youworker.privacy.admin  # noqa: F401 -- registers the page of people
