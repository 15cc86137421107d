import pytest

from youworker.core.files import ascii_name, seen_name, shortened_name


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("a.pdf", "a.pdf"),
        ("x" * 251 + ".pdf", "x" * 251 + ".pdf"),
        ("x" * 252 + ".pdf", "x" * 251 + ".pdf"),
        ("é" * 200 + ".pdf", "é" * 125 + ".pdf"),
        ("日" * 251 + ".docx", "日" * 83 + ".docx"),
        ("🦊" * 100 + ".tar.gz", "🦊" * 63 + ".gz"),
        ("x" * 300, "x" * 255),
        ("." + "x" * 300, "." + "x" * 254),
        ("x." + "y" * 300, "x." + "y" * 253),
        ("x" * 250 + " . .pdf", "x" * 250 + ".pdf"),
    ],
)
def test_a_long_name_keeps_its_ending(name, short):
    assert shortened_name(name) == short
    assert len(short.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("a\r\nb\x00c\x7f.txt", "a__b_c_.txt"),
        ("a\u2066b\u2069\ufeff\u00ad.txt", "a_b___.txt"),
        ("a\u2028b\ud800.txt", "a_b_.txt"),
        ("لا\u200cيت.txt", "لا\u200cيت.txt"),
        ("👩\u200d💻.txt", "👩\u200d💻.txt"),
    ],
)
def test_what_nobody_sees_is_shown(name, seen):
    assert seen_name(name) == seen


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Übersicht.pdf", "Ubersicht.pdf"),
        ("a\u0308.pdf", "a.pdf"),
        ("日本.pdf", "__.pdf"),
        ('a"b\\c%41.pdf', "a_b_c_41.pdf"),
    ],
)
def test_a_name_has_a_plain_form(name, plain):
    assert ascii_name(name) == plain
