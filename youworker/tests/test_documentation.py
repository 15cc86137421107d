"""The README keeps up with the product."""

import re

from django.apps import apps
from django.core.management import find_commands, get_commands

from youworker.core.config import BASE_DIR


def test_the_readme_lists_every_command_and_no_other():
    text = (BASE_DIR / "README.md").read_text()
    section = text.partition("## Commands")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))

    own = set()
    for app in apps.get_app_configs():
        if str(BASE_DIR) in app.path and ".venv" not in app.path:
            own |= set(find_commands(f"{app.path}/management"))

    assert own
    assert own - listed == set()
    assert listed - set(get_commands()) == set()
