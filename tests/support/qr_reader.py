"""Reads a QR code from the SVG of a page: written after ISO/IEC 18004, independent of the library that draws it.

Versions 1 to 8 at error level Q, byte mode; nothing is corrected, so a single wrong module is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

QUIET = 4
_BLOCKS = {1: [13], 2: [22], 3: [17] * 2, 4: [24] * 2, 5: [15] * 2 + [16] * 2, 6: [19] * 4, 7: [14] * 2 + [15] * 4,
           8: [18] * 4 + [19] * 2}
"""Data bytes of each block at level Q."""
_ALIGNED = {1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38], 8: [6, 24, 42]}
_MASKS = [lambda r, c: (r + c) % 2, lambda r, c: r % 2, lambda r, c: c % 3, lambda r, c: (r + c) % 3,
          lambda r, c: (r // 2 + c // 3) % 2, lambda r, c: r * c % 2 + r * c % 3,
          lambda r, c: (r * c % 2 + r * c % 3) % 2, lambda r, c: ((r + c) % 2 + r * c % 3) % 2]
_LEVEL_Q = 0b11


def modules(svg: str) -> list[list[bool]]:
    """Return the modules of the code without its quiet zone, which has to be there and white."""
    found = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert found, "no square code"
    size = int(found[1])
    assert f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/>' in svg, "no white ground"
    grid = [[False] * size for _ in range(size)]
    bars = re.search(r'<path fill="#000" d="((?:M\d+ \d+h\d+v1h-\d+z)+)"/>', svg)
    assert bars, "nothing black"
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", bars[1]):
        for at in range(int(x), int(x) + int(length)):
            grid[int(y)][at] = True
    edge = [*range(QUIET), *range(size - QUIET, size)]
    assert not any(grid[a][b] or grid[b][a] for a in edge for b in range(size)), "the quiet zone is not quiet"
    return [row[QUIET:-QUIET] for row in grid[QUIET:-QUIET]]


def read(svg: str) -> str:
    """Return what the code says."""
    grid = modules(svg)
    size = len(grid)
    version = (size - 17) // 4
    level, mask = _format(grid)
    assert level == _LEVEL_Q, "another error level"
    fixed = _fixed(version, size)
    bits = [grid[r][c] ^ (_MASKS[mask](r, c) == 0) for r, c in _path(size) if (r, c) not in fixed]
    stream = [int("".join("01"[b] for b in bits[at:at + 8]), 2) for at in range(0, len(bits) - 7, 8)]
    return _text(b"".join(_blocks(stream, _BLOCKS[version])), version)


def _format(grid: list[list[bool]]) -> tuple[int, int]:
    places = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    value = int("".join("01"[grid[r][c]] for r, c in places), 2) ^ 0b101010000010010
    return value >> 13, value >> 10 & 7


def _fixed(version: int, size: int) -> set[tuple[int, int]]:
    """Return what holds no data: finders, timing, alignment, format, version."""
    held = {(r, c) for r in range(size) for c in range(size)
            if (r < 9 and c < 9) or (r < 9 and c >= size - 8) or (r >= size - 8 and c < 9) or 6 in (r, c)}
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for r in _ALIGNED[version]:
        for c in _ALIGNED[version]:
            if (r, c) not in corners:
                held |= {(r + a, c + b) for a in range(-2, 3) for b in range(-2, 3)}
    if version >= 7:
        held |= {place for a in range(6) for b in range(size - 11, size - 8) for place in ((a, b), (b, a))}
    return held


def _path(size: int) -> Iterator[tuple[int, int]]:
    up, right = True, size - 1
    while right > 0:
        right -= right == 6
        for r in range(size - 1, -1, -1) if up else range(size):
            yield from ((r, right), (r, right - 1))
        up, right = not up, right - 2


def _blocks(stream: list[int], sizes: list[int]) -> Iterator[bytes]:
    blocks: list[list[int]] = [[] for _ in sizes]
    source = iter(stream)
    for at in range(max(sizes)):
        for block, length in zip(blocks, sizes, strict=True):
            if at < length:
                block.append(next(source))
    return map(bytes, blocks)


def _text(data: bytes, version: int) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    assert bits[:4] == "0100", "not in bytes"
    assert version < 10
    length = int(bits[4:12], 2)
    return bytes(int(bits[12 + 8 * n:20 + 8 * n], 2) for n in range(length)).decode("ascii")
