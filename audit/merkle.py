"""The tree of RFC 6962 / RFC 9162: hashes, the compact range, inclusion and consistency proofs.

A `CompactRange` keeps only the peaks (the roots of the perfect subtrees, at most 64 hashes), so appending needs no
tree tables and costs one hash on average. ``peaks(n)`` determine the root at n, and with the later leaves every later
root: that is what pruning and the guard against rollback stand on. Pure; knows nothing of records or databases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry; the prefix keeps leaves and nodes apart."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The peaks of a tree that starts at index 0, from the largest subtree to the smallest."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count() or any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise ValueError("peaks do not fit the size")

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> CompactRange:
        """Read what `to_bytes` wrote."""
        return cls(size, (raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)))

    def to_bytes(self) -> bytes:
        """Return the peaks one after the other; the size says how many there are."""
        return b"".join(self.peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end: merge as many peaks as the size has trailing ones."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many: the same as `append` for each, in half the time."""
        size, peaks, sha256 = self.size, self.peaks, _sha256
        for leaf in leaves:
            left = size
            while left & 1:
                leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
                left >>= 1
            peaks.append(leaf)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """Return the Merkle tree hash of everything appended."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Return MTH of RFC 6962 over leaf hashes, by its recursive definition."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return PATH(index, leaves)."""
    if not 0 <= index < len(leaves):
        raise ValueError("index outside the tree")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), tree_hash(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), tree_hash(leaves[:split])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check that `leaf` stands at `index` of the tree with `size` and `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return PROOF(first, leaves): why the tree of the first leaves is the beginning of this one."""
    if not 0 < first <= len(leaves):
        raise ValueError("size outside the tree")
    return _subproof(leaves, first, complete=True)


def _subproof(leaves: Sequence[bytes], first: int, *, complete: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if complete else [tree_hash(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, complete=complete), tree_hash(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, complete=False), tree_hash(leaves[:split])]


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Check that the tree of size `second` extends the tree of size `first` (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
