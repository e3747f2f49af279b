"""Marks: what a request can be found by beside its facets, because several of a kind can be true of it.

``kind:…`` (kinds of finding), ``region:…`` (where the model stands) and ``status:…`` (an end that was no answer). A
mark stands at the request (its ``intent`` or ``denied``), also where it is the end that tells it. Like facets, marks
are derived: never hashed, rebuilt from the parts, and gone when the part ``meta`` is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from audit.record import OUTCOME
from audit.store.tables import MARK_LENGTH

STATUSES: Final = ("aborted", "failed", "unknown")
"""Ends of a request that are marked; all others were answered."""


def marks_of(meta: Mapping[str, Any]) -> list[str]:
    """Return the marks that a request has by itself."""
    kinds, region = meta.get("found"), meta.get("region")
    found = [f"kind:{kind}" for kind, number in kinds.items() if type(number) is int and number > 0
             ] if type(kinds) is dict else []
    if type(region) is str and region:
        found.append(f"region:{region}")
    return [mark[:MARK_LENGTH] for mark in found if "\x00" not in mark]


def mark_of_end(type_: str, meta: Mapping[str, Any]) -> str:
    """Return the mark that an end gives its request; empty where the request was answered."""
    if type_ != OUTCOME:
        return "status:unknown"
    status = meta.get("status")
    if status == "aborted":
        return "status:aborted"
    return "status:failed" if status == "failed" or meta.get("code") else ""
