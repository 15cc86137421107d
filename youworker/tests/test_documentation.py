"""The README keeps up with the product."""

import re

from django.apps import apps
from django.core.management import find_commands

from youworker.common.config import BASE_DIR


def test_the_readme_lists_every_command():
    text = (BASE_DIR / "README.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)", text, re.MULTILINE))

    own = set()
    for app in apps.get_app_configs():
        if str(BASE_DIR) in app.path and ".venv" not in app.path:
            own |= set(find_commands(f"{app.path}/management"))

    assert own
    assert own - listed == set()
