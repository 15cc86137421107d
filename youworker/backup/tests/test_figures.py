"""The age of the newest backup as Prometheus reads it."""

from datetime import UTC, datetime

import pytest

from youworker.backup import figures
from youworker.backup.figures import NewestBackup, read_backups
from youworker.backup.places import MANIFEST


@pytest.fixture(autouse=True)
def _nobody_looked(monkeypatch):
    monkeypatch.setattr(figures, "newest_backup", NewestBackup())


def told():
    return {family.name: family.samples[0].value for family in read_backups()}


def test_nothing_is_told_where_no_backups_are_wanted(configured):
    configured("backup", directory="")

    assert told() == {}


def test_the_newest_finished_backup_counts(configured, tmp_path):
    configured("backup", directory=str(tmp_path), hours=12)
    for name in ("20260101T000000Z", "20260203T040506Z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")
    (tmp_path / "20260301T000000Z").mkdir()

    assert told() == {
        "youworker_last_backup_timestamp_seconds": datetime(
            2026, 2, 3, 4, 5, 6, tzinfo=UTC
        ).timestamp(),
        "youworker_backup_interval_seconds": 12 * 3600,
    }


@pytest.mark.parametrize("place", ["/nowhere/at/all", "s3://", "s3://bucket/backups"])
def test_a_place_that_is_away_is_told_like_no_backup(configured, monkeypatch, place):
    monkeypatch.setattr(figures, "WAIT_SECONDS", 0.2)
    configured("backup", directory=place)
    configured("storage", endpoint_url="http://127.0.0.1:9", access_key="a", secret_key="b")

    assert told()["youworker_last_backup_timestamp_seconds"] == 0.0


def test_a_place_is_not_looked_at_for_each_scrape(configured, monkeypatch, tmp_path):
    looks = []
    monkeypatch.setattr(figures, "look_for_newest", lambda: looks.append(1))
    configured("backup", directory=str(tmp_path))
    told()
    told()
    assert len(looks) == 1

    configured("backup", directory=str(tmp_path / "other"))
    told()
    assert len(looks) == 2
