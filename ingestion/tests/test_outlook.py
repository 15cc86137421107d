"""Messages as Outlook stores them."""

import struct
from pathlib import Path

import pytest

from ingestion.parsing import kinds
from ingestion.parsing.calendars.events import read_calendar
from ingestion.parsing.mail.meetings import Meeting, calendar_of, moment_of
from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import ParseFailed

DATA = Path(__file__).parent / "data"


def parse(data, tmp_path, name="mail.msg"):
    path = tmp_path / "content"
    path.write_bytes(data)
    return parse_file(path, "", name=name)


def test_read_outlook_keeps_lines_and_signs_of_the_message(tmp_path):
    parsed = parse((DATA / "attached.msg").read_bytes(), tmp_path)

    assert parsed.text.startswith(
        "Subject: Angebot für Räume\nFrom: Ada Muster <ada@example.com>\nTo: Bob\n"
        "Date: Wed, 17 Jan 2024 21:20:00 +0000\n\n"
        "Guten Tag,\n\nanbei der Vertrag R&D 5 <= 6.\nAda\n\n"
    )
    assert parsed.title == "Angebot für Räume"


def test_read_outlook_reads_attachments_as_files_that_come_alone(tmp_path):
    parsed = parse((DATA / "attached.msg").read_bytes(), tmp_path)

    assert "# Vertrag R&D\n\nFrist:\t5 <= 6 Tage *fest*\n\nKopfzeile des Vertrags" in parsed.text
    assert "Attachment: Altes.doc\n\n# Scope & terms\n" in parsed.text
    assert "Größe in alter Schrift" in parsed.text
    assert "Attachment: bild.png" in parsed.text
    # A message that was forwarded as a whole, with a file of its own.
    assert "Subject: Innere Nachricht" in parsed.text
    assert "Text der inneren Nachricht\n\nAttachment: innen.md\n\n# Inneres Blatt" in parsed.text


def test_read_outlook_takes_the_form_that_is_there(tmp_path):
    rich = parse((DATA / "rich.msg").read_bytes(), tmp_path)
    page = parse((DATA / "page.msg").read_bytes(), tmp_path)

    assert rich.text.endswith("\n\nGröße R&D 5 <= 6\n\nZeile zwei")
    assert "Отчёт R&D" in page.text
    assert page.text.endswith("| a | b |")


ADA, BOB = "Ada Muster <ada@example.com>", "Bob Rossi <bob@example.com>"
CARLA = "Carla Bianchi <carla@example.com>"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            # Sent by somebody else for the organizer.
            "invitation.msg",
            [
                "Bitte Zahlen mitbringen.\n\nMeeting: Budget; 2027, R&D",
                "When: Tuesday, 14 July 2026, 09:30 to 11:00 (W. Europe Standard Time)",
                "Where: Sala Verdi, 2. Stock",
                f"Organizer: {ADA}",
                f"Attendees: {BOB}, {CARLA} (accepted)",
            ],
        ),
        (
            "cancelled.msg",
            [
                "Fällt aus.\n\nMeeting: Canceled: Budget",
                "Status: cancelled",
                "When: Wednesday, 14 January 2026, 08:30 to 10:00 (W. Europe Standard Time)",
                "Where: Sala Verdi",
                f"Organizer: {ADA}",
                f"Attendees: {BOB}",
            ],
        ),
        (
            "reply.msg",
            [
                "Meeting: Tentative: Budget",
                "When: Tuesday, 14 July 2026, 09:30 to 11:00 (W. Europe Standard Time)",
                f"Attendees: {BOB} (tentative)",
            ],
        ),
        (
            # All day, of a series, without a time zone.
            "series.msg",
            [
                "Count everything.\n\nMeeting: Inventory",
                "When: Tuesday, 31 March 2026",
                "Repeats: every last Tuesday of the month",
                f"Organizer: {ADA}",
            ],
        ),
    ],
)
def test_read_outlook_says_when_and_where_meetings_are(tmp_path, name, lines):
    parsed = parse((DATA / name).read_bytes(), tmp_path)

    assert parsed.text.partition("+0000\n\n")[2] == "\n".join(lines)


def test_read_outlook_says_which_other_time_is_proposed(tmp_path):
    data = (DATA / "reply.msg").read_bytes()
    # Its reminder becomes the word that another time is proposed, its times become that time.
    for former, number, other in ((0x8501, 0, 0x8257), (0x820D, 1, 0x8250), (0x820E, 2, 0x8251)):
        known = struct.pack("<IHH", former, 6 if former == 0x8501 else 8, number)
        assert known in data
        data = data.replace(known, struct.pack("<IHH", other, 8, number))

    text = parse(data, tmp_path).text

    assert text.partition("+0000\n\n")[2] == (
        "Meeting: Tentative: Budget\nStatus: another time is proposed\n"
        "When: Tuesday, 14 July 2026, 09:30 to 11:00 (W. Europe Standard Time)\n"
        f"Attendees: {BOB} (tentative)"
    )


def test_a_proposal_names_the_time_it_is_to_replace():
    start, hour = 134284878000000000, 36_000_000_000
    meeting = Meeting(
        "IPM.Schedule.Meeting.Resp.Neg", "Budget", start, start + hour,
        proposed_start=start + 2 * hour, proposed_end=start + 3 * hour,
    )  # fmt: skip

    text = read_calendar(calendar_of(meeting).get_payload(decode=True), "text/calendar").text

    assert text == (
        "Budget\nStatus: another time is proposed\n"
        "When: Tuesday, 14 July 2026, 09:30 to 10:30 (UTC)\n"
        "Instead of: Tuesday, 14 July 2026, 07:30 to 08:30 (UTC)"
    )


@pytest.mark.parametrize(
    ("ticks", "zone", "line"),
    [
        (134284878000000000, "Nowhere Standard Time", ":20260714T073000Z"),
        (134284878000000000, "../../etc/passwd", ":20260714T073000Z"),
        (134284878000000000, "Europe/Rome", ';TZID="Europe/Rome":20260714T093000'),
        (2**64 - 1, "UTC", ""),
        (0, "UTC", ""),
    ],
)
def test_moment_of_takes_utc_where_the_zone_is_not_known(ticks, zone, line):
    meeting = Meeting("IPM.Appointment", "", ticks, 0, zone=zone)

    assert moment_of(ticks, meeting) == line


def test_kind_of_looks_at_the_outermost_names_of_a_file(tmp_path):
    # The old Word file that is attached to it has names of its own.
    parsed = parse((DATA / "attached.msg").read_bytes(), tmp_path, name="unnamed")

    assert parsed.mime == kinds.MSG.mime


@pytest.mark.parametrize("size", [600, 3000, 20_000])
def test_read_outlook_refuses_what_was_cut_off(tmp_path, size):
    with pytest.raises(ParseFailed) as refusal:
        parse((DATA / "attached.msg").read_bytes()[:size], tmp_path)

    assert refusal.value.code in {"damaged_file", "unsupported_type"}
