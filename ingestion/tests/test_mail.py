# ruff: noqa: RUF001 -- letters of other alphabets are what this is about
"""Messages as mail programs of many countries and years wrote them."""

import base64
import quopri
from email import policy
from email.message import EmailMessage

import pytest

from documents.layout import FormAt, Layout
from ingestion.parsing.composing import Composition
from ingestion.parsing.mail.bodies import unflowed
from ingestion.parsing.mail.headers import decode_header
from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import LONGEST_TEXT, Extract
from ingestion.tests import samples

CHINESE = "请重新启动服务器，然后检查配置文件是否正确。"
JAPANESE = "①日本語のメールです。㈱サンプルの髙橋です。"
RUSSIAN = "Просим оплатить счёт до конца недели."
GERMAN = "Überweisung größer als 5 < 6 & mehr"


@pytest.fixture
def parse(tmp_path):
    def run(data, name="mail.eml"):
        path = tmp_path / "content"
        path.write_bytes(data)
        parsed = parse_file(path, "", name=name)
        for passage in parsed.passages:
            assert parsed.text[passage.start : passage.end] == passage.text
        return parsed

    return run


def mail(content_type, body, *head, encoding="8bit"):
    lines = [
        *("Subject: Rechnung", "From: a@example.org", "To: b@example.org", "MIME-Version: 1.0"),
        *(f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *head),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def body_of(parsed):
    return parsed.text.split("\n\n", 1)[1]


@pytest.mark.parametrize(
    ("charset", "text", "codec"),
    [
        ("gb2312", CHINESE + "镕", "gb18030"),
        ("iso-2022-jp", "日本語のメールです。", "iso2022_jp"),
        ("shift_jis", JAPANESE, "cp932"),
        ("koi8-r", RUSSIAN, "koi8-r"),
        ("cp-850", GERMAN, "cp850"),
        ("iso-8859-8-i", "דג סקרן שט בים", "iso8859-8"),
        ("utf-7", GERMAN, "utf-7"),
        # Names nobody knows, none, and false ones.
        ("unknown-8bit", RUSSIAN, "cp1251"),
        ("x-unknown", CHINESE, "gb18030"),
        ("us-ascii", GERMAN, "cp1252"),
        ("us-ascii", RUSSIAN, "utf-8"),
        ("iso-8859-1", GERMAN, "utf-8"),
        ("rot13", GERMAN, "utf-8"),
        ("undefined", GERMAN, "cp1252"),
        ("utf-16", GERMAN, "utf-8"),
    ],
)
@pytest.mark.parametrize("way", ["8bit", "base64", "quoted-printable"])
def test_bodies_are_read_in_their_encoding(parse, charset, text, codec, way):
    raw = text.encode(codec)
    packed = {"8bit": bytes, "base64": base64.encodebytes, "quoted-printable": quopri.encodestring}

    parsed = parse(mail(f'text/plain; charset="{charset}"', packed[way](raw), encoding=way))

    assert body_of(parsed).strip() == text


def test_japanese_without_a_charset_is_read(parse):
    parsed = parse(mail("text/plain", "日本語のメールです。".encode("iso2022_jp"), encoding="7bit"))

    assert body_of(parsed) == "日本語のメールです。"


def test_the_head_and_the_lines_of_plain_text_are_kept(parse):
    head = ("Cc: c@example.org", "Date: Tue, 3 Mar 2026 10:00:00 +0100", "X-Mailer: nobody")

    parsed = parse(
        mail("text/plain", b"Hello,\r\n\r\nline one\r\nline two\r\n-- \r\nAda\r\n", *head)
    )

    assert parsed.title == "Rechnung"
    assert parsed.text == (
        "Subject: Rechnung\nFrom: a@example.org\nTo: b@example.org\nCc: c@example.org\n"
        "Date: Tue, 3 Mar 2026 10:00:00 +0100\n\nHello,\n\nline one\nline two\n-- \nAda"
    )
    assert {passage.heading for passage in parsed.passages} == {"Rechnung"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?Q?=C3=9Cberweisung_f=C3=BCr_Mai?=", "Überweisung für Mai"),
        (b"=?UTF-8?B?w7xiZXI?=", "über"),
        (b"=?gb2312?B?086yyZjl?= <user@example.org>", "游采樺 <user@example.org>"),
        (b"=?iso-2022-jp?B?GyRCLSFGfEtcGyhC?=", "①日本"),
        # A character divided between two words, words that touch, words in quotes.
        (b"=?utf-8?B?5pc=?=\r\n =?utf-8?B?pQ==?=", "日"),
        (b"=?utf-8?q?a?==?utf-8?q?b?= c", "ab c"),
        (b'"=?iso-8859-1?Q?M=FCller?=" <m@example.org>', '"Müller" <m@example.org>'),
        (b"=?utf-8?Q?with spaces =C3=BC?=", "with spaces ü"),
        (b"=?utf-8*de?q?=C3=BC?=", "ü"),
        (b"=?x-unknown?q?=FCber?=", "über"),
        # Nobody encoded them at all.
        ("Überweisung für Mai".encode(), "Überweisung für Mai"),
        ("Überweisung für Mai".encode("cp1252"), "Überweisung für Mai"),
        (RUSSIAN.encode("koi8-r"), RUSSIAN),
        # What is none is left.
        (b"=?utf-8?q?unclosed", "=?utf-8?q?unclosed"),
        (b"=?utf-8?b?!!!?= left", "left"),
        (b"what=?maybe", "what=?maybe"),
        (b"folded\r\n\tline", "folded line"),
    ],
)
def test_headers_are_decoded(raw, text):
    assert decode_header(raw) == text


