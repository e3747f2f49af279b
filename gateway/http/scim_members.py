"""How SCIM clients change the members of a group (RFC 7644, 3.5.2), without building the whole group for it.

A group may have thousands of members and a change names one. Entra ID, Okta, Keycloak and authentik write it
differently: with and without a path, capitals in ``op``, the member in the value or in a filter of the path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scim2_models import (
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    MutabilityException,
    Path,
    SCIMException,
)
from scim2_models.path import CompareOperator, Comparison

from gateway.http.scim_schema import Group

MOST: Final = 100_000
"""Members of one change."""
_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:group:"
Step = Callable[[frozenset[str]], frozenset[str]]


def ids_of(value: Any) -> frozenset[str]:
    """Return the ids in a list of members, or in a single one. Raises `InvalidValueException`."""
    found = value if isinstance(value, list) else [value]
    ids = [item.get("value") if isinstance(item, dict) else item for item in found]
    if len(ids) > MOST or not all(isinstance(id_, str) and 0 < len(id_) <= 64 for id_ in ids):
        raise InvalidValueException(detail="members muss eine Liste aus {\"value\": Kennung} sein.")
    return frozenset(str(id_) for id_ in ids)


def steps_of(body: Any, name: str) -> list[Step]:
    """Return what a PATCH of the group called `name` does to its members. Raises `SCIMException`."""
    operations = body.get("Operations", body.get("operations")) if isinstance(body, dict) else None
    if not isinstance(operations, list) or not operations or len(operations) > 1000:
        raise InvalidSyntaxException(detail="Operations muss eine Liste mit 1 bis 1000 Änderungen sein.")
    return [step for operation in operations for step in _steps(operation, name)]


def _steps(operation: Any, name: str) -> list[Step]:
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
        raise InvalidSyntaxException(detail="Jede Änderung braucht op.")
    op, path, value = operation["op"].lower(), operation.get("path"), operation.get("value")
    if op not in ("add", "replace", "remove") or not isinstance(path, str | None):
        raise InvalidSyntaxException(detail="op muss add, replace oder remove sein, path ein Text.")
    if path:
        return _step(op, path, value, name)
    if not isinstance(value, dict) or op == "remove":
        raise InvalidValueException(detail="Ohne path muss value sagen, welche Angaben sich ändern.")
    return [step for key, inner in value.items() for step in _step(op, key, inner, name)]


def _step(op: str, path: str, value: Any, name: str) -> list[Step]:
    short = path[len(_CORE):] if path.lower().startswith(_CORE) else path
    if short.lower() in ("id", "externalid", "schemas", "meta"):
        return []
    if short.lower() == "displayname":
        if op == "remove" or str(value).casefold() != name.casefold():
            raise MutabilityException(detail="Wie eine Gruppe heißt, steht in KI_PFORTE_SCIM_MAP. Bitte ändern Sie den "
                                      "Namen dort.")
        return []
    if short.lower() == "members":
        ids = None if op == "remove" and value in (None, []) else ids_of(value)
        return [_moving(op, ids)]
    return [_moving(op, frozenset({_named(short)}))] if op == "remove" else _refuse(short)


def _moving(op: str, ids: frozenset[str] | None) -> Step:
    if op == "add":
        return lambda members: members | (ids or frozenset())
    if op == "replace":
        return lambda members: ids or frozenset()
    return lambda members: frozenset() if ids is None else members - ids


def _named(path: str) -> str:
    """Return the member that a path like ``members[value eq "…"]`` names."""
    try:
        node = Path[Group](path[:300]).value_filter
    except SCIMException:
        node = None
    if isinstance(node, Comparison) and node.op is CompareOperator.eq and node.attr_path.attr.lower() == "value" \
            and isinstance(node.value, str) and path.lower().startswith("members"):
        return node.value
    raise InvalidPathException(detail="Der Pfad lässt sich nicht lesen. Möglich sind members und "
                               "members[value eq \"Kennung\"].")


def _refuse(path: str) -> list[Step]:
    raise InvalidPathException(detail=f"„{path[:64]}“ lässt sich an einer Gruppe nicht ändern.")
