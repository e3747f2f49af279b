"""Proofs from tiles are the proofs of RFC 6962, also when the beginning is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Ledger, LedgerError
from audit.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)
from audit.store.store import Store
from audit.tiles import WIDTH, Tree, fill

LEAVES = [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(1500)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('tiles')}/audit.sqlite")
    opened.migrate()
    opened.open_log("test.example/ki-pforte/1", bytes)
    grow(opened, 0, len(LEAVES))
    assert fill(opened) == len(LEAVES) // WIDTH
    assert fill(opened) == 0
    yield opened
    opened.close()


def grow(store: Store, first: int, last: int) -> None:
    tree = CompactRange()
    for leaf in LEAVES[:last]:
        tree.append(leaf)
    with store.write() as run:
        store.insert(run, "INSERT INTO audit_seq (idx, record_id, leaf)",
                     [(n, f"r{n}", LEAVES[n]) for n in range(first, last)])
        run(store.sql("UPDATE audit_state SET size = ?, peaks = ?"), (tree.size, tree.to_bytes()))


@given(st.data())
def test_proofs_are_those_of_the_definition(store: Store, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    with store.read() as connection:
        tree = Tree(store, connection, size)
        path, growth = tree.inclusion(index), tree.consistency(first)
    assert path == inclusion_proof(LEAVES[:size], index)
    assert growth == consistency_proof(LEAVES[:size], first)
    assert verify_inclusion(LEAVES[index], index, size, path, tree_hash(LEAVES[:size]))
    assert verify_consistency(first, size, tree_hash(LEAVES[:first]), tree_hash(LEAVES[:size]), growth)


def test_tiles_are_made_in_pieces_and_by_several(sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    store = sqlite_ledger._store
    monkeypatch.setattr("audit.tiles._STEP", 2)
    grow(store, 0, 300)
    assert fill(store) == 1
    grow(store, 300, 1500)
    assert fill(store) == 4
    with store.read() as connection:
        assert Tree(store, connection, 1500).hash(0, 1500) == tree_hash(LEAVES)


def test_a_proof_into_the_deleted_beginning_stands_on_tiles_or_is_refused(tmp_path_factory: pytest.TempPathFactory,
                                                                         ) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('cut')}/audit.sqlite")
    store.migrate()
    store.open_log("test.example/ki-pforte/1", bytes)
    grow(store, 0, 1500)
    fill(store)
    with store.write() as run:
        run("DELETE FROM audit_seq WHERE idx < 600")
    with store.read() as connection:
        tree = Tree(store, connection, 1500)
        assert tree.inclusion(1400) == inclusion_proof(LEAVES, 1400)
        assert tree.consistency(1024) == consistency_proof(LEAVES, 1024)
        with pytest.raises(LedgerError, match="gelöscht"):
            tree.inclusion(599)
    store.close()


@pytest.mark.parametrize("ask", [lambda tree: tree.inclusion(1500), lambda tree: tree.inclusion(-1),
                                 lambda tree: tree.consistency(0), lambda tree: tree.consistency(1501)])
def test_what_lies_outside_the_tree_is_refused(store: Store, ask: Callable[[Tree], object]) -> None:
    with store.read() as connection, pytest.raises(ValueError, match="outside"):
        ask(Tree(store, connection, 1500))
