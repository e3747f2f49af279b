"""What is sealed opens only with the key it is for, as what it was sealed as; the format is pinned by vectors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical, pieces, sealing, trustee
from audit.cli import main
from audit.errors import FormatError, LedgerConfigError
from audit.sealing import DPO, HOUSE, PERSONALRAT, THIRD, TrusteeKey

VECTORS = Path(__file__).parents[2] / "golden" / "audit" / "sealing.json"
PSEUDONYM, EPOCH = "P-ABCDEFGHIJKLMNOP", "2026Q4"


def private(n: int) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes([n]) * 32)


OFFICER, COUNCIL, NOTARY, STRANGER, RETURN = (private(n) for n in (1, 2, 3, 4, 5))
OUTER = TrusteeKey.of(DPO, OFFICER)
INNER = [TrusteeKey.of(PERSONALRAT, COUNCIL), TrusteeKey.of(THIRD, NOTARY)]


def sealed(subject: str = "person-7", pseudonym: str = PSEUDONYM) -> bytes:
    return sealing.seal_identity(OUTER, INNER, subject, pseudonym, EPOCH)


def order(seal: bytes, request: str = "r-1", pseudonym: str = PSEUDONYM) -> dict[str, Any]:
    text = pieces.make_order(request=request, case="V-1", reason="missbrauch", pseudonym=pseudonym, epoch=EPOCH,
                             answer_to=TrusteeKey.of(HOUSE, RETURN), sealed=seal)
    return pieces.unarmor(text)[1]


def both(seal: bytes, **what: str) -> str:
    step = pieces.unarmor(pieces.open_outer(OFFICER, order(seal, **what)))[1]
    return pieces.open_inner(COUNCIL, PERSONALRAT, step)


@given(st.text(max_size=200))
def test_both_keys_together_give_back_exactly_what_was_sealed(subject: str) -> None:
    if any("\ud800" <= c <= "\udfff" for c in subject):
        return
    answer = pieces.Opening.read(both(sealed(subject)))
    assert answer.subject(RETURN, OUTER, INNER[0]) == subject


@given(st.binary(min_size=0, max_size=300))
def test_what_was_padded_comes_back_and_whole_blocks_tell_no_length(value: bytes) -> None:
    assert sealing.unpad(sealing.pad(value)) == value
    assert len(sealing.pad(value)) % 64 == 0


@given(st.data())
def test_no_changed_bit_of_a_box_opens(data: st.DataObject) -> None:
    box = sealing.seal(OUTER, {"what": "identity"}, b"person-7")
    raw = bytearray(sealing.unb64(box["box"]))
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    if at == 255:
        return  # the one bit of an X25519 key that does not count for the key; it counts for the derivation, see below
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(FormatError):
        sealing.unseal(OFFICER, DPO, {"what": "identity"}, {**box, "box": sealing.b64(bytes(raw))})


def test_the_ignored_bit_of_a_curve_point_counts_as_well() -> None:
    box = sealing.seal(OUTER, {"what": "identity"}, b"person-7")
    raw = bytearray(sealing.unb64(box["box"]))
    raw[31] ^= 0x80
    with pytest.raises(FormatError):
        sealing.unseal(OFFICER, DPO, {"what": "identity"}, {**box, "box": sealing.b64(bytes(raw))})


@pytest.mark.parametrize(("key", "role"), [(STRANGER, DPO), (COUNCIL, PERSONALRAT), (NOTARY, THIRD), (OFFICER, THIRD)])
def test_nobody_but_the_officer_opens_the_outer_layer(key: X25519PrivateKey, role: str) -> None:
    box = sealing.read_box(canonical.loads(sealed()))
    with pytest.raises(FormatError):
        sealing.unseal(key, role, sealing.about_identity(PSEUDONYM, EPOCH), box)


def test_the_officer_alone_does_not_get_to_the_person() -> None:
    step = pieces.unarmor(pieces.open_outer(OFFICER, order(sealed())))[1]
    assert b"person-7" not in canonical.dumps(step)
    for role in (PERSONALRAT, THIRD, DPO):
        with pytest.raises(FormatError):
            pieces.open_inner(OFFICER, role, step)


def test_the_third_key_opens_the_inner_layer_instead() -> None:
    step = pieces.unarmor(pieces.open_outer(OFFICER, order(sealed())))[1]
    answer = pieces.Opening.read(pieces.open_inner(NOTARY, THIRD, step))
    assert answer.subject(RETURN, OUTER, INNER[1]) == "person-7"
    with pytest.raises(FormatError):
        answer.subject(RETURN, OUTER, INNER[0])


def test_a_seal_does_not_open_as_another_pseudonym() -> None:
    with pytest.raises(FormatError):
        pieces.open_outer(OFFICER, order(sealed(), pseudonym="P-QQQQQQQQQQQQQQQQ"))


def test_an_opening_is_worth_nothing_for_another_request() -> None:
    seal = sealed()
    first, second = pieces.unarmor(both(seal))[1], order(seal, request="r-2")
    mixed = pieces.armor(pieces.ANSWER, {**first, "order": second["order"]})
    with pytest.raises(FormatError):
        pieces.Opening.read(mixed).subject(RETURN, OUTER, INNER[0])


def test_the_officers_part_cannot_be_taken_from_another_request() -> None:
    """The Personalrat, or who has his key, opens twice what the officer opened once."""
    seal = sealed()
    step = pieces.unarmor(pieces.open_outer(OFFICER, order(seal)))[1]
    step["order"] = order(seal, request="r-2")["order"]
    forged = pieces.Opening.read(pieces.open_inner(COUNCIL, PERSONALRAT, step))
    with pytest.raises(FormatError):
        forged.subject(RETURN, OUTER, INNER[0])


def test_a_key_cannot_change_its_role() -> None:
    text = str(OUTER)
    assert TrusteeKey.parse(text + "\n") == OUTER
    with pytest.raises(FormatError):
        TrusteeKey.parse(text.replace("+dpo+", "+personalrat+"))


def test_a_piece_is_found_in_a_mail_and_only_if_it_is_the_only_one() -> None:
    text = pieces.armor(pieces.ORDER, {"v": 1, "wert": "ä"})
    assert pieces.unarmor(f"Guten Tag,\r\n\r\n{text}\r\nViele Grüße".replace("\n", "\r\n"))[1]["wert"] == "ä"
    for broken in ("", text + text, text.replace("AUFTRAG-----\n", "AUFTRAG-----\nA", 1)):
        with pytest.raises(FormatError):
            pieces.unarmor(broken)


def test_a_key_file_opens_with_its_password_only() -> None:
    text = trustee.lock(DPO, OFFICER, "ein langes Kennwort", cost=16)
    role, found = trustee.unlock(text, "ein langes Kennwort")
    assert (role, found.private_bytes_raw()) == (DPO, OFFICER.private_bytes_raw())
    assert OFFICER.private_bytes_raw().hex() not in text
    for wrong in ("ein langes Kennwor", ""):
        with pytest.raises(FormatError):
            trustee.unlock(text, wrong)


def test_two_people_open_on_their_own_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = tmp_path / "kennwort"
    password.write_text("ein langes Kennwort\n", encoding="utf-8")
    common = ["--password-file", str(password)]
    keys = {}
    for role in (DPO, PERSONALRAT):
        assert main(["trustee", "new", str(tmp_path / role), "--role", role, *common]) == 0
        keys[role] = TrusteeKey.parse(capsys.readouterr().out)
        assert (tmp_path / role).stat().st_mode & 0o077 == 0
    assert main(["trustee", "new", str(tmp_path / DPO), "--role", DPO, *common]) == 2, "no key is overwritten"
    seal = sealing.seal_identity(keys[DPO], [keys[PERSONALRAT]], "person-9", PSEUDONYM, EPOCH)
    text = pieces.make_order(request="r-1", case="V-1", reason="missbrauch", pseudonym=PSEUDONYM, epoch=EPOCH,
                             answer_to=TrusteeKey.of(HOUSE, RETURN), sealed=seal)
    (tmp_path / "stueck").write_text(text, encoding="ascii")
    wrong = main(["trustee", "open", str(tmp_path / "stueck"), "--key", str(tmp_path / PERSONALRAT), "--yes", *common])
    assert wrong == 2, "first the officer"
    for role in (DPO, PERSONALRAT):
        capsys.readouterr()
        opened = ["trustee", "open", str(tmp_path / "stueck"), "--key", str(tmp_path / role), "--yes", *common]
        assert main(opened) == 0
        said = capsys.readouterr()
        assert PSEUDONYM in said.err
        assert "person-9" not in said.err + said.out
        (tmp_path / "stueck").write_text(said.out, encoding="ascii")
    answer = pieces.Opening.read((tmp_path / "stueck").read_text())
    assert answer.subject(RETURN, keys[DPO], keys[PERSONALRAT]) == "person-9"


def test_who_does_not_recognise_the_case_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text(trustee.lock(DPO, OFFICER, "p", cost=16))
    (tmp_path / "stueck").write_text(pieces.armor(pieces.ORDER, order(sealed())))
    options = argparse.Namespace(step="open", piece=tmp_path / "stueck", key=tmp_path / "key", yes=False,
                                 password_file=None)
    assert trustee.run(options, ask=lambda _: "p", confirm=lambda _: "nein") == 1
    assert capsys.readouterr().out == ""
    with pytest.raises(LedgerConfigError):
        trustee.run(options, ask=lambda _: "q", confirm=lambda _: "ja")


def vectors() -> dict[str, Any]:
    """Return what the vectors say, made anew."""
    fresh = [private(n) for n in (11, 12, 13)]
    seal = sealing.seal_identity(OUTER, INNER, "person-7", PSEUDONYM, EPOCH, fresh)
    return {
        "private": {DPO: "01" * 32, PERSONALRAT: "02" * 32, THIRD: "03" * 32, HOUSE: "05" * 32},
        "fresh": ["0b" * 32, "0c" * 32, "0d" * 32],
        "public": [str(key) for key in (OUTER, *INNER, TrusteeKey.of(HOUSE, RETURN))],
        "fingerprint": OUTER.fingerprint,
        "pseudonym": PSEUDONYM, "epoch": EPOCH, "subject": "person-7",
        "sealed": seal.decode(),
        "order": pieces.armor(pieces.ORDER, order(seal)),
        "envelope": pieces.open_outer(OFFICER, order(seal)),
        "proof": sealing.proof(OFFICER, TrusteeKey.of(HOUSE, RETURN), b"text"),
    }


def test_the_format_is_the_one_of_the_vectors() -> None:
    assert vectors() == json.loads(VECTORS.read_text())


def test_the_answer_of_the_vectors_opens() -> None:
    known = json.loads(VECTORS.read_text())
    step = pieces.unarmor(known["envelope"])[1]
    answer = pieces.Opening.read(pieces.open_inner(COUNCIL, PERSONALRAT, step))
    assert answer.subject(RETURN, OUTER, INNER[0]) == known["subject"]
