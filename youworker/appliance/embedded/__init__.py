"""PostgreSQL and Redis from wheels, for whoever configured none.

Importing this starts nothing; `attached()` starts or joins the servers of `DATA_DIR`.
"""

from youworker.appliance.embedded.attach import attached, ensure_running, stop_waiting
from youworker.appliance.embedded.exceptions import StartupRefused

__all__ = ["StartupRefused", "attached", "ensure_running", "stop_waiting"]
