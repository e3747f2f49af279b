"""The sample is the same for everybody who follows the description, and no request is more likely than another."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from audit.sample import DRAWS, draw, month_after, numbers

roots = st.binary(min_size=32, max_size=32)


def by_the_book(root: bytes, first: int, end: int, number: int, requests: dict[int, str]) -> list[int]:
    """What docs/protokoll.md says, written once more."""
    count, found = end - first, []
    for n in range(DRAWS * number):
        value = int.from_bytes(sha256(b"ki-pforte/stichprobe/1\n" + root + n.to_bytes(8, "big")).digest()[:8], "big")
        if value >= 2**64 // count * count:
            continue
        idx = first + value % count
        if idx in requests and idx not in found:
            found.append(idx)
        if len(found) == number:
            break
    return found


@given(roots, st.integers(0, 10**9), st.integers(1, 300), st.integers(1, 12), st.data())
def test_a_second_reading_of_the_description_draws_the_same(root: bytes, first: int, count: int, number: int,
                                                            data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(first, first + count - 1), max_size=30))
    requests = {idx: f"id-{idx}" for idx in places}
    drawn = draw(root, first, first + count, number,
                 lambda asked: {idx: requests[idx] for idx in asked if idx in requests})
    assert [one.idx for one in drawn] == by_the_book(root, first, first + count, number, requests)
    assert all(one.record_id == f"id-{one.idx}" for one in drawn)
    assert len({one.idx for one in drawn}) == len(drawn) <= number


@given(roots)
def test_an_empty_month_has_an_empty_sample(root: bytes) -> None:
    assert draw(root, 5, 5, 10, lambda asked: dict.fromkeys(asked, "x")) == ()


def test_every_place_is_as_likely_as_any_other() -> None:
    stream = numbers(b"\x07" * 32, 10)
    found = Counter(next(stream)[1] for _ in range(20_000))
    assert set(found) == set(range(10))
    assert max(found.values()) - min(found.values()) < 400, "a chance of one in a billion for a fair draw"


def test_the_month_after_december_is_january() -> None:
    from datetime import date
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert month_after(date(2026, 1, 1)) == date(2026, 2, 1)
