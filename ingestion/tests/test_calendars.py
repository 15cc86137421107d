"""Calendars and contacts, as people read them."""

import pytest

from ingestion.parsing.calendars.recurrence import rule_in_words

CALENDAR = """BEGIN:VCALENDAR
X-WR-CALNAME:Team Hamburg
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20260302T100000
DTEND;TZID=Europe/Berlin:20260302T113000
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=20
EXDATE;TZID=Europe/Berlin:20260309T100000,20260311T100000
SUMMARY:Jour fixe\\, weekly
LOCATION:Raum Elbe
ORGANIZER;CN="Köhler, Jens":mailto:j@example.com
ATTENDEE;CN=Ada;PARTSTAT=ACCEPTED:mailto:ada@example.com
ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:bob@example.com
DESCRIPTION:Agenda:\\n- bud
 get
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
BEGIN:VEVENT
RECURRENCE-ID;TZID=Europe/Berlin:20260316T100000
DTSTART:20260316T230000Z
DURATION:PT2H
SUMMARY:Moved
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260803
DTEND;VALUE=DATE:20260817
SUMMARY:Betriebsferien
END:VEVENT
BEGIN:VTODO
SUMMARY:Taxes
DUE;VALUE=DATE:20260531
END:VTODO
END:VCALENDAR
"""
CONTACTS = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;Dr.;
TEL;CELL;PREF:+49 170 1
ADR;HOME;QUOTED-PRINTABLE:;;Hafenstra=DFe 14;Ham=
burg;;20457;Deutschland
PHOTO;ENCODING=BASE64;JPEG:AAAABBBB
 CCCCDDDD

