from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical, record
from audit.errors import FormatError
from audit.ledger import body_of
from audit.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(n).encode()) for n in range(130)]
INTS = st.integers(-canonical.MAX_INT, canonical.MAX_INT)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(TEXT | INTS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int]:
    second = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(1, second)), second


@given(st.integers(0, len(LEAVES)))
def test_the_peaks_give_the_root_of_the_definition(size: int) -> None:
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    assert tree.root() == tree_hash(LEAVES[:size])
    assert CompactRange.from_bytes(size, tree.to_bytes()).peaks == tree.peaks


@given(sizes())
def test_old_peaks_and_later_leaves_give_the_new_root(pair: tuple[int, int]) -> None:
    old = CompactRange()
    for leaf in LEAVES[: pair[0]]:
        old.append(leaf)
    new = CompactRange(old.size, old.peaks)
    for leaf in LEAVES[pair[0] : pair[1]]:
        new.append(leaf)
    assert new.root() == tree_hash(LEAVES[: pair[1]])


@given(sizes())
def test_leaves_added_together_give_the_same_peaks_as_one_by_one(pair: tuple[int, int]) -> None:
    one, all_ = CompactRange(), CompactRange()
    for leaf in LEAVES[: pair[1]]:
        one.append(leaf)
    all_.extend(LEAVES[: pair[0]])
    all_.extend(iter(LEAVES[pair[0] : pair[1]]))
    assert (all_.size, all_.peaks) == (one.size, one.peaks)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), st.binary(max_size=200), st.binary(max_size=300))
def test_a_commitment_is_the_hmac_of_the_library(name: str, salt: bytes, body: bytes) -> None:
    message = b"kipforte/part/v1\x00" + name.encode() + b"\x00" + body
    assert record.commitment(name, salt, body) == hmac.digest(salt, message, "sha256").hex()


@given(sizes(), st.data())
def test_an_inclusion_proof_proves_its_leaf_and_no_other(pair: tuple[int, int], data: st.DataObject) -> None:
    index, size = pair[0] - 1, pair[1]
    leaves = LEAVES[:size]
    proof, root = inclusion_proof(leaves, index), tree_hash(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    other = data.draw(st.integers(0, size - 1))
    assert verify_inclusion(leaves[index], other, size, proof, root) == (other == index)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)


@given(sizes(), st.integers(0, 129))
def test_a_consistency_proof_holds_for_the_same_history_only(pair: tuple[int, int], changed: int) -> None:
    first, second = pair
    proof = consistency_proof(LEAVES[:second], first)
    old, new = tree_hash(LEAVES[:first]), tree_hash(LEAVES[:second])
    assert verify_consistency(first, second, old, new, proof)
    forged = [leaf_hash(b"x") if n == changed else leaf for n, leaf in enumerate(LEAVES)]
    if changed < first:
        forged_proof = consistency_proof(forged[:second], first)
        assert not verify_consistency(first, second, old, tree_hash(forged[:second]), forged_proof)
    if first < second:
        assert not verify_consistency(first, second, new, new, proof) or old == new


@given(VALUES)
def test_canonical_bytes_read_back_as_the_same_value(value: Any) -> None:
    raw = canonical.dumps(value)
    assert canonical.loads(raw) == value
    assert canonical.dumps(canonical.loads(raw)) == raw


@given(st.dictionaries(TEXT, INTS, min_size=2))
def test_the_order_of_keys_does_not_change_the_bytes(value: dict[str, int]) -> None:
    assert canonical.dumps(value) == canonical.dumps(dict(reversed(value.items())))


@given(VALUES | st.text(st.characters(max_codepoint=0x2FF)))
def test_what_the_ledger_writes_is_canonical_to_the_byte(value: Any) -> None:
    assert body_of(value) == canonical.dumps(value)


def test_every_character_is_written_as_the_reference_writes_it() -> None:
    for block in (range(0x300), range(0x2000, 0x2100), range(0xFF00, 0x10100)):
        value = ["".join(map(chr, block)), {chr(code): "" for code in block}]
        assert body_of(value) == canonical.dumps(value)


@pytest.mark.parametrize("write", [canonical.dumps, body_of])
@pytest.mark.parametrize("value", [1.0, True, None, {"a": 1.5}, [False], {1: "a"}, 2**53, "\ud800", b"x", {"a": {1}},
                                   {"\udfff": 1}, [datetime(2026, 1, 1)]])
def test_what_has_no_canonical_form_is_refused(value: Any, write: Callable[[Any], bytes]) -> None:
    with pytest.raises(FormatError):
        write(value)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1.0",
        b"1e3",
        b"true",
        b"null",
        b"NaN",
        b"-0",
        b'"\\u0061"',
        b"\xff",
    ],
)
def test_bytes_that_are_not_canonical_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        canonical.loads(raw)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,8}){0,2}", fullmatch=True)


@given(
    parts=st.dictionaries(NAMES, st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=4),
    wseq=st.integers(0, 10**14), t_us=st.integers(0, 4_000_000_000_000_000), kind=NAMES, ref=st.booleans(),
)  # fmt: skip
def test_an_envelope_is_canonical_json_and_reads_as_it_was_built(
    parts: dict[str, str], wseq: int, t_us: int, kind: str, ref: bool
) -> None:
    log, ident, other = "a-b.example/ki-pforte/1", record.new_id(), record.new_id() if ref else ""
    raw = record.build_envelope(
        commitments=parts, record_id=ident, log=log, wseq=wseq, ref=other, t_us=t_us, type_=kind, writer="w-1"
    )
    text = record.time_text(t_us)
    assert canonical.loads(raw) == {
        "c": parts, "id": ident, "log": log, "n": wseq, "ref": other, "t": text, "type": kind, "v": 1, "w": "w-1",
    }  # fmt: skip
    assert record.time_us(text) == t_us
    assert record.parse_envelope(raw) == record.Envelope(ident, log, "w-1", wseq, kind, other, text, parts)


@given(st.data())
def test_no_other_bytes_are_read_as_an_envelope(data: st.DataObject) -> None:
    parts = {"meta": "0" * 64, "subject": "1" * 64}
    raw = record.build_envelope(
        commitments=parts, record_id=record.new_id(), log="a/1", wseq=7, ref="", t_us=0, type_="intent", writer="w"
    )
    value = json.loads(raw)
    broken = data.draw(
        st.sampled_from(["drop", "add", "spaces", "order", "kind", "tail", "upper", "parts"]), label="how it is broken"
    )
    if broken == "drop":
        del value[data.draw(st.sampled_from(sorted(value)))]
    elif broken == "add":
        value["x"] = "y"
    elif broken == "kind":
        value["n"] = "7"
    elif broken == "upper":
        value["id"] = "A" + value["id"][1:]
    forged = canonical.dumps(value)
    if broken == "spaces":
        forged = json.dumps(value).encode()
    elif broken == "order":
        forged = json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode()
    elif broken == "tail":
        forged = raw + data.draw(st.sampled_from([b"\n", b" ", b"\x00", b"{}"]))
    elif broken == "parts":
        forged = raw.replace(b'"meta"', b'"zeta"')
    with pytest.raises(FormatError):
        record.parse_envelope(forged)


def test_ids_sort_by_time_and_are_uuids_of_version_7() -> None:
    ids = [record.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    for ident in ids:
        record.check_id(ident)
    assert record.first_id_at(0) < ids[0] < record.first_id_at(10**10)
