"""Folders that cannot be used: what is in the way is told with what helps."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from youworker.appliance.embedded import StartupRefused, attached
from youworker.appliance.embedded.obstacles import account, obstacle, refusal_of, require_folder


def refusal(folder):
    with pytest.raises(StartupRefused) as refused:
        require_folder(folder)
    return str(refused.value)


def test_a_folder_is_made_with_those_above_it(tmp_path):
    require_folder(tmp_path / "a" / "b")
    require_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("below", ["", "data", "data/files"])
def test_a_file_in_the_way_is_named(tmp_path, below):
    file = tmp_path / "file"
    file.write_text("precious")

    said = refusal(file / below)

    assert said == (
        f"cannot create {file / below}: {file} is no directory: move it away, or set DATA_DIR to"
        " another place"
    )
    assert file.read_text() == "precious"


def test_a_link_that_leads_nowhere_is_in_the_way(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")

    assert f"{tmp_path / 'link'} is no directory" in refusal(tmp_path / "link")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "its file system is read-only: mount it for writing"),
        (errno.ENOSPC, "the disk is full: free space or enlarge it"),
        (errno.EDQUOT, "the disk is full: free space or enlarge it"),
        (errno.EACCES, "may not: give it the directory (chown -R), or set DATA_DIR to a writable"),
        (errno.EPERM, "may not: give it the directory (chown -R), or set DATA_DIR to a writable"),
        (errno.ENAMETOOLONG, "file name too long: set DATA_DIR to a writable directory"),
        (errno.EIO, "input/output error: set DATA_DIR to a writable directory"),
    ],
)
def test_each_trouble_has_its_remedy(tmp_path, number, said):
    error = OSError(number, os.strerror(number), str(tmp_path / "users.lock"))

    told = str(refusal_of(error, tmp_path))

    assert told.startswith(f"cannot use {tmp_path / 'users.lock'}: ")
    assert said in told
    assert "Errno" not in told


def test_a_program_that_cannot_be_started_is_no_matter_of_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "packages"))
    program = tmp_path / "packages" / "redis-server"
    program.parent.mkdir()
    program.write_text("for another processor")
    program.chmod(0o644)
    with pytest.raises(PermissionError) as trouble:
        subprocess.run([program], check=True)

    told = str(refusal_of(trouble.value, tmp_path / "data"))

    assert told.startswith(f"cannot start {program}: permission denied: Python's packages must be")
    assert "DATA_DIR" not in told


def test_trouble_without_a_name_is_that_of_the_data_directory(tmp_path):
    told = str(refusal_of(OSError(errno.ENOSPC, "No space left on device"), tmp_path))

    assert told == f"cannot use {tmp_path}: the disk is full: free space or enlarge it"


def test_a_name_that_is_too_long_is_refused_in_words(tmp_path):
    assert "file name too long: set DATA_DIR" in refusal(tmp_path / ("x" * 300))


def test_a_place_that_may_not_be_looked_at_is_no_file(monkeypatch):
    def forbid(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbid)

    assert account() in obstacle(PermissionError(errno.EACCES, "Permission denied"), Path("/a/b"))


@pytest.mark.parametrize(
    ("flag", "said"), [(0, "may not: give it"), (os.ST_RDONLY, "file system is read-only")]
)
def test_a_folder_that_cannot_be_written_is_refused(monkeypatch, tmp_path, flag, said):
    # The superuser of a machine may write everywhere.
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    monkeypatch.setattr(os, "statvfs", lambda _path: type("Found", (), {"f_flag": flag}))

    assert refusal(tmp_path).startswith(f"cannot write to {tmp_path}: ")
    assert said in refusal(tmp_path)


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)

    assert account() == "the account 4000000"


def test_attaching_refuses_what_is_in_the_way(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "users.lock").mkdir()

    with pytest.raises(StartupRefused, match=r"users\.lock: is a directory: set"), attached():
        pass
