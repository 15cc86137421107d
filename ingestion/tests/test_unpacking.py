import io
import zipfile
from pathlib import Path
from tempfile import mkdtemp

import pytest
from fpdf import FPDF
from pypdf import PdfWriter

from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import Limits, Unpacking
from ingestion.tests.packing import (
    COMPRESS,
    SMALLEST_PICTURE,
    locked,
    mailbox,
    message,
    seven_zipped,
    tarred,
    zipped,
)

ROOMY = Limits(files=1000, file_bytes=10**8, bytes=10**9)
TWO = {"folder/a.txt": b"The zebra.", "b.txt": b"The koala."}


@pytest.fixture
def unpack(tmp_path):
    """Unpacks a file; gives what came out of it with its content, and the parsed file."""

    def run(content, name="a.zip", limits=ROOMY):
        path = tmp_path / "content"
        path.write_bytes(content)
        folder = Path(mkdtemp(dir=tmp_path))
        into = Unpacking(folder, limits)
        parsed = parse_file(path, "", name=name, into=into)
        found = {}
        for number, member in enumerate(parsed.members):
            found[member.path] = member.code or (folder / str(number)).read_bytes()
        return found, parsed

    return run


def refusal(unpack, *arguments, **options):
    with pytest.raises(ParseFailed) as caught:
        unpack(*arguments, **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", zipped(TWO)),
        ("a.zip", zipped(TWO, method=zipfile.ZIP_BZIP2)),
        ("a.zip", zipped(TWO, method=zipfile.ZIP_LZMA)),
        ("a.tar", tarred(TWO)),
        *((f"a.tar.{ending}", pack(tarred(TWO))) for ending, pack in COMPRESS.items()),
        ("a.7z", seven_zipped(TWO)),
        ("without-an-ending", seven_zipped(TWO)),
    ],
)
def test_every_archive_gives_its_files(unpack, name, content):
    found, parsed = unpack(content, name)

    assert found == TWO
    assert (parsed.text, parsed.passages) == ("", [])


def test_an_archive_that_begins_with_a_pdf_is_an_archive(unpack):
    files = {"a.pdf": b"%PDF-1.4 and more", "b.txt": b"The koala."}

    assert unpack(tarred(files), "a.tar")[0] == files


def test_archives_of_windows_are_read(unpack, data):
    found, _ = unpack((data / "deflate64.zip").read_bytes())

    assert set(found) == {"prices.txt", "note.txt"}
    assert found["prices.txt"].count(b"the pump costs") == 400
    assert found["note.txt"] == b"The koala sleeps. " * 40


def test_damage_in_archives_of_windows_is_told_of_each_file(unpack, data):
    whole = (data / "deflate64.zip").read_bytes()
    for place in range(300, 1700, 100):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55

        found, _ = unpack(bytes(damaged))

        assert found["prices.txt"] == "damaged_file"
        assert found["note.txt"] == b"The koala sleeps. " * 40


def test_a_patch_in_an_archive_of_windows_keeps_no_other_file_back(unpack, data):
    archive = bytearray((data / "deflate64.zip").read_bytes())
    # The flag of what is packed as a patch, 38 bytes before the name in the directory.
    archive[archive.rindex(b"prices.txt") - 38] |= 0x20

    found, _ = unpack(bytes(archive))

    assert found["prices.txt"] == "unsupported_type"
    assert found["note.txt"] == b"The koala sleeps. " * 40


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_single_compressed_file_comes_out_under_its_name(unpack, ending):
    assert unpack(COMPRESS[ending](b"The zebra."), f"notes.txt.{ending}")[0] == {
        "notes.txt": b"The zebra."
    }


def test_names_are_read_in_the_encodings_that_programs_write(unpack):
    ours = zipped({"Prüfung.txt": b"1"})
    # Without the flag that says so, as many programs write them.
    undeclared = ours.replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00")
    old = zipped({"Pr_fung.txt": b"1"}).replace(b"Pr_fung", b"Pr\x81fung")

    for archive in (ours, undeclared, old):
        assert list(unpack(archive)[0]) == ["Prüfung.txt"]


def test_what_leads_elsewhere_is_refused(unpack):
    bad = ("../a.txt", "/etc/a.txt", "C:\\a.txt", "x/../../b.txt", "..\\c.txt")
    files = dict.fromkeys(bad, b"x") | {"good.txt": b"y"}

    for archive, name in ((zipped(files), "a.zip"), (tarred(files), "a.tar")):
        found = unpack(archive, name)[0]
        assert found.pop("good.txt") == b"y"
        assert list(found.values()) == ["unsafe_path"] * len(bad)


def test_links_and_devices_are_skipped_with_a_reason(unpack):
    found, parsed = unpack(tarred({"a.txt": b"x"}, links=["link"], devices=["device"]), "a.tar")

    assert found == {"a.txt": b"x", "link": "not_a_file", "device": "not_a_file"}
    assert [member.skipped for member in parsed.members] == [False, True, True]


