# ruff: noqa: RUF001 -- letters that look alike are what this is about
import pytest

from youworker.core.unicode import (
    clean_name,
    clean_username,
    fold,
    fold_letters,
    is_blank,
    name_key,
    places_of,
    spellings,
)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Cafe\u0301", "Café"),
        ("Re\u200bports", "Reports"),
        ("\ufeffReports\u2060", "Reports"),
        ("so\u00adft", "soft"),
        ("\u202egnp.exe", "gnp.exe"),
        (" a\u00a0 b\n\tc ", "a b c"),
        ("a\x00b\x7f", "ab"),
        ("\u1109\u1165", "서"),
        ("ｆｕｌｌ", "ｆｕｌｌ"),
        # Joiners and selectors that readers see the effect of.
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("a\u200db", "ab"),
        ("\u200b\u2800"[:1], ""),
    ],
)
def test_a_name_is_kept_in_one_form(given, kept):
    assert clean_name(given) == kept
    assert clean_name(kept) == kept


def test_a_users_name_is_compatible_too():
    assert clean_username(" ａｄａ\u200b ") == "ada"
    assert clean_username("zoe\u0308") == "zoë"
    assert clean_username("Ada") == "Ada"


def test_alphabets_are_kept_apart():
    cyrillic = "\u0430d\u0430"

    assert clean_username(cyrillic) == cyrillic != "ada"
    assert name_key("C\u0430fe") != name_key("Cafe")
    assert fold("\u0441at") != "cat"


def test_names_are_compared_whatever_their_case_and_form():
    assert name_key("STRASSE") == name_key("straße")
    assert name_key("Cafe\u0301") == name_key("CAFÉ")
    assert name_key("می\u200cخواهم") == name_key("میخواهم")


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b", "\u00ad \u3164\u2063", "\x00"])
def test_what_nobody_sees_is_blank(text):
    assert is_blank(text)
    assert not is_blank(f"{text}x")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("İSTANBUL", "istanbul"),
        ("ısı", "isi"),
        ("ΟΔΟΣ", "οδοσ"),
        ("ἄνθρωπος", "ανθρωποσ"),
        ("Ёлка", "елка"),
        ("йод їжак ў ќ", "йод їжак ў ќ"),
        ("Đường", "duong"),
        ("ﬁn Ⅷ m²", "fin viii m2"),
        ("ｶﾞ", "ガ"),
        ("서울", "서울"),
        ("हिन्दी १२", "हिन्दी 12"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("PLAIN", "plain"),
    ],
)
def test_a_folded_text_has_letters_and_digits_only(text, folded):
    assert fold(text) == folded
    assert fold(folded) == folded


def test_some_letters_are_written_in_two_ways_without_a_key_for_them():
    assert spellings("Müller") == {"muller", "mueller"}
    assert spellings("Ålborg") == {"alborg", "aalborg"}
    assert spellings("Café") == {"cafe"}


@pytest.mark.parametrize("before", ["", "a", "I ", "\u0433", "é", "\u03a3", "1"])
@pytest.mark.parametrize(
    "letters",
    ["Ä", "A\u0308", "ﬁ", "İ", "ΟΔΟΣ", "й", "и\u0306", "\u0301", "ẞ", "Ꭰ", "ｶﾞ", "२", "é" * 20],
)
def test_letters_are_folded_whatever_stands_beside_them(before, letters):
    text = f"{before}{letters}s {letters}{before}"

    assert fold(text) == fold_letters(text)


@pytest.mark.parametrize(
    ("words", "text", "marked"),
    [
        (["sail"], "Sails and a SAIL", ["Sail", "SAIL"]),
        (["strasse"], "Die Straße.", ["Straße"]),
        (["ss"], "Straße", ["ß"]),
        (["mueller", "muller"], "Müller, Mueller, Muller", ["Müller", "Mueller", "Muller"]),
        (["cafe"], "cafe\u0301s", ["cafe"]),
        (["back", "ackup"], "backup", ["backup"]),
        (["備"], "資料庫備份", ["備"]),
        (["row"], "sail", []),
        ([""], "sail", []),
    ],
)
def test_words_are_found_in_a_text(words, text, marked):
    assert [text[start:end] for start, end in places_of(words, text)] == marked
