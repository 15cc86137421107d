"""The dashboard, the alert rules and their table name what is exported, and all of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from youworker.appliance.metrics import scrape, state
from youworker.appliance.metrics.scrape import write_figures
from youworker.core.config import BASE_DIR
from youworker.tests.support.configuring import override_config

FOLDER = BASE_DIR / "deploy" / "monitoring"
HANDBOOK = BASE_DIR / "youworker" / "handbook"
# That of the system, or the one that `tools/programs.sh promtool` puts beside this Python.
SEARCHED = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
NAME = re.compile(r"\b(?:youworker|process)_[a-z_]+\b")
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in RULES for rule in group["rules"]}
DOCUMENT = (HANDBOOK / "en" / "operator" / "metrics.md").read_text()
# What only a process has that takes its connections from a pool.
POOLED = {
    "youworker_database_connections",
    "youworker_database_connections_max",
    "youworker_database_connections_waiting",
}


class Pool:
    def get_stats(self):
        return {"pool_max": 20, "pool_size": 5, "pool_available": 3, "requests_waiting": 1}


class Connection:
    pool = Pool()


@pytest.fixture
def exported(db, monkeypatch, tmp_path):
    """The names of all series, as Prometheus stores them, with the names of their labels."""
    monkeypatch.setattr(scrape.state_reader, "read", lambda seconds: state.read_state())
    pooled = list(pool_figures(monkeypatch))
    monkeypatch.setattr(state, "read_pool", lambda: iter(pooled))
    with override_config("backup", directory=str(tmp_path)):
        families = list(text_string_to_metric_families(write_figures().decode()))
    return {name: family.type for family in families for name in series_of(family)}


def pool_figures(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(state, "connection", Connection())
        return list(state.read_pool())


def series_of(family):
    if family.type == "histogram":
        return [f"{family.name}_{part}" for part in ("bucket", "sum", "count")]
    return [f"{family.name}_total" if family.type == "counter" else family.name]


def expressions():
    for alert in ALERTS.values():
        yield alert["expr"]
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def documented():
    """The metrics of the table, with their types and labels."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|", DOCUMENT, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_what_dashboard_and_rules_ask_for_is_exported(exported):
    named = {name for expression in expressions() for name in NAME.findall(expression)}

    assert len(named) > 30
    assert named - exported.keys() == set()


def test_every_metric_that_is_exported_is_in_the_table_and_no_other(exported):
    families = {re.sub("_(bucket|sum|count)$", "", name): kind for name, kind in exported.items()}

    assert {name: kind for name, (kind, _) in documented().items()} == families
    assert families.keys() >= POOLED


def test_the_table_names_the_labels_by_which_expressions_tell_apart():
    labels = {name: found for name, (_, found) in documented().items()}

    for expression in expressions():
        for name, matched in re.findall(r"((?:youworker)_[a-z_]+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)=", matched))
            assert used <= labels[re.sub("_bucket$", "", name)], expression


def test_the_table_names_every_alert_with_its_severity():
    rows = re.findall(r"^\| `(YouWorker\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE)

    assert dict(rows) == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}


def test_every_alert_says_what_to_do_and_is_tried():
    tried = (FOLDER / "alerts_test.yml").read_text()

    for name, rule in ALERTS.items():
        assert rule["annotations"]["summary"], name
        assert rule["annotations"]["remedy"], name
        assert name in tried


def test_the_dashboard_can_be_imported_anywhere():
    board = json.loads((FOLDER / "dashboard.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]

    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["targets"] and panel["title"] for panel in panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert {each["name"] for each in board["templating"]["list"]} == {"datasource", "job"}


@pytest.fixture
def promtool():
    """The program that tries rules."""
    found = shutil.which("promtool", path=SEARCHED)
    assert found, "promtool is missing: make promtool"
    return found


@pytest.mark.parametrize("arguments", [("check", "alerts.yml"), ("test", "alerts_test.yml")])
def test_promtool_takes_the_rules(promtool, arguments):
    kind, file = arguments
    made = subprocess.run(
        [promtool, kind, "rules", file], cwd=FOLDER, capture_output=True, text=True, check=False
    )

    assert made.returncode == 0, made.stdout + made.stderr
    assert "SUCCESS" in made.stdout


def test_promtool_takes_the_configurations_of_the_handbook(promtool, tmp_path):
    blocks = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    shutil.copy(FOLDER / "alerts.yml", tmp_path)

    assert len(blocks) == 2
    for told in map(yaml.safe_load, blocks):
        # Debian builds its Prometheus without this one.
        told["scrape_configs"][0].pop("kubernetes_sd_configs", None)
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(told))
        made = subprocess.run(
            [promtool, "check", "config", "--syntax-only", "prometheus.yml"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr


def test_promtool_understands_what_the_dashboard_asks(promtool, tmp_path):
    rules = [
        {"record": f"asked:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]
    rules = [rule | {"expr": rule["expr"].replace("$job", "youworker")} for rule in rules]
    (tmp_path / "asked.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
    )

    made = subprocess.run(
        [promtool, "check", "rules", "asked.yml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.returncode == 0, made.stdout + made.stderr


def test_promtool_finds_nothing_to_mend_in_the_names(promtool, exported):
    made = subprocess.run(
        [promtool, "check", "metrics"], input=write_figures(), capture_output=True, check=False
    )

    # Of the library: the process' own figures follow an older convention.
    complaints = [line for line in made.stderr.decode().splitlines() if "youworker_" in line]
    assert complaints == []
