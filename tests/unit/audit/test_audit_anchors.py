"""Notes reach places outside, from which the log can be checked; what is missing is said."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import Filters, Ledger, LedgerConfig, LedgerConfigError, MailServer, Witness, sink_of
from audit.anchors.anchorer import anchor_warnings
from audit.anchors.witness import request_body
from audit.checkpoint import Checkpoint, Note, unb64
from audit.cosignature import WitnessKey
from audit.errors import FormatError
from audit.merkle import consistency_proof, leaf_hash, tree_hash
from audit.signing import Signer
from audit.witness import MOST_BYTES

LOG = "test.example/ki-pforte/1"


def open_with(tmp_path: Path, *addresses: str, mail: MailServer | None = None) -> Ledger:
    sinks = tuple(sink_of(address, mail) for address in addresses)
    ledger = Ledger(LedgerConfig(f"sqlite:///{tmp_path}/audit.sqlite", LOG, tmp_path / "keys", anchors=sinks))
    ledger.append_wait(ledger.draft("note", {"what": "etwas"}))
    return ledger


def test_a_file_outside_collects_the_notes_and_each_proves_the_log(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    kept = tmp_path / "outside" / "anker.txt"
    with open_with(tmp_path, f"file://{kept}") as ledger:
        [state] = ledger.anchor()
        assert (state.size, state.problem, state.late) == (ledger.status().checkpoint_size, "", False)
        ledger.append_wait(ledger.draft("note", {"what": "mehr"}))
        ledger.anchor()
        from audit.bundle import split_notes
        notes = split_notes(kept.read_text("utf-8"))
        assert len(notes) == 2
        assert ledger.verify(pins=notes, vkeys=ledger.vkeys(), require_pin=True).exit_code == 0
        ledger.sequence()
        rows = ledger.reader.page(Filters(types=("anchor.sent",))).rows
        assert len(rows) == 2
        assert ledger.reader.get(rows[0].id).meta["sink"] == f"file:{kept}"  # type: ignore[union-attr]


def test_a_folder_that_nobody_mounted_is_not_made(tmp_path: Path) -> None:
    with open_with(tmp_path, f"file://{tmp_path}/nicht/da.txt") as ledger:
        [state] = ledger.anchor()
        assert state.late
        assert "nicht schreiben" in state.problem
        assert not (tmp_path / "nicht").exists()
        said = anchor_warnings(ledger.anchors())
        assert any("noch nie" in text for text in said)
        assert any("mindestens zwei" in text for text in said)


class Postbox:
    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        self.letters.append(envelope)
        return "250 OK"


def test_the_officer_gets_the_note_by_mail_and_can_check_with_it(tmp_path: Path) -> None:
    from email import message_from_bytes, policy
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=0)
    server.port = _free_port()
    server.start()
    try:
        mail = MailServer("127.0.0.1", server.port, "off", sender="ki-pforte@musterstadt.example")
        with open_with(tmp_path, "mailto:dsb@musterstadt.example", mail=mail) as ledger:
            [state] = ledger.anchor()
            assert (state.sink, state.problem) == ("mail", "")
            [letter] = box.letters
            message = message_from_bytes(letter.content, policy=policy.default)
            [attached] = list(message.iter_attachments())
            note = attached.get_content()
            assert ledger.verify(pins=(note,), vkeys=ledger.vkeys(), require_pin=True).exit_code == 0
            assert letter.rcpt_tos == ["dsb@musterstadt.example"]
    finally:
        server.stop()


def test_a_mail_server_without_tls_gets_nothing_when_tls_is_wanted(tmp_path: Path) -> None:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=_free_port())
    server.start()
    try:
        mail = MailServer("127.0.0.1", server.port, "starttls", sender="ki-pforte@musterstadt.example")
        with open_with(tmp_path, "mailto:dsb@musterstadt.example", mail=mail) as ledger:
            [state] = ledger.anchor()
            assert state.late
            assert state.problem
            assert box.letters == []
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _note_in(message: bytes) -> str:
    found = re.search(rb'note="([^"]+)"', message)
    assert found
    assert message.startswith(b"<109>1 ")
    return unb64(found[1].decode()).decode()


def test_the_central_log_gets_the_note_over_udp_and_tcp(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(5)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        with open_with(tmp_path, f"syslog://127.0.0.1:{udp.getsockname()[1]}",
                       f"syslog+tcp://127.0.0.1:{tcp.getsockname()[1]}") as ledger:
            assert [state.problem for state in ledger.anchor()] == ["", ""]
            datagram = udp.recv(65_536)
            connection, _ = tcp.accept()
            with connection:
                streamed = connection.recv(65_536)
            size, _, message = streamed.partition(b" ")
            assert int(size) == len(message)
            for note in (_note_in(datagram), _note_in(message)):
                assert ledger.verify(pins=(note,), vkeys=ledger.vkeys(), require_pin=True).exit_code == 0
            assert anchor_warnings(ledger.anchors()) == []


@contextmanager
def serving(witness: Witness) -> Iterator[str]:
    """A neighbour's server."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = witness.add_checkpoint(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *args: Any) -> None:
            pass
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_neighbour_countersigns_as_the_log_grows(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "neighbour", "nachbarstadt.example/zeuge")
    with serving(witness) as address, open_with(tmp_path, f"witness+{address}#{witness.key}") as ledger:
        assert ledger.anchor()[0].problem, "the neighbour does not know the log yet"
        (tmp_path / "neighbour" / "logs.txt").write_text(f"# Musterstadt\n{ledger.vkeys()[0]}\n", "utf-8")
        for n in range(5):
            for m in range(n * 3):
                ledger.append_wait(ledger.draft("note", {"what": f"{n}.{m}"}))
            [state] = ledger.anchor()
            assert (state.problem, state.size) == ("", ledger.status().checkpoint_size)
        with ledger._store.read() as connection:
            receipt = connection.exec_driver_sql(
                "SELECT receipt FROM anchor_receipt ORDER BY size DESC LIMIT 1").scalar()
        signed = Note.parse(bytes(receipt).decode())
        assert witness.key.seen_at(signed) is not None
        assert ledger.verify(pins=(str(signed),), vkeys=ledger.vkeys(), require_pin=True).exit_code == 0


