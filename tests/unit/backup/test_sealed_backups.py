"""The form of a backup: what goes in comes out, and nothing that was touched opens."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.backup.archive import Archiver, Entries
from gateway.backup.sealing import PIECE, Sealer, asks_for, new_pair, opened
from gateway.store import InvalidError

PRIVATE, PUBLIC = new_pair()
PHRASE = "ein langes kennwort"


def sealed(data: bytes, **how: str) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, **(how or {"public": PUBLIC}))
    sealer.write(data)
    sealer.close()
    return file.getvalue()


def read(data: bytes) -> bytes:
    return b"".join(opened(io.BytesIO(data), private=PRIVATE))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=5000), max_size=5), st.sampled_from([0, PIECE - 1, PIECE, PIECE + 1]))
def test_what_is_sealed_in_pieces_opens_whole(pieces: list[bytes], padding: int) -> None:
    file = io.BytesIO()
    sealer = Sealer(file, public=PUBLIC)
    for piece in (*pieces, bytes(padding)):
        sealer.write(piece)
    sealer.close()
    assert read(file.getvalue()) == b"".join(pieces) + bytes(padding)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_or_a_missing_end_is_noticed(data: st.DataObject) -> None:
    whole = sealed(b"Inhalt " * 20_000)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1:]
    for bad in (changed, whole[:at]):
        with pytest.raises(InvalidError):
            read(bad)


def test_pieces_cannot_be_swapped_or_left_out() -> None:
    whole = sealed(bytes(3 * PIECE + 5))
    head = whole.index(b"\n") + 1
    size = PIECE + 16 + 4
    first, second, rest = whole[head:head + size], whole[head + size:head + 2 * size], whole[head + 2 * size:]
    for bad in (second + first + rest, first + rest, first + second, first + first + rest):
        with pytest.raises(InvalidError):
            read(whole[:head] + bad)


def test_a_passphrase_opens_what_it_sealed_and_another_does_not() -> None:
    whole = sealed(b"geheim", passphrase=PHRASE)
    assert b"".join(opened(io.BytesIO(whole), passphrase=PHRASE)) == b"geheim"
    assert asks_for(io.BytesIO(whole)) == "passphrase"
    for wrong in ("ein anderes kennwort", ""):
        with pytest.raises(InvalidError, match="Kennwort"):
            list(opened(io.BytesIO(whole), passphrase=wrong))


def test_only_the_private_key_opens_what_was_written_for_the_public_one() -> None:
    whole = sealed(b"geheim")
    assert asks_for(io.BytesIO(whole)) == "key"
    for wrong in (new_pair()[0], PUBLIC, ""):
        with pytest.raises(InvalidError):
            list(opened(io.BytesIO(whole), private=wrong))


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(max_size=20).filter(lambda name: name != "liste"),
                       st.lists(st.binary(max_size=300), max_size=4), max_size=4), st.integers(1, 500))
def test_entries_come_back_however_the_stream_is_cut(contents: dict[str, list[bytes]], cut: int) -> None:
    written: list[bytes] = []
    archiver = Archiver(written.append)
    for name, pieces in contents.items():
        archiver.add(name, pieces)
    archiver.close()
    whole = b"".join(written)
    stream = [whole[at:at + cut] for at in range(0, len(whole), cut)]
    assert {e.name: b"".join(e.pieces) for e in Entries(stream)} == {n: b"".join(p) for n, p in contents.items()}
    with pytest.raises(InvalidError):
        list(Entries([whole[:-4]]))
