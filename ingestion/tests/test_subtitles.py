import pytest

SRT = """1
00:00:01,000 --> 00:00:04,000
<i>Good morning.</i>
The zebra is here.

2
00:01:05,500 --> 00:01:08,000 X1:40
{\\an8}Grüße &amp; more.
"""
VTT = """WEBVTT - a talk

NOTE not said

STYLE
::cue { color: red }

intro
00:01.000 --> 00:04.000 align:start
<v Ada>Good morning.

00:04.000 --> 00:05.000
Good morning.

01:00:05.000 --> 01:00:06.000
The zebra is here.
"""


def test_what_is_said_stands_under_its_time(read):
    parsed = read(SRT.encode(), "a.srt")

    assert parsed.mime == "application/x-subrip"
    assert parsed.text == "Good morning. The zebra is here.\nGrüße & more."
    assert [passage.heading for passage in parsed.passages] == ["00:00:01"]


def test_notes_styles_and_repeated_lines_are_left_out(read):
    assert read(VTT.encode(), "a.vtt").text == "Ada: Good morning.\nThe zebra is here."


def test_who_speaks_is_told_where_it_changes(read):
    cues = [
        "<v Ada Muster>Shall we?</v>",
        "<v Ada Muster>R&amp;D first.</v>",
        "<v.loud Bob>Yes.</v>",
        "<v Ada Muster>Yes.</v> <v Bob>Then <i>go</i>.</v>",
    ]
    times = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{cue}" for n, cue in enumerate(cues)]

    assert read("\n\n".join(["WEBVTT", *times]).encode(), "a.vtt").text == (
        "Ada Muster: Shall we?\nR&D first.\nBob: Yes.\nAda Muster: Yes.\nBob: Then go."
    )


def test_every_passage_begins_at_a_time(read):
    cues = "".join(
        f"{n}\n00:{n:02d}:00,000 --> 00:{n:02d}:05,000\nSentence number {n}. {'Words. ' * 30}\n\n"
        for n in range(40)
    )

    headings = [passage.heading for passage in read(cues.encode("utf-16"), "a.srt").passages]

    assert headings[:3] == ["00:00:00", "00:03:00", "00:06:00"]
    assert len(headings) == 14


@pytest.mark.parametrize("text", ["only words", "00:00 --> words"])
def test_what_has_no_times_is_a_text(read, text):
    assert read(text.encode(), "a.srt").text == text


def test_without_a_word_there_is_no_heading(read):
    assert read(b"1\n00:00:01,000 --> 00:00:02,000\n\nx", "a.srt").passages[0].heading == ""