def test_a_link_in_a_zip_file_is_no_file(unpack):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16

    assert unpack(zipped({"a.txt": b"x"} | {link: b"/etc/passwd"}))[0]["link"] == "not_a_file"


def test_what_systems_leave_in_archives_is_left_out(unpack):
    left = ("__MACOSX/._a.txt", "a/.DS_Store", "Thumbs.db", "b/desktop.ini", "._c")
    files = dict.fromkeys(left, b"x") | {"a.txt": b"x"}

    assert list(unpack(zipped(files))[0]) == ["a.txt"]
    assert list(unpack(seven_zipped(files), "a.7z")[0]) == ["a.txt"]
    assert refusal(unpack, zipped({"__MACOSX/a": b"x"})) == "empty_file"


def test_locked_files_say_so_and_spare_the_others(unpack):
    archive = zipped({"secret.txt": b"x" * 50, "open.txt": b"y"})

    assert unpack(locked(archive, "secret.txt"))[0] == {
        "secret.txt": "encrypted_file",
        "open.txt": b"y",
    }
    assert refusal(unpack, locked(archive, "secret.txt", "open.txt")) == "encrypted_file"
    assert refusal(unpack, seven_zipped(TWO, password="x"), "a.7z") == "encrypted_file"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_files_of_one_name_all_come_out(unpack):
    twice = tarred({"a.txt": b"1"})[:1024] + tarred({"a.txt": b"2"})

    assert list(unpack(twice, "a.tar")[0].values()) == [b"1", b"2"]


def test_empty_files_are_skipped(unpack):
    for archive, name in (
        (zipped({"a": b"", "b": b"x"}), "a.zip"),
        (seven_zipped({"a": b"", "b": b"x"}), "a.7z"),
    ):
        assert unpack(archive, name)[0] == {"a": "empty_file", "b": b"x"}


def test_a_file_that_is_too_large_is_refused_alone(unpack):
    files = {"large.txt": b"x" * 3000, "small.txt": b"y"}

    for archive, name in (
        (zipped(files), "a.zip"),
        (tarred(files), "a.tar"),
        (seven_zipped(files), "a.7z"),
    ):
        found = unpack(archive, name, Limits(files=9, file_bytes=2000, bytes=10**6))[0]
        assert found == {"large.txt": "too_large", "small.txt": b"y"}


def test_more_files_or_bytes_than_allowed_are_refused(unpack):
    many = {f"{n}.txt": b"x" * 100 for n in range(20)}

    for archive, name in (
        (zipped(many), "a.zip"),
        (tarred(many), "a.tar"),
        (seven_zipped(many), "a.7z"),
    ):
        few = Limits(files=10, file_bytes=1000, bytes=10**6)
        assert refusal(unpack, archive, name, few) == "too_many_inside"
        small = Limits(files=100, file_bytes=1000, bytes=1500)
        assert refusal(unpack, archive, name, small) == "too_large_inside"


@pytest.mark.parametrize("pack", COMPRESS.values())
def test_bombs_end_while_they_unpack(unpack, pack, tmp_path):
    bomb = pack(b"\0" * 60_000_000)

    assert refusal(unpack, bomb, "a.txt.gz") == "too_large_inside"
    assert not any(file.stat().st_size for file in tmp_path.glob("*/*"))


def test_bombs_in_archives_end_while_they_unpack(unpack):
    zeros = {"a.txt": b"\0" * 60_000_000}

    for archive, name in ((zipped(zeros), "a.zip"), (seven_zipped(zeros), "a.7z")):
        assert refusal(unpack, archive, name) == "too_large_inside"


def test_cut_off_archives_are_damaged(unpack):
    noise = bytes(range(256)) * 40
    files = {"a.txt": noise, "b.txt": noise[::-1]}
    for archive, name in (
        (zipped(files), "a.zip"),
        (tarred(files), "a.tar"),
        (COMPRESS["gz"](tarred(files)), "a.tgz"),
        (COMPRESS["zst"](tarred(files)), "a.tar.zst"),
        (seven_zipped(files), "a.7z"),
    ):
        half = archive[: len(archive) // 2]
        assert refusal(unpack, half, name) == "damaged_file"


def test_archives_below_the_last_level_stay_packed(unpack):
    assert refusal(unpack, zipped(TWO), limits=Limits(9, 100, 100, levels=0)) == "nested_too_deep"


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ({"META-INF/MANIFEST.MF": b"x", "a.class": b"x"}, "program"),
        ({"[Content_Types].xml": b"x", "visio/a.xml": b"x"}, "Microsoft"),
    ],
)
def test_zip_based_files_of_programs_are_named(unpack, inside, said):
    with pytest.raises(ParseFailed, match=said) as caught:
        unpack(zipped(inside), "a.bin")
    assert caught.value.code == "unsupported_type"


