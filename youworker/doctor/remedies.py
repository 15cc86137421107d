"""What helps when a check of the data finds something that it does not repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Words

    from youworker.core.inspection import Check

REPAIR = _("Run `manage.py doctor --fix`, or let “Check of the data” in the console repair it.")
ORIGINALS = _(
    "Restore a backup into another DATA_DIR that has only these secrets (`manage.py restore`) and"
    " copy what is missing from its folder files to that of this one; or have the owners add the"
    " files again."
)
ANEW = _("Have their owners delete these documents and add their files again.")
REMEDIES: dict[str, Words] = {
    "rows-without-files": ORIGINALS,
    "damaged-files": ORIGINALS,
    "documents-without-passages": ANEW,
    "misplaced-passages": ANEW,
    "failed-embedding-tasks": _(
        "Run `manage.py embedding_models`: it says what is wrong. Then let “Ask again for what"
        " failed” in the console queue them."
    ),
    "waiting-items": _(
        "Look whether a worker runs and what it logs; when it is only busy, give it more processes"
        " (WORKER_PROCESSES) or start another one."
    ),
    "quarantined-items": _(
        "Find them under “Files” in the console: they are read again one by one by “Retry this"
        " file”. Leave alone what ends its worker again."
    ),
    "failed-tool-servers": _(
        "Open the server in the console: it says what is wrong; correct its address or its keys,"
        " or switch it off."
    ),
    "unknown-tool-servers": _("Sign in at the server once, as staff: then its tools are known."),
    "tools-awaiting-approval": _(
        "Look at these tools in the console and agree to them, or leave them off."
    ),
}


def remedy_for(check: Check) -> str:
    """What helps against what a check found, in the language in force."""
    if check.name in REMEDIES:
        return str(REMEDIES[check.name])
    return str(REPAIR) if check.repair is not None else ""
