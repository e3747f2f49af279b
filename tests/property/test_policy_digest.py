"""The digest of the policies names what they say: it changes when that changes, and never with layout."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.policy import PolicyErrors, load_policies
from tests.property.test_policy_properties import PLAIN, departments, folder


def turned(value: Any, chance: random.Random) -> Any:
    """Return the same, with keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {k: turned(value[k], chance) for k in keys}
    return [turned(v, chance) for v in value] if isinstance(value, list) else value


@settings(max_examples=20, deadline=None)
@given(departments, departments, st.randoms(use_true_random=False))
def test_the_digest_changes_when_and_only_when_what_is_said_changes(one: dict[str, Any], other: dict[str, Any],
                                                                    chance: random.Random) -> None:
    with folder({}, amt=one, plain=PLAIN) as path:
        try:
            before = load_policies(path).digest
        except PolicyErrors:
            assume(False)
        written = path / "departments/amt.yaml"
        written.write_text("# anders gesetzt\n\n" + json.dumps(turned(one, chance), indent=chance.choice([None, 1, 4])),
                           encoding="utf-8")
        assert load_policies(path).digest == before
        written.write_text(json.dumps(other), encoding="utf-8")
        try:
            after = load_policies(path).digest
        except PolicyErrors:
            assume(False)
        assert (after == before) == (other == one)


def test_where_the_folder_lies_is_not_part_of_what_it_says() -> None:
    with folder({}, plain=PLAIN) as path, tempfile.TemporaryDirectory() as elsewhere:
        moved = Path(elsewhere) / "regeln"
        moved.symlink_to(path)
        assert load_policies(moved).digest == load_policies(path).digest
