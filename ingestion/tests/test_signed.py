"""Files and messages that a signature wraps, as OpenSSL and mail programs write them."""

import base64
import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from cryptography.x509.oid import NameOID

from ingestion.parsing.archives.signed import signed_content
from ingestion.parsing.reading import parse_file
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import Limits, Unpacking

LETTER = "Content-Type: text/plain; charset=utf-8\r\n\r\nDie Größe stimmt.\r\n".encode()
HEAD = b"From: a@example.org\r\nSubject: Angebot\r\nMIME-Version: 1.0\r\n"
WRAPPED = b"Content-Type: application/pkcs7-mime; smime-type=%b; name=smime.p7m\r\n"


def signed(content, *options):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
    today = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    holder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    certificate = (
        holder.public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + datetime.timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    builder = PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(
        Encoding.DER, [PKCS7Options.Binary, *options]
    )


def in_parts(content, size):
    """A signature as programs write it that do not know how long its content is."""
    parts = (content[at : at + size] for at in range(0, len(content), size))
    octets = b"".join(b"\x04" + bytes([len(part)]) + part for part in parts)
    data = bytes.fromhex("06092a864886f70d010701") + b"\xa0\x80\x24\x80" + octets + b"\0" * 4
    body = b"\x02\x01\x01\x31\x00\x30\x80" + data + b"\0\0"
    name = bytes.fromhex("06092a864886f70d010702")
    return b"\x30\x80" + name + b"\xa0\x80\x30\x80" + body + b"\0" * 6


@pytest.mark.parametrize("wrapped", [signed(LETTER), in_parts(LETTER, 7)])
def test_what_was_signed_comes_out_and_nothing_of_a_damaged_one(wrapped):
    assert signed_content(wrapped) == LETTER
    for end in range(0, len(wrapped), 9):
        assert signed_content(wrapped[:end]) in {b"", LETTER}


def test_a_signed_file_is_a_document_of_its_own(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(signed("Fattura n. 12 è pagata".encode()))
    into = Unpacking(tmp_path, Limits(9, 1000, 1000, 2))

    parsed = parse_file(path, "", name="fattura.txt.P7M", into=into)

    assert [member.path for member in parsed.members] == ["fattura.txt"]


@pytest.mark.parametrize("line", [b"", b"-----BEGIN PKCS7-----\r\n"])
def test_a_signed_file_in_base64_is_one_as_well(tmp_path, line):
    path = tmp_path / "content"
    path.write_bytes(line + base64.encodebytes(signed(LETTER)) + line.replace(b"BEGIN", b"END"))
    into = Unpacking(tmp_path, Limits(9, 1000, 1000, 2))

    assert [one.path for one in parse_file(path, "", name="a.txt.p7m", into=into).members] == [
        "a.txt"
    ]


def test_a_text_that_begins_like_base64_stays_a_text(tmp_path):
    path = tmp_path / "content"
    path.write_text("MIT License\n\nPermission is hereby granted.\n")

    assert parse_file(path, "", name="LICENSE").text.startswith("MIT License")


def test_a_signature_alone_says_so(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(signed(b"x", PKCS7Options.DetachedSignature))

    with pytest.raises(ParseFailed, match="without what was signed"):
        parse_file(path, "", name="a.p7m", into=Unpacking(tmp_path, Limits(9, 1000, 1000, 2)))


def read_mail(tmp_path, kind, content):
    path = tmp_path / "content"
    transfer = b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    path.write_bytes(HEAD + WRAPPED % kind + transfer)
    return parse_file(path, "", name="a.eml")


def test_a_message_within_its_signature_is_read(tmp_path):
    assert read_mail(tmp_path, b"signed-data", signed(LETTER)).text.endswith("Die Größe stimmt.")


def test_an_encrypted_message_says_so(tmp_path):
    parsed = read_mail(tmp_path, b"enveloped-data", b"\x30\x80" + bytes(range(200)))

    assert parsed.notes == [
        "The attachment 'smime.p7m' was not read: The file is protected by a password."
    ]