def test_a_neighbour_does_not_countersign_a_rewritten_log(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "neighbour", "nachbarstadt.example/zeuge")
    with serving(witness) as address:
        with open_with(tmp_path, f"witness+{address}#{witness.key}") as ledger:
            (tmp_path / "neighbour" / "logs.txt").write_text(f"{ledger.vkeys()[0]}\n", "utf-8")
            ledger.append_wait(ledger.draft("note", {"what": "wird verschwinden"}))
            assert ledger.anchor()[0].problem == ""
        (tmp_path / "audit.sqlite").unlink()
        (tmp_path / "keys" / "head.json").unlink()  # whoever rewrites a log does away with what it remembers
        with open_with(tmp_path, f"witness+{address}#{witness.key}") as ledger:
            for n in range(5):
                ledger.append_wait(ledger.draft("note", {"what": f"anders {n}"}))
            assert "nicht unterschrieben (Antwort 422)" in ledger.anchor()[0].problem


@pytest.mark.parametrize("address", ["", "anker.txt", "file:anker.txt", "file://rechner/anker.txt", "mailto:niemand",
                                     "ftp://x/y", "syslog://", "syslog://rechner:port", "witness+https://x/y",
                                     "witness+https://x/y#kein+schluessel"])
def test_an_address_that_is_none_is_explained(address: str) -> None:
    with pytest.raises(LedgerConfigError, match=r"Anker|Prüfschlüssel"):
        sink_of(address)


def test_mail_without_a_server_is_explained() -> None:
    with pytest.raises(LedgerConfigError, match="KI_PFORTE_SMTP_HOST"):
        sink_of("mailto:dsb@musterstadt.example")


