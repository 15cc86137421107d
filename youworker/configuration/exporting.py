"""The configuration of this installation as a file."""

from __future__ import annotations

from typing import Any

import yaml

from youworker.configuration.limits import export_quotas, export_system_prompt
from youworker.configuration.model_servers import export_model_servers
from youworker.configuration.people import export_collections, export_groups
from youworker.configuration.shapes import VERSION
from youworker.configuration.tool_servers import export_tool_servers

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
HEAD = """\
# The configuration of a YouWorker installation: manage.py apply_config brings another one to it.
# Secrets are not in here: ${NAME} is read from the environment, or from the file NAME_FILE names.
# Addresses of tool servers with a query are left out, for keys stand in them: a new installation
# needs them written here.
"""


def configuration_here(*, with_members: bool = True) -> dict[str, Any]:
    """What staff set by hand, as plain data."""
    return {
        "version": VERSION,
        "system_prompt": export_system_prompt(),
        "groups": export_groups(with_members=with_members),
        "collections": export_collections(),
        "model_servers": export_model_servers(),
        "tool_servers": export_tool_servers(),
        "quotas": export_quotas(),
    }


def as_yaml(configuration: dict[str, Any]) -> str:
    """The text of a file."""
    text = yaml.dump(
        configuration,
        Dumper=DUMPER,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return HEAD + str(text)
