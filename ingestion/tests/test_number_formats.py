import pytest

from ingestion.parsing.office.number_formats import BUILT_IN, EAST_ASIAN, Format, built_in

DAY = 45763  # 16 April 2025, a Wednesday


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.175, "0.0%", "17.5%"),
        (0.17, "0 %", "17 %"),
        (1234.5, "#,##0.00", "1,234.50"),
        (1234567.891, '#,##0.00 "€"', "1,234,567.89 €"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, '_("$"* #,##0.00_)', "$1,234.50"),
        (-1234.5, "#,##0.00;[Red]-#,##0.00", "-1,234.50"),
        (-1234.5, "#,##0.00_);(#,##0.00)", "(1,234.50)"),
        (-1234.5, "0.0", "-1234.5"),
        (-0.001, "0.00", "0.00"),
        (0, '0;-0;"none"', "none"),
        (7, "00000", "00007"),
        (12345678, "000-00-000", "123-45-678"),
        (12, "0,000.0##", "0,012.0"),
        (5, '0 "Stück"', "5 Stück"),
        (12.5, "0.0 \\k\\g", "12.5 kg"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (0, "#.##", "."),
        (1e6, '0.0,,"M"', "1.0M"),
        (1500, '0,"k"', "2k"),
        (123456789, "0.00E+00", "1.23E+08"),
        (0.00012, "0.0E-0", "1.2E-4"),
        (12345, "##0.0E+0", "12.3E+3"),
        (9.99, "0.0E+00", "1.0E+01"),
        (0, "0.00E+00", "0.00E+00"),
        (0.25, "# ?/?", "1/4"),
        (2.75, "# ??/??", "2 3/4"),
        (0.999, "# ?/?", "1"),
        (0.5, "# ?/8", "4/8"),
        (1.5, "?/?", "3/2"),
        (3, "# ?/?", "3"),
        (2.5, '"about "# ?/?" in"', "about 2 1/2 in"),
        (0.25, "# ??/16", "4/16"),
        (12, "0 €/t", "12 €/t"),
        (5, "General", "5"),
        (0.1 + 0.2, "General", "0.3"),
        (1 / 3, "", "0.333333333333333"),
        (123456789012, "General", "123456789012"),
        (1e21, "General", "1E+21"),
        (1.5e-12, "General", "1.5E-12"),
        (-0.0, "General", "0"),
        (5, 'General" kg"', "5 kg"),
        (-5, 'General" kg"', "-5 kg"),
        (5, ";;;", "5"),
        (1, '[=1]"one";[=2]"two";0', "one"),
        (3, '[=1]"one";[=2]"two";0', "3"),
        (-5, "[<0]0;0", "5"),
        (1e300, "0", f"1{'0' * 300}"),
        (5, '"unclosed 0', "unclosed 0"),
        (5, "[unclosed", "5"),
        (5, "\\", "5"),
        (5, "@", "5"),
    ],
)
def test_numbers(value, code, shown):
    assert Format(code).shown(value) == shown


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (DAY, "yyyy-mm-dd", "2025-04-16"),
        (DAY, "dd.mm.yy", "16.04.25"),
        (DAY, "d/m/yyyy", "16/4/2025"),
        (DAY, "mmm-yy", "Apr-25"),
        (DAY, "dddd, d mmmm yyyy", "Wednesday, 16 April 2025"),
        (DAY, "[$-407]dddd, d. mmmm yyyy", "Mittwoch, 16. April 2025"),
        (DAY, "[$-410]mmmm", "aprile"),
        (DAY, "[$-FFFF]mmmmm", "A"),
        (DAY, 'yyyy"年"m"月"d"日"', "2025年4月16日"),
        (DAY, '[$-411]ggge"年"m"月"d"日"', "令和7年4月16日"),
        (DAY, "[$-411]ge.m.d", "R7.4.16"),
        (DAY, "[$-41E]dd/mm/bbbb", "16/04/2568"),
        (DAY + 0.5625, "dd.mm.yyyy hh:mm", "16.04.2025 13:30"),
        (0.5625, "h:mm", "13:30"),
        (0.5625, "h:mm AM/PM", "1:30 PM"),
        (0, "h AM/PM", "12 AM"),
        (0.75, '上午/下午h"时"mm"分"', "下午6时00分"),
        (0.999999, "h:mm:ss", "0:00:00"),
        (DAY + 0.9999999, "dd.mm.yyyy hh:mm", "17.04.2025 00:00"),
        (1.5 / 86400, "mm:ss.0", "00:01.5"),
        (1.5, "[h]:mm", "36:00"),
        (100.25, "[h]:mm:ss", "2406:00:00"),
        (1 / 24, "[mm]:ss", "60:00"),
        (0.5, "[ss]", "43200"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (60, "yyyy-mm-dd", "1900-02-29"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (2958465, "yyyy-mm-dd", "9999-12-31"),
        (2958466, "yyyy-mm-dd", "2958466"),
        (-5, "yyyy-mm-dd", "-5"),
    ],
)
def test_dates_times_and_durations(value, code, shown):
    assert Format(code).shown(value) == shown


def test_files_of_the_macintosh_count_days_from_1904():
    assert Format("yyyy-mm-dd").shown(0, 1462) == "1904-01-01"
    assert Format("[h]:mm").shown(1.5, 1462) == "36:00"
    assert Format("h:mm").shown(0.5, 1462) == "12:00"


@pytest.mark.parametrize("number", sorted(EAST_ASIAN))
def test_east_asian_formats_are_dates_or_times(number):
    found = built_in(number)

    assert found.shown(DAY) == "2025-04-16"
    assert found.shown(0.5625) == "13:30:00"
    assert found.shown(DAY + 0.5625) == "2025-04-16 13:30:00"


@pytest.mark.parametrize("number", [*BUILT_IN, 99, -1])
def test_every_format_that_is_known_by_a_number_shows_numbers(number):
    for value in (0, 1, -1.5, DAY + 0.25, 1e300, -1e-300):
        assert built_in(number).shown(value)


@pytest.mark.parametrize(
    ("code", "shown"),
    [("@", "a"), ('"Mr "@', "Mr a"), ('0;0;0;@" !"', "a !"), ("0;0;0;", "a"), ("0", "a")],
)
def test_texts(code, shown):
    assert Format(code).shown_text("a") == shown


@pytest.mark.parametrize(
    "sign", ["0", "#", "?", ",", ".", "%", "/", "E+", '"', "[", "d", "g", "_", "*"]
)
def test_long_formats_take_no_time_to_speak_of(sign):
    found = Format(sign * 100_000)

    for value in (0, DAY, -1.5, 1e300):
        assert isinstance(found.shown(value), str)