# ---- the witness itself ----------------------------------------------------------------------------------------------

LEAVES = [leaf_hash(bytes([n])) for n in range(40)]
FORK = [*LEAVES[:10], *[leaf_hash(b"anders%d" % n) for n in range(30)]]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.open(tmp_path_factory.mktemp("signer"), LOG)


def ask(signer: Signer, leaves: list[bytes], old: int, size: int) -> bytes:
    note = signer.sign(Checkpoint(LOG, size, tree_hash(leaves[:size])))
    proof = consistency_proof(leaves[:size], old) if 0 < old < size else []
    return request_body(old, proof, note)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(asked=st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(1, 40)), max_size=12))
def test_a_witness_never_signs_two_trees_that_do_not_continue_each_other(
        signer: Signer, tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[bool, int, int]]) -> None:
    folder = tmp_path_factory.mktemp("witness")
    (folder / "logs.txt").write_text(f"{signer.vkey}\n", "utf-8")
    signed: list[tuple[int, bytes]] = []
    for fork, old, size in asked:
        leaves = FORK if fork else LEAVES
        witness = Witness(folder, "zeuge.example")  # a new process each time: what counts lies on the disk
        answer = witness.add_checkpoint(ask(signer, leaves, min(old, size), size))
        if answer.status == 200:
            signed.append((size, tree_hash(leaves[:size])))
    for first, second in pairwise(signed):
        assert first[0] <= second[0]
    assert any(all(root == tree_hash(leaves[:size]) for size, root in signed) for leaves in (LEAVES, FORK))


def test_a_witness_answers_as_the_protocol_says(signer: Signer, tmp_path: Path) -> None:
    witness = Witness(tmp_path, "zeuge.example")
    assert witness.add_checkpoint(ask(signer, LEAVES, 0, 5)).status == 404
    (tmp_path / "logs.txt").write_text(f"{signer.vkey}\n", "utf-8")
    stranger = Signer.open(tmp_path / "stranger", LOG)
    assert witness.add_checkpoint(ask(stranger, LEAVES, 0, 5)).status == 403
    first = witness.add_checkpoint(ask(signer, LEAVES, 0, 5))
    assert first.status == 200
    note = Note.parse(ask(signer, LEAVES, 0, 5).decode().partition("\n\n")[2] + first.body)
    assert witness.key.seen_at(note) is not None
    assert witness.add_checkpoint(ask(signer, LEAVES, 3, 9)) == type(first)(409, "5\n")
    assert witness.add_checkpoint(ask(signer, LEAVES, 5, 12)).status == 200
    assert witness.add_checkpoint(ask(signer, FORK, 12, 20)).status == 422
    for body in (b"", b"old 9\n\n", b"\xff", b"old x\n\nnote", b"old 09\n\nx\n\nx", b"x" * (MOST_BYTES + 1),
                 b"old " + b"1" * 5000 + b"\n\nx\n",
                 ask(signer, LEAVES, 12, 15).replace(b"old 12", b"old 12\nAAAA")):
        assert witness.add_checkpoint(body).status == 400


def test_a_cosignature_that_was_touched_is_none(signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "logs.txt").write_text(f"{signer.vkey}\n", "utf-8")
    witness = Witness(tmp_path, "zeuge.example", clock=lambda: 1_800_000_000)
    body = ask(signer, LEAVES, 0, 5)
    note = Note.parse(body.decode().partition("\n\n")[2] + witness.add_checkpoint(body).body)
    assert witness.key.seen_at(note) == 1_800_000_000
    assert WitnessKey.parse(str(witness.key)) == witness.key
    name, ident, signature = note.signatures[-1]
    for bent in (bytes([signature[0] ^ 1]) + signature[1:], signature[:-1] + bytes([signature[-1] ^ 1]),
                 signature[:-1]):
        with pytest.raises(FormatError):
            witness.key.seen_at(Note(note.text, [(name, ident, bent)]))
    assert witness.key.seen_at(Note(note.text, note.signatures[:1])) is None