def test_attachments_come_out_of_a_message(unpack):
    found, parsed = unpack(message(files={"Prüfung.txt": b"The zebra.", "../b.txt": b"x"}), "a.eml")

    assert found == {"Prüfung.txt": b"The zebra.", "b.txt": b"x"}
    assert all(member.attached for member in parsed.members)
    assert "See the files." in parsed.text
    assert "Attachment: Prüfung.txt" in parsed.text
    assert "zebra" not in parsed.text


def test_small_pictures_of_signatures_stay_in(unpack):
    picture = b"\x89PNG\r\n\x1a\n"
    large = picture + bytes(SMALLEST_PICTURE)

    assert unpack(message(pictures=[picture, large]), "a.eml")[0] == {"p1.png": large}


def test_a_message_in_a_message_is_one_of_its_own(unpack):
    inner = message("Inner / one", {"deep.txt": b"deep"}, text="The koala.")
    outer = message("Outer")
    outer = (
        outer.replace(
            b"Content-Type: text/plain",
            b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain",
            1,
        )
        + b"\n--x\nContent-Type: message/rfc822\n\n"
        + inner
        + b"\n--x--\n"
    )

    found, parsed = unpack(outer, "a.eml")

    assert list(found) == ["Inner - one.eml"]
    assert b"deep.txt" in found["Inner - one.eml"]
    assert "koala" not in parsed.text


def test_attachments_come_out_of_outlook_files(unpack, data):
    found = unpack((data / "attached.msg").read_bytes(), "a.msg")[0]

    assert found
    assert all(isinstance(content, bytes) and content for content in found.values())


def test_a_mailbox_gives_its_messages(unpack):
    box = mailbox(message("One"), message("Two"), message(""))

    found, parsed = unpack(box, "a.mbox")

    assert list(found) == ["00001 One.eml", "00002 Two.eml", "00003 message.eml"]
    assert found["00002 Two.eml"].startswith(
        b"From: a@example.org\nTo: b@example.org\nSubject: Two"
    )
    assert not parsed.text


def test_a_mailbox_of_one_message_is_that_message(unpack):
    found, parsed = unpack(mailbox(message("One", {"a.txt": b"x"})), "a.mbox")

    assert (list(found), parsed.title) == (["a.txt"], "One")


def test_a_mailbox_of_too_many_messages_stays_whole(unpack):
    box = mailbox(*(message(f"Nr. {number}") for number in range(12)))

    found, parsed = unpack(box, "a.mbox", Limits(files=10, file_bytes=10**6, bytes=10**6))

    assert not found
    assert "Nr. 11" in parsed.text
    assert parsed.notes == ["The mailbox has more than 10 messages, which stay one document."]


def portfolio(files, *, text="", pinned=None):
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=12)
    document.cell(0, 10, text)
    if pinned:
        document.file_attachment_annotation(pinned, 20, 20)
    writer = PdfWriter(clone_from=io.BytesIO(bytes(document.output())))
    for name, content in files.items():
        writer.add_attachment(name, content)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_what_is_attached_to_a_pdf_comes_out_and_its_pages_are_read(unpack, tmp_path):
    pin = tmp_path / "pin.txt"
    pin.write_text("pinned")
    invoice = portfolio({"factur-x.xml": b"<total>119</total>"}, text="Invoice 7", pinned=pin)

    found, parsed = unpack(invoice, "invoice.pdf")

    assert found == {"factur-x.xml": b"<total>119</total>", "pin.txt": b"pinned"}
    assert parsed.text == "Invoice 7"
    assert all(member.attached for member in parsed.members)


def test_a_portfolio_whose_cover_says_nothing_is_its_files(unpack):
    found, parsed = unpack(portfolio({"a/offer.txt": b"The zebra."}), "a.pdf")

    assert (found, parsed.passages) == ({"offer.txt": b"The zebra."}, [])
    assert refusal(unpack, portfolio({}), "a.pdf") == "no_text"


def test_attachments_of_a_pdf_have_limits_and_its_text_is_read_all_the_same(unpack):
    many = portfolio({f"{number}.txt": b"%d" % number for number in range(4)}, text="Offer")
    bomb = portfolio({"bomb.bin": b"0" * 80_000_000}, text="Offer")

    found, parsed = unpack(many, "a.pdf", Limits(2, 10**6, 10**6))
    assert (list(found), parsed.text) == (["0.txt", "1.txt"], "Offer")
    assert parsed.notes == [
        "The attachment '2.txt' was not read: There are more than 2 files in this file."
    ]
    found, parsed = unpack(many, "a.pdf", Limits(9, 10**6, 2))
    assert (list(found), parsed.text) == (["0.txt", "1.txt"], "Offer")
    assert unpack(bomb, "a.pdf")[0] == {"bomb.bin": "too_large_inside"}
