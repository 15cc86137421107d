import io
import tarfile

import pytest

from tools import vendor
from tools.vendor import (
    ROOT,
    Library,
    alternatives,
    differences,
    draw_sprite,
    read_libraries,
    unpack,
)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A tree with one library in it, copied from an archive of our own."""
    archive = packed({"package/dist/a.js": b"a", "package/LICENSE": b"free", "package/x": b"x"})
    library = Library("a", "a", "1", "sha512-x", "MIT", ["dist/*.js", "LICENSE"], strip="dist/")
    monkeypatch.setattr(vendor, "fetch_archive", lambda library: archive)
    vendor.fetch_all(tmp_path, [library])
    return tmp_path, [library]


def packed(files):
    """An archive as npm makes it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def test_what_stands_here_is_what_was_copied():
    assert list(differences(ROOT, read_libraries(ROOT))) == []


def test_only_named_files_are_copied(copied):
    root, libraries = copied

    present = vendor.present_files(root, libraries)

    folder = "youworker/static/vendor/a"
    assert present == {f"{folder}/a.js", f"{folder}/LICENSE"}
    assert list(differences(root, libraries)) == []


def test_a_changed_file_is_found(copied):
    root, libraries = copied
    (root / "youworker/static/vendor/a/a.js").write_text("b")

    found = list(differences(root, libraries))

    assert found == ["youworker/static/vendor/a/a.js is not what was copied"]


def test_a_missing_and_an_unlisted_file_are_found(copied):
    root, libraries = copied
    (root / "youworker/static/vendor/a/a.js").rename(root / "youworker/static/vendor/a/b.js")

    found = list(differences(root, libraries))

    assert found == [
        "youworker/static/vendor/a/a.js is missing",
        "youworker/static/vendor/a/b.js is not in the lock",
    ]


def test_another_version_is_found(copied):
    root, libraries = copied
    libraries[0].version = "2"

    (found,) = differences(root, libraries)

    assert found.endswith("is about other versions than vendor.toml: make vendor")


def test_copying_again_removes_what_is_no_longer_named(copied):
    root, libraries = copied
    libraries[0].files = ["LICENSE"]

    vendor.fetch_all(root, libraries)

    assert vendor.present_files(root, libraries) == {"youworker/static/vendor/a/LICENSE"}


def test_a_pattern_without_a_file_is_refused():
    library = Library("a", "a", "1", "sha512-x", "MIT", ["dist/*.js"])

    with pytest.raises(SystemExit, match=r"a has no file dist/\*\.js"):
        vendor.wanted_files(library, {"LICENSE": b""})


def test_an_archive_with_other_bytes_is_refused(monkeypatch):
    def pack(*arguments):
        folder = arguments[arguments.index("--pack-destination") + 1]
        (vendor.Path(folder) / "a-1.tgz").write_bytes(b"other")

    monkeypatch.setattr(vendor, "run_npm", pack)

    with pytest.raises(SystemExit, match="a@1: the archive has sha512-"):
        vendor.fetch_archive(Library("a", "a", "1", "sha512-x", "MIT", []))


def test_links_in_an_archive_are_left_out():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        link = tarfile.TarInfo("package/passwords")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)

    assert unpack(target.getvalue()) == {}


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("a/*.js", ["a/*.js"]),
        ("{a,b}/{c,d}.js", ["a/c.js", "a/d.js", "b/c.js", "b/d.js"]),
    ],
)
def test_alternatives_of_a_path(pattern, paths):
    assert list(alternatives(pattern)) == paths


def test_each_icon_is_a_symbol_of_its_name():
    icon = b'<!-- ISC -->\n<svg\n  class="x"\n>\n  <path d="M1 1" />\n  <path d="M2 2" />\n</svg>'

    sprite = draw_sprite(["send"], {"icons/send.svg": icon}).decode()

    assert '<symbol id="send" viewBox="0 0 24 24"' in sprite
    assert '<path d="M1 1"/><path d="M2 2"/></symbol>' in sprite
    assert "class" not in sprite
