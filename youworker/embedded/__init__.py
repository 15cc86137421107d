"""PostgreSQL and Redis from wheels, for whoever configured none.

Importing this starts nothing; `attached()` starts or joins the servers of `DATA_DIR`.
"""

from youworker.embedded.attach import attached, ensure_running, stop_waiting
from youworker.embedded.refusal import StartupRefused

__all__ = ["StartupRefused", "attached", "ensure_running", "stop_waiting"]
