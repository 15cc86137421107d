"""Hostile and mistaken files are refused with their line, before anything is looked up."""

import pytest

from youworker.configuration.exceptions import InvalidConfiguration
from youworker.configuration.reading import LARGEST_FILE, read_written
from youworker.configuration.shapes import checked

BOMB = "\n".join(
    ["a: &a [x, x]", *(f"{new}: &{new} [*{old}, *{old}]" for old, new in ("ab", "bc", "cd"))]
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, "line 1: anchors and references are not allowed"),
        ("groups:\n  <<: *x", "line 2: anchors"),
        ("a: !!python/object/apply:os.system ['id']", "line 1: tags are not allowed"),
        ("a: ! x", "line 1: tags"),
        ("version: 1\ngroups: {}\nversion: 1", "line 3: 'version' stands in line 1 already"),
        ("a: 1\n---\nb: 2", "line 2: there is more than one document"),
        ("[" * 100_000, "line 1: this is nested too deeply"),
        ("- " * 100_000, "line 1: this is nested too deeply"),
        ("- x\n" * 200_001, "there are too many parts"),
        ("? [a]\n: b", "line 1: a key has to be a text"),
        ('a: "x\\0"', "line 1: a text has a sign that nobody can see"),
        ('a: "\\x9b31m"', "line 1: a text has a sign that nobody can see"),
        ("a: b: c", "line 1: mapping values"),
        ("a: \x01", "control characters"),
        (" " * (LARGEST_FILE + 1), "The file has more than 16,777,216 bytes."),
    ],
)
def test_what_is_no_plain_yaml_is_refused(text, sentence):
    with pytest.raises(InvalidConfiguration) as refused:
        read_written(text.encode())

    assert sentence in refused.value.message


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InvalidConfiguration, match="no YAML"):
        read_written(b"a: \xff\xfe")


def test_words_mean_what_people_think():
    text = "no: off\nday: 2026-01-01\ntime: 12:30\nn: 007\nt: true\nz: ~\nq: '1'\nnothing:"

    assert read_written(text.encode()).value == {
        "no": "off",
        "day": "2026-01-01",
        "time": "12:30",
        "n": 7,
        "t": True,
        "z": None,
        "q": "1",
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: Input should be"),
        ("groups: {}", "line 1: version: Field required"),
        ("version: 2", "line 1: version: Input should be 1"),
        ("version: 1\ngruops: {}", "line 2: gruops: this key is unknown: did you mean 'groups'?"),
        (
            "version: 1\ngroups:\n  A:\n    retension_days: 3",
            "line 4: groups.A.retension_days: this key is unknown: did you mean 'retention_days'?",
        ),
        ("version: 1\ngroups:\n  A: {zzz: 1}", "there are description, retention_days, members"),
        ("version: 1\ngroups:\n  A: {retention_days: 0}", "line 3: groups.A.retention_days: "),
        ("version: 1\ngroups:\n  A: {retention_days: 'no'}", "valid integer"),
        ("version: 1\ngroups:\n  ' A': {}", "a name has visible signs"),
        ("version: 1\ngroups:\n  A: {members: {anna: boss}}", "groups.A.members.anna"),
        ("version: 1\nquotas: {users: {anna: {documents: -1}}}", "greater than or equal to 0"),
        ("version: 1\ngroups: []", "line 2: groups: Input should be"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line(text, fault):
    with pytest.raises(InvalidConfiguration) as refused:
        checked(read_written(text.encode()))

    assert fault in refused.value.message


@pytest.mark.parametrize(
    "part",
    [
        "model_servers:\n  A: {key: hunter2}",
        "model_servers:\n  A: {key: {secret: hunter2}}",
        "tool_servers:\n  a: {headers: {Authorization: hunter2}}",
        "tool_servers:\n  a: {env: {TOKEN: {secret: '$hunter2'}}}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(part):
    with pytest.raises(InvalidConfiguration) as refused:
        checked(read_written(f"version: 1\n{part}".encode()))

    assert "a secret stands here by its name only" in refused.value.message
    assert "hunter2" not in refused.value.message


def test_all_faults_are_told_at_once():
    text = "version: 1\ngroups:\n  A: {retention_days: 0}\n  B: {retention_days: 0}"

    with pytest.raises(InvalidConfiguration) as refused:
        checked(read_written(text.encode()))

    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["line 3", "line 4"]
