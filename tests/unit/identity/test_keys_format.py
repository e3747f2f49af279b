"""Keys: what they look like, how hard they are, and that they do not print themselves."""

from __future__ import annotations

import math
import re

from gateway.identity.keys import digest, key_id, new_key
from gateway.identity.texts import _REASONS, invalid


def test_a_key_has_more_than_256_random_bits_behind_its_public_id() -> None:
    fresh = new_key()
    assert re.fullmatch(r"kip_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}", fresh.text)
    assert 43 * math.log2(62) > 256
    assert key_id(fresh.text) == fresh.id
    assert digest(fresh.text) == fresh.sha256
    assert len({new_key().text for _ in range(500)}) == 500


def test_a_key_does_not_print_itself() -> None:
    fresh = new_key()
    assert fresh.text not in repr(fresh)
    assert fresh.text[13:] not in f"{fresh}"
    assert fresh.id in repr(fresh)


def test_only_a_whole_key_has_an_id() -> None:
    key = new_key().text
    for wrong in (key[:-1], key + "x", key + "\n", " " + key, key.upper(), key.replace("_", "-"), "", "kip_"):
        assert key_id(wrong) is None


def test_every_refusal_tells_people_what_to_do_within_the_length_clients_show() -> None:
    for reason in _REASONS:
        message = invalid(reason, "https://ki-pforte.musterstadt.example/keys").message  # type: ignore[arg-type]
        assert len(message) < 300
        assert "itte" in message
        assert "!" not in message