END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Ada Lovelace
ORG:Engines\\, Ltd.;Research
item1.TEL;type=pref:+44 20 7946
item1.X-ABLabel:_$!<Mobile>!$_
EMAIL;type=INTERNET,WORK:ada@example.com
BDAY:--1210
NOTE:Likes\\nmath\\, poetry
END:VCARD
"""


@pytest.mark.parametrize(
    "data",
    [CALENDAR.encode(), CALENDAR.replace("\n", "\r\n").encode("utf-16")],
)
def test_events_tell_when_where_and_who(read, data):
    parsed = read(data, "team.ics")

    assert (parsed.title, parsed.mime) == ("Team Hamburg", "text/calendar")
    assert parsed.text == (
        "Meeting: Jour fixe, weekly\n"
        "When: Monday, 2 March 2026, 10:00 to 11:30 (Europe/Berlin)\n"
        "Repeats: every week on Monday and Wednesday, 20 times\n"
        "Not on: Monday, 9 March 2026, 10:00 (Europe/Berlin) and"
        " Wednesday, 11 March 2026, 10:00 (Europe/Berlin)\n"
        "Where: Raum Elbe\n"
        "Organizer: Köhler, Jens <j@example.com>\n"
        "Attendees: Ada <ada@example.com> (accepted), bob@example.com\n\n"
        "Agenda:\n- budget\n\n"
        "Moved\nStatus: cancelled\n"
        "When: Monday, 16 March 2026, 23:00 to Tuesday, 17 March 2026, 01:00 (UTC)\n"
        "Instead of: Monday, 16 March 2026, 10:00 (Europe/Berlin)\n\n"
        "Betriebsferien\nWhen: Monday, 3 August 2026 to Sunday, 16 August 2026\n\n"
        "Taxes\nDue: Sunday, 31 May 2026"
    )


@pytest.mark.parametrize("name", ["a.vcf", "a.ics", "without an ending"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\r\n"])
def test_calendars_and_contacts_are_told_by_their_beginning(read, name, mark):
    calendar = read((mark + CALENDAR.replace("VCALENDAR", "vCalendar")).encode(), name)
    contacts = read((mark + CONTACTS).encode(), name)

    assert (calendar.mime, calendar.title) == ("text/calendar", "Team Hamburg")
    assert contacts.mime == "text/vcard"
    assert "\n\nAda Lovelace\n" in contacts.text


def test_contacts_within_markdown_stay_as_they_are(read):
    assert read(CONTACTS.encode(), "a.md").text.startswith("BEGIN:VCARD")


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("COUNTER", "Status: another time is proposed\n"),
        ("DeclineCounter", "Status: the proposed time is declined\n"),
        ("CANCEL", "Status: cancelled\n"),
        ("REQUEST", "Status: tentative\n"),
    ],
)
def test_what_a_calendar_was_sent_for_is_the_state_of_its_events(read, method, status):
    # As Google and Outlook send it, the second with the former time.
    sent = (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nSUMMARY:Budget\nSTATUS:TENTATIVE\n"
        "DTSTART:20260714T093000Z\nDTEND:20260714T103000Z\n"
        "X-MS-OLK-ORIGINALSTART:20260714T073000Z\nX-MS-OLK-ORIGINALEND:20260714T083000Z\n"
        "COMMENT:Too early for me.\nEND:VEVENT\nEND:VCALENDAR\n"
    )

    assert read(sent.encode(), "invite.ics").text == (
        f"Budget\n{status}When: Tuesday, 14 July 2026, 09:30 to 10:30 (UTC)\n"
        "Instead of: Tuesday, 14 July 2026, 07:30 to 08:30 (UTC)\n\nToo early for me."
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=YEARLY", "every year"),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every 3 months on the last workday",
        ),
        (
            "FREQ=MONTHLY;BYDAY=2TU,-1FR;UNTIL=20261231",
            "every month on the second Tuesday and the last Friday,"
            " until Thursday, 31 December 2026",
        ),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "every year on day 24 in December"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2;COUNT=1", "every month on the second to last day, once"),
        ("FREQ=NEVER;INTERVAL=x", "FREQ=NEVER;INTERVAL=x"),
        ("FREQ=DAILY;INTERVAL=²;COUNT=-;BYMONTH=99", "every day"),
    ],
)
def test_rules_are_told_in_words(rule, words):
    assert rule_in_words(rule) == words


def test_contacts_are_read_in_every_version(read):
    parsed = read(CONTACTS.encode(), "people.vcf")

    assert (parsed.title, parsed.mime) == ("", "text/vcard")
    assert parsed.text == (
        "Dr. Jürgen Müller\nPhone (cell): +49 170 1\n"
        "Address (home): Hafenstraße 14, 20457 Hamburg, Deutschland\n\n"
        "Ada Lovelace\nOrganization: Engines, Ltd., Research\n"
        "Phone (Mobile): +44 20 7946\nE-mail (work): ada@example.com\n"
        "Birthday: 10 December\n\nLikes\nmath, poetry"
    )


@pytest.mark.parametrize(
    ("title", "people", "heading"),
    [
        ("Budget review", "ORGANIZER:mailto:ada@example.com\n", "Meeting: Budget review"),
        (
            "Revisione del bilancio",
            "ATTENDEE:mailto:ada@example.com\n",
            "Riunione: Revisione del bilancio",
        ),
        (
            "Planung der Zahlen",
            "ATTENDEE:mailto:ada@example.com\n",
            "Besprechung: Planung der Zahlen",
        ),
        (
            "Réunion du conseil municipal",
            "ATTENDEE:mailto:ada@example.com\n",
            "Meeting: Réunion du conseil municipal",
        ),
        ("Dentist", "", "Dentist"),
    ],
)
def test_an_event_between_people_is_called_a_meeting_in_its_language(read, title, people, heading):
    event = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:{title}\n{people}LOCATION:1\nEND:VEVENT\n"
    parsed = read(f"{event}END:VCALENDAR\n".encode(), "a.ics")

    assert (parsed.title, parsed.text.splitlines()[0]) == (title, heading)
    assert {passage.heading for passage in parsed.passages} == {heading}


def test_every_event_and_contact_has_its_own_heading(read):
    long = CALENDAR.replace("Betriebsferien", "Betriebsferien\nDESCRIPTION:" + "Werk zu. " * 60)

    headings = {passage.heading for passage in read(long.encode(), "a.ics").passages}

    assert {"Meeting: Jour fixe, weekly", "Taxes"} <= headings
    assert read(CONTACTS.split("END:VCARD\n")[1].encode(), "a.vcf").title == "Ada Lovelace"


@pytest.mark.parametrize(
    "data", [b"no calendar", b"BEGIN:VEVENT\nEND:VEVENT", b"BEGIN:VEVENT\n" * 9]
)
def test_what_is_no_calendar_stays_as_it_is(read, data):
    assert read(data, "a.ics").text.encode() == data
