"""What every policy set that was in force here said, by its digest: so that a record can be read with its own rules.

Kept when a set comes into force: the files as they were read (the digest is made from exactly these, so what is kept
can be checked against what records name), and each rule in words. Never changed and never deleted: policies say nothing
about persons.

Does not know: sets that were in force before this table was there, or in a house that lost its database.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from gateway.model.review import PolicyText, RuleText
from gateway.policy.load import LANGUAGE
from gateway.policy.policyset import PolicySet
from gateway.policy.rule_ids import every_rule
from gateway.policy.titles import in_words
from gateway.store import reading, review, writing
from gateway.store.errors import ConflictError

_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Keeps texts and reads them. Blocks."""

    engine: Engine
    now: Callable[[], datetime]

    def keep(self, policies: PolicySet) -> None:
        """Keep what these policies say, unless it is kept already."""
        with reading(self.engine) as connection:
            if review.known_text(connection, policies.digest):
                return
        try:
            with writing(self.engine, bump=False) as connection:
                review.add_text(connection, policies.digest, packed(policies), self.now())
        except ConflictError:  # another process was faster, with the same
            return

    def read(self, digest: str) -> PolicyText | None:
        """Return what policies said; None: nobody knows any more."""
        with reading(self.engine) as connection:
            found = review.text(connection, digest)
        if found is None:
            return None
        body, since = found
        kept = json.loads(zlib.decompress(body))
        rules = {rule: RuleText(words, *_place(kept, rule)) for rule, words in kept["words"].items()}
        return PolicyText(digest, since, rules)


def packed(policies: PolicySet) -> bytes:
    """Return what is kept of a policy set."""
    rules = every_rule(policies)
    kept = {"language": LANGUAGE, "files": policies.said, "words": {id_: in_words(id_, policies) for id_ in rules},
            "where": {id_: [rule.file, *rule.path] for id_, rule in rules.items() if rule.file}}
    return zlib.compress(json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def _place(kept: dict[str, Any], rule: str) -> tuple[str, str]:
    place = kept["where"].get(rule)
    if place is None:
        return "", ""
    file, *path = place
    value: Any = kept["files"].get(file)
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return file, ""
    named = ".".join(str(step) for step in path if isinstance(step, str))
    return file, f"{named}: {_written(value)}"[:_LONGEST]


def _written(value: Any, indent: int = 1) -> str:
    """Return a value as a policy file writes it."""
    pad = "\n" + "  " * indent
    if isinstance(value, dict):
        return "".join(f"{pad}{key}: {_written(one, indent + 1)}" for key, one in value.items()) or "{}"
    if isinstance(value, list):
        if all(not isinstance(one, dict | list) for one in value):
            return "[" + ", ".join(map(str, value)) + "]"
        return "".join(f"{pad}- {_written(one, indent + 1).lstrip()}" for one in value)
    return "" if value is None else str(value)