def test_raw_letters_of_a_head_are_read_as_the_body_is(parse):
    data = mail("text/plain; charset=koi8-r", RUSSIAN.encode("koi8-r"))

    parsed = parse(data.replace(b"Rechnung", "Счёт".encode("koi8-r")))

    assert parsed.title == "Счёт"


PAGE = "<html><head><title>x</title></head><body><p>F&uuml;r M&#252;ller &amp; S&ouml;hne</p>{}"
TABLE = "<table><tr><td>Summe</td><td>12,50</td></tr><tr><td>Rest</td><td>3</td></tr></table>"


def test_a_page_in_a_message_is_read_as_a_page(parse):
    data = mail("text/html; charset=utf-8", PAGE.format(TABLE).encode())

    text = parse(data).text

    assert "Für Müller & Söhne" in text
    assert "| Summe | 12,50 |" in text
    assert "&" not in text.replace(" & ", "")


def test_the_charset_of_the_part_beats_the_one_in_its_page(parse):
    page = f'<meta charset="utf-8"><p>{RUSSIAN}</p>'

    assert RUSSIAN in parse(mail("text/html; charset=koi8-r", page.encode("koi8-r"))).text


def both(plain, page):
    message = EmailMessage()
    message["Subject"], message["From"] = "Two forms", "a@example.org"
    message.set_content(plain)
    message.add_alternative(page, subtype="html")
    return message


@pytest.mark.parametrize(
    ("plain", "page", "kept"),
    [
        ("Please use another program.", PAGE.format(TABLE), "12,50"),
        ("one\ntwo\n", "<p>one two</p>", "one\ntwo"),
        ("All of the long text is here.", "<p>see the text</p>", "All of the long text"),
    ],
)
def test_the_form_that_holds_more_is_taken(parse, plain, page, kept):
    text = parse(bytes(both(plain, page))).text

    assert kept in text
    assert ("Please use" in text) + ("12,50" in text) < 2


WORDS = "Hi *Ada*,\n\n# stop\n    x | y\n\n> said\n-- \nBo"
PAGE_OF_WORDS = (
    "<h2>Hi Ada,</h2><table border=1><tr><td>a<td>b<tr><td>c<td>d</table>" + "<p>bye" * 20
)


def markdown_in(parsed):
    """What of each passage is Markdown."""
    parts = (Layout.from_text(one.layout).stretches(one.text) for one in parsed.passages)
    return [text for part in parts for is_markdown, text in part if is_markdown]


def test_only_a_body_that_is_a_page_is_markdown(parse):
    page = parse(mail("text/html; charset=utf-8", PAGE_OF_WORDS.encode()))
    plain = parse(mail("text/plain; charset=utf-8", WORDS.encode()))

    assert markdown_in(page) == [body_of(page)]
    assert body_of(page).startswith("## Hi Ada,\n\n| a | b |\n| c | d |\n\nbye")
    assert body_of(plain) == WORDS
    assert [passage.layout for passage in plain.passages] == [""]


