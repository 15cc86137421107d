"""Keys in a file that changes while a process runs."""

import os

import pytest
from cryptography.fernet import Fernet

from youworker.encryption import crypto
from youworker.encryption.keyfile import KeyFile, keys_in


def new_key():
    return Fernet.generate_key().decode()


def put(path, *keys):
    """Replace the file the way the product does."""
    draft = path.with_suffix(".draft")
    draft.write_text(",".join(keys) + "\n")
    draft.replace(path)


@pytest.fixture
def key_file(tmp_path, settings):
    path = tmp_path / "keys"
    first = new_key()
    put(path, first)
    settings.MESSAGE_ENCRYPTION_KEYS = KeyFile(path, [first])
    return path


def test_a_new_key_encrypts_at_once_and_the_old_one_reads(key_file):
    old = crypto.encrypt("old", context="c")
    fresh = new_key()
    put(key_file, fresh, key_file.read_text().strip())

    token = crypto.encrypt("new", context="c")

    assert Fernet(fresh).decrypt(token) == b"c\x00new"
    assert [crypto.decrypt(each, context="c") for each in (old, token)] == ["old", "new"]


def test_a_token_of_a_key_that_came_a_moment_ago_is_read(key_file):
    crypto.encrypt("warm", context="c")
    fresh = new_key()
    token = Fernet(fresh).encrypt(b"c\x00elsewhere").decode()
    put(key_file, fresh, key_file.read_text().strip())

    assert crypto.decrypt(token, context="c") == "elsewhere"


def test_a_key_that_left_the_file_still_reads_here(key_file):
    token = crypto.encrypt("text", context="c")
    put(key_file, new_key())

    assert crypto.decrypt(token, context="c") == "text"
    assert len(crypto.fingerprints()) == 2


@pytest.mark.parametrize("content", ["", "no key", None])
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_once(key_file, content, caplog):
    before = crypto.current_keys()
    if content is None:
        key_file.unlink()
    else:
        key_file.write_text(content)

    assert crypto.current_keys() == before
    assert crypto.current_keys() == before
    (line,) = caplog.records
    assert "stay as they were" in line.message
    assert "no key" not in caplog.text


def test_a_file_that_came_back_is_used(key_file):
    key_file.unlink()
    crypto.current_keys()
    fresh = new_key()

    put(key_file, fresh)

    assert crypto.current_keys()[0] == fresh


def test_a_file_of_the_same_size_and_time_is_still_another_one(key_file):
    before = key_file.stat()
    crypto.current_keys()
    fresh = new_key()
    put(key_file, fresh)
    os.utime(key_file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert crypto.current_keys()[0] == fresh


def test_settings_show_the_current_keys(key_file, settings):
    fresh, old = new_key(), key_file.read_text().strip()
    put(key_file, fresh, old)

    keys = settings.MESSAGE_ENCRYPTION_KEYS
    assert (list(keys), len(keys), keys[0], keys[1:]) == ([fresh, old], 2, fresh, (old,))


def test_keys_are_separated_by_commas():
    first, second = new_key(), new_key()

    assert keys_in(f" {first},\n{second}\n") == (first, second)
