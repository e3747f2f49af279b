"""Reminders against a real mail server: once for each reason, to nobody who left, without a name in a header."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.registry import index, reminders
from gateway.registry import people as registry
from gateway.registry.books import COMMAND_LINE
from gateway.registry.mail import Letter, Mailer, MailError
from tests.support.web_house import House, open_house

DAYS = (60, 14)


class Post:
    """A mail server that keeps what it takes and refuses whom it is told to."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refused: set[str] = set()
        self.tls: list[bool] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,  # noqa: N802
                          options: list[str]) -> str:
        if address in self.refused:
            return "550 gibt es nicht"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        self.tls.append(session.ssl is not None)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post() -> Iterator[tuple[Post, Mailer]]:
    handler = Post()
    port = free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, Mailer("127.0.0.1", port, "off", sender="ki-pass@musterstadt.example")
    server.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        yield house


def later(house: House, **away: float) -> None:
    """Let time go on, and work the index out."""
    assert house.clock.time is not None
    house.clock.time += timedelta(**away)
    while index.refresh(house.books):
        pass


def remind(house: House, mailer: Mailer) -> reminders.Outcome:
    return reminders.send(house.books, COMMAND_LINE, mailer, DAYS)


def test_a_person_is_reminded_once_at_each_stage_and_told_where_to_go(house: House, post: tuple[Post, Mailer]) -> None:
    handler, mailer = post
    house.hire("Lan Nguyễn")
    later(house, days=1)
    assert remind(house, mailer) == reminders.Outcome(0, 0)
    later(house, days=650)
    assert remind(house, mailer).sent == 1
    assert remind(house, mailer).sent == 0
    [letter] = handler.letters
    text = letter.get_content()  # type: ignore[attr-defined]
    assert letter["To"] == "0@musterstadt.example"
    assert "Guten Tag Lan Nguyễn" in text
    assert house.policies.kipass.link in text
    assert letter["Auto-Submitted"] == "auto-generated"
    later(house, days=45)
    assert remind(house, mailer).sent == 1
    assert remind(house, mailer).sent == 0
    assert house.types().count("reminder.sent") == 2


def test_nobody_who_left_or_is_blocked_is_written_to(house: House, post: tuple[Post, Mailer]) -> None:
    handler, mailer = post
    entry = house.hire("Geht Weg")
    later(house, days=650)
    registry.switch(house.books, COMMAND_LINE, entry.person.id, active=False)
    assert remind(house, mailer).sent == 0
    assert handler.letters == []


def test_one_refused_address_stops_nobody_else_and_is_tried_again(house: House, post: tuple[Post, Mailer]) -> None:
    handler, mailer = post
    for number in range(3):
        house.hire(f"P {number}")
    later(house, days=650)
    handler.refused = {"1@musterstadt.example"}
    assert remind(house, mailer) == reminders.Outcome(2, 1)
    handler.refused = set()
    assert remind(house, mailer) == reminders.Outcome(1, 0)
    assert sorted(str(letter["To"]) for letter in handler.letters) == [f"{n}@musterstadt.example" for n in range(3)]


def test_a_mail_server_that_is_away_leaves_everybody_to_the_next_run(
        house: House, post: tuple[Post, Mailer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.registry.mail._PAUSE", 0.0)
    house.hire("P")
    later(house, days=650)
    with pytest.raises(MailError) as error:
        remind(house, Mailer("127.0.0.1", 1, "off", sender="a@b.example"))
    assert "@" not in str(error.value)
    assert remind(house, post[1]).sent == 1


def test_a_name_cannot_write_a_header_or_a_second_recipient(house: House, post: tuple[Post, Mailer]) -> None:
    handler, mailer = post
    entry = house.hire("Harmlos")
    later(house, days=650)
    house.change(entry, person=replace(entry.person, name="X\r\nBcc: alle@musterstadt.example\r\n\r\nHallo"))
    assert remind(house, mailer).sent == 1
    assert handler.letters[0]["Bcc"] is None
    assert mailer.send([Letter("a@b.example\r\nBcc: c@d.example", "s", "t"),
                        Letter("a@b.example", "s\r\nBcc: c@d.example", "t"), Letter("a@b.example", "s", "t")]) == [
        False, False, True]


def test_two_processes_send_one_letter(house: House, post: tuple[Post, Mailer]) -> None:
    house.hire("P")
    later(house, days=650)
    found = reminders.due(house.books, DAYS)
    assert len(reminders._claimed(house.books, found)) == 1
    assert reminders._claimed(house.books, found) == []


def test_starttls_is_asked_for_and_a_server_without_it_gets_nothing(
        post: tuple[Post, Mailer], tmp_path: Path) -> None:
    with pytest.raises(MailError):
        replace(post[1], security="starttls").send([Letter("a@b.example", "s", "t")])
    server_side, trust = _certificates(tmp_path)
    handler = Post()
    port = free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port, tls_context=server_side, require_starttls=True)
    server.start()
    try:
        mailer = Mailer("localhost", port, "starttls", sender="x@y.example")
        with pytest.raises(MailError):
            mailer.send([Letter("a@b.example", "s", "t")])  # a certificate that nobody vouches for
        assert replace(mailer, trust=trust).send([Letter("a@b.example", "s", "t")]) == [True]
        assert handler.tls == [True]
    finally:
        server.stop()


def _certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .sign(key, hashes.SHA256()))
    file = folder / "server.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