def test_the_form_that_is_read_says_whether_it_is_markdown(parse):
    taken = parse(forms(("text/plain", "Hi."), ("text/html", PAGE_OF_WORDS)))
    left = parse(forms(("text/plain", WORDS * 9), ("text/html", "<h2>Hi Ada,</h2>")))

    assert markdown_in(taken) == [body_of(taken)]
    assert markdown_in(left) == []


def test_what_stands_around_a_page_in_a_message_is_no_markdown(parse):
    message = EmailMessage()
    message["Subject"] = "# Figures"
    message.set_content(PAGE_OF_WORDS, subtype="html")
    message.add_attachment("# no heading\n" * 90, filename="a.txt")

    parsed = parse(message.as_bytes())

    assert parsed.text.startswith("Subject: # Figures\n\n## Hi Ada,")
    assert parsed.text.rstrip().endswith("# no heading")
    assert len(parsed.passages) > 1
    assert markdown_in(parsed) == [body_of(parsed).partition("\n\nAttachment: a.txt")[0]]


def test_a_page_without_words_has_no_form():
    whole = Composition()
    whole.add("a")
    whole.include(Extract("\n", forms=[FormAt(0, is_markdown=True)]), deeper=0)
    whole.add("b")

    assert whole.as_extract().forms == []


INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
ORGANIZER;CN=Greta Neumann:mailto:greta@example.org
ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Ben Ott:mailto:ben@example.org
DTSTART;TZID="W. Europe Standard Time":20260504T140000
SUMMARY:Budget review
LOCATION:Room 4.12
END:VEVENT
END:VCALENDAR
"""


def forms(*parts):
    """A message in several forms, each with its kind."""
    pieces = [f"--B\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts]
    return mail("multipart/alternative; boundary=B", "".join([*pieces, "--B--"]).encode())


def test_an_invitation_is_read_below_its_words(parse):
    words = ("text/plain; charset=utf-8", "Dear Ben, let us talk.")
    parsed = parse(forms(words, ("text/calendar; method=REQUEST; charset=utf-8", INVITATION)))

    said, title, *details = body_of(parsed).replace("\n\n", "\n").splitlines()
    assert (said, title) == ("Dear Ben, let us talk.", "Meeting: Budget review")
    assert "When: Monday, 4 May 2026, 14:00 (W. Europe Standard Time)" in details
    assert "Where: Room 4.12" in details
    assert "Attachment" not in parsed.text


def test_an_invitation_without_words_is_read(parse):
    parsed = parse(mail("text/calendar; method=REQUEST", INVITATION.encode()))

    assert body_of(parsed).startswith("Meeting: Budget review\nWhen: Monday, 4 May 2026")


def test_a_calendar_without_events_does_not_replace_the_words(parse):
    empty = "BEGIN:VCALENDAR\nX-LONG:" + "x" * 500 + "\nEND:VCALENDAR\n"
    parsed = parse(forms(("text/plain", "Who is free?"), ("text/calendar", empty)))

    assert body_of(parsed).startswith("Who is free?\n\nAttachment: text/calendar")


@pytest.mark.parametrize("kind", ["text/x-amp-html", "text/watch-html", "text/enriched"])
def test_forms_for_few_programs_are_left_out(parse, kind):
    parsed = parse(forms(("text/plain", "Forty percent off."), (kind, "<b>much markup</b>" * 50)))

    assert body_of(parsed) == "Forty percent off."


def test_a_form_for_few_programs_is_read_where_it_is_the_only_one(parse):
    assert "Forty percent off." in parse(forms(("text/enriched", "Forty percent off."))).text


def test_a_file_among_the_forms_is_attached(parse):
    table = ('text/csv; name="prices.csv"', "article,price\n" * 50)
    parsed = parse(forms(("text/plain", "See the prices."), table))

    assert body_of(parsed).startswith("See the prices.\n\nAttachment: prices.csv\n\narticle,price")


def test_attachments_follow_under_their_names(parse):
    message = both("See the files.", "<p>See the files.</p>")
    docx = "vnd.openxmlformats-officedocument.wordprocessingml.document"
    message.add_attachment(
        samples.docx_file(), maintype="application", subtype=docx, filename="Prüfung.docx"
    )
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="a.png")
    message.add_attachment(
        b"\x78\x9f\x3e\x22" + b"\0\1" * 90,
        maintype="application",
        subtype="ms-tnef",
        filename="winmail.dat",
    )

    parsed = parse(bytes(message))

    assert "Attachment: Prüfung.docx\n\n" in parsed.text
    assert "The zebra eats grass." in parsed.text
    assert "Attachment: a.png" in parsed.text
    assert "Attachment: winmail.dat" in parsed.text
    assert len(parsed.notes) == 1
    assert parsed.notes[0].startswith("The attachment 'winmail.dat' was not read:")


def test_a_broken_attachment_does_not_cost_the_message(parse):
    message = both("The zebra.", "<p>The zebra.</p>")
    message.add_attachment(
        samples.docx_file()[:3000], maintype="application", subtype="zip", filename="a.docx"
    )

    parsed = parse(bytes(message))

    assert "The zebra." in parsed.text
    assert parsed.notes == [
        "The attachment 'a.docx' was not read: The file is damaged or was cut off."
    ]


def test_pictures_in_the_text_are_not_named(parse):
    message = both("logo", "<p>logo of the zebra <img src='cid:x'></p>")
    page = message.get_payload(1)
    page.add_related(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", cid="<x>")

    assert "Attachment" not in parse(bytes(message)).text


def test_an_attached_message_is_a_section(parse):
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "Das Ältere", "old@example.org"
    inner.set_content("The walrus. " * 60)
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer.set_content("The zebra. " * 60)
    outer.add_attachment(inner)

    parsed = parse(bytes(outer))

    assert {passage.heading for passage in parsed.passages} == {"Fwd", "Fwd > Das Ältere"}
    assert "From: old@example.org" in parsed.text


def test_a_report_of_delivery_tells_what_happened(parse):
    data = mail(
        'multipart/report; boundary="b"',
        b"--b\nContent-Type: text/plain\n\nIt failed.\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        b"Final-Recipient: rfc822; b@example.org\nStatus: 5.1.1\n--b--\n",
    )

    text = parse(data).text

    assert "It failed." in text
    assert "Final-Recipient: rfc822; b@example.org\nStatus: 5.1.1" in text


@pytest.mark.parametrize(
    ("text", "deletes", "shown"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \nb", True, "ab"),
        ("> a \n> b\n>> c \n>> d\ne", False, "> a b\n>> c d\ne"),
        ("> a \nb", False, "> a \nb"),
        ("x \n-- \nAda", False, "x \n-- \nAda"),
        (" From here\n  indented", False, "From here\n indented"),
        ("", False, ""),
    ],
)
def test_flowed_text_gets_its_lines_back(text, deletes, shown):
    assert unflowed(text, deletes_spaces=deletes) == shown


def test_flowed_text_is_recognised(parse):
    data = mail("text/plain; charset=utf-8; format=flowed", b"one \r\ntwo\r\nthree\r\n")

    assert body_of(parse(data)) == "one two\nthree"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a =3D b=C3=BC=\r\nc", "a = büc"),
        (b"soft=  \r\nbreak", "softbreak"),
        (b"bad =ZZ and =", "bad =ZZ and ="),
        (b"low =c3=bc", "low ü"),
    ],
)
def test_damaged_quoted_printable_keeps_its_text(parse, body, text):
    parsed = parse(mail("text/plain; charset=utf-8", body, encoding="quoted-printable"))

    assert body_of(parsed).rstrip("=") == text.rstrip("=")


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: zebra\nContent-Type: multipart/mixed\n\nno boundary zebra\n",
        b"Subject: zebra\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nzebra\n",
        b"Subject: zebra\nContent-Type: text/plain; charset*=x'%FF\n\nzebra\n",
        b"Subject: zebra\nContent-Transfer-Encoding: base64\n\nzebra, not packed!\n",
        b"Subject: zebra\nContent-Transfer-Encoding: x-uuencode\n\nzebra\n",
        b"Subject: zebra\nContent-Type: nonsense\n\nzebra\n",
        b"\xef\xbb\xbf\nSubject: zebra\n\nzebra\n",
        "Subject: zebra\n\nzebra\n".encode("utf-16"),
        b"only zebra, no head\n",
        b"Subject: zebra\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(b"Subject: inner\n\nzebra inside\n"),
    ],
)
def test_odd_messages_keep_their_text(parse, data):
    assert "zebra" in parse(data).text


def test_parts_nested_without_end_are_still_text(parse):
    parts = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(5000)
    )
    data = f"Subject: deep\nContent-Type: multipart/mixed; boundary=b0\n\n{parts}zebra\n"

    assert "zebra" in parse(data.encode()).text


def test_many_parts_are_bounded(parse):
    data = mail("multipart/mixed; boundary=b", b"--b\n\nzebra\n" * 5000)

    assert parse(data).text.count("zebra") == 999


def letters(count, **head):
    for number in range(count):
        message = EmailMessage(policy=policy.SMTP.clone(linesep="\n"))
        message["Subject"], message["From"] = f"Brief Nr. {number} – Ü", "a@example.org"
        message.set_content(f"Message {number} of the zebra.\n\nFrom here on.\n>From there.\n")
        yield bytes(message)


def mailbox(messages):
    quoted = (
        b"\n".join(
            b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines
        )
        for lines in (message.split(b"\n") for message in messages)
    )
    return b"".join(
        b"From a@example.org Tue Mar  3 10:00:00 2026\n" + message + b"\n" for message in quoted
    )


@pytest.mark.parametrize("name", ["mail.mbox", "Inbox", "2026-March.txt", "mail.eml"])
def test_a_mailbox_is_taken_apart(parse, name):
    parsed = parse(mailbox(letters(3)), name)

    assert parsed.mime == "application/mbox"
    assert parsed.title == ""
    for number in range(3):
        assert f"Subject: Brief Nr. {number} – Ü\n" in parsed.text
    assert parsed.text.count("\nFrom here on.\n>From there.") == 3
    assert "Tue Mar" not in parsed.text


def test_messages_of_a_mailbox_are_sections(parse):
    long = [one + b"The zebra again. " * 80 + b"\n" for one in letters(2)]

    headings = {passage.heading for passage in parse(mailbox(long), "mail.mbox").passages}

    assert headings == {"Brief Nr. 0 – Ü", "Brief Nr. 1 – Ü"}


def test_a_mailbox_of_one_message_has_its_title(parse):
    assert parse(mailbox(letters(1)), "mail.mbox").title == "Brief Nr. 0 – Ü"


def test_a_text_that_begins_like_a_letter_is_no_mailbox(parse):
    assert parse(b"From me to you\nwith love: always\n", "a.txt").mime == "text/plain"
    assert parse(b"From 2024 on\n\nNothing happens: never.\n", "poem").mime == "text/plain"
    assert parse(b"From time to time\n\nNothing happens.\n", "poem").mime == "text/plain"


@pytest.mark.slow
def test_a_huge_mailbox_is_cut_and_says_so(parse):
    one = b"From a@b Tue Mar  3 10:00:00 2026\nSubject: x\n\n" + b"word " * 200_000 + b"\n\n"

    parsed = parse(one * 6, "mail.mbox")

    assert parsed.truncated
    assert len(parsed.text) == LONGEST_TEXT


def test_a_saved_page_is_read_as_a_page(parse):
    page = "<title>On zebras</title><nav><a href='/'>Home</a></nav><p>The zebra sings: è.</p>"
    saved = EmailMessage()
    saved["From"], saved["Subject"] = "<Saved by Blink>", "On zebras"
    saved.set_content(page, subtype="html", charset="utf-8")
    saved.add_related("p { color: red }", subtype="css", headers=["Content-Location: cid:a"])

    parsed = parse(bytes(saved), "page.mhtml")

    assert (parsed.title, parsed.text) == ("On zebras", "The zebra sings: è.")


PLIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>date-received</key><integer>1764400000</integer></dict></plist>
"""


@pytest.mark.parametrize("name", ["4711.emlx", "4711.partial.emlx", "a.eml", "without an ending"])
@pytest.mark.parametrize("blanks", [b"\n", b"      \n", b"\r\n"])
def test_a_message_of_apple_mail_is_its_message(parse, name, blanks):
    message = mail("text/plain; charset=utf-8", "Die Größe stimmt.\r\n".encode())

    parsed = parse(b"%d" % len(message) + blanks + message + PLIST, name)

    assert (parsed.title, parsed.mime) == ("Rechnung", "message/rfc822")
    assert body_of(parsed) == "Die Größe stimmt."


def test_a_message_of_apple_mail_that_was_cut_off_is_read_as_far_as_it_goes(parse):
    message = mail("text/plain", b"The zebra costs 5.")

    assert body_of(parse(b"99999\n" + message, "a.emlx")) == "The zebra costs 5."


@pytest.mark.parametrize("text", [b"12\nFrom here on: twelve days.\n", b"12\n34\n"])
def test_a_number_above_a_text_makes_no_message_of_it(parse, text):
    parsed = parse(text, "notes")

    assert parsed.mime == "text/plain"
    assert parsed.text == text.decode()
