"""What SCIM clients ask for: filters and pages (RFC 7644, 3.4.2), read into conditions of `gateway.model.directory`.

Clients look for one person by a name or an id before they write; nothing more is offered: ``eq`` on a handful of
attributes, joined by ``and`` and ``or``. Everything else is refused, never answered with too many people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scim2_models import InvalidFilterException, InvalidValueException, ResponseParameters, ScimFilter
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from gateway.http.scim_schema import User
from gateway.model.directory import AllOf, AnyOf, Condition, Field, Is

LONGEST_FILTER: Final = 2000
LARGEST_PAGE: Final = 500
USUAL_PAGE: Final = 100
_USERS: Final[dict[str, Field]] = {
    "id": "id", "username": "userName", "externalid": "externalId", "emails": "email", "emails.value": "email",
    "displayname": "name", "name.formatted": "name", "active": "active"}
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What no database holds: a zero byte, half a character."""
_ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user"


@dataclass(frozen=True, slots=True)
class Query:
    """One question for a list: which, from where (1 is the first), how many, with which attributes."""

    filter: FilterNode | None
    start: int
    count: int
    attributes: str
    excluded: str

    @property
    def without_members(self) -> bool:
        """Whether the members of groups are not wanted."""
        wanted = [name.strip().lower() for name in self.attributes.split(",") if name.strip()]
        excluded = [name.strip().lower() for name in self.excluded.split(",")]
        return "members" in excluded or bool(wanted and not any(name.startswith("members") for name in wanted))

    def shown(self) -> ResponseParameters[User] | None:
        """Return which attributes are wanted, in the form of the library."""
        if self.attributes and self.excluded:
            raise InvalidValueException(detail="attributes und excludedAttributes schließen einander aus.")
        if not self.attributes and not self.excluded:
            return None
        return ResponseParameters[User].model_validate(
            {"attributes": self.attributes or None, "excludedAttributes": self.excluded or None})


def query_of(values: Mapping[str, str]) -> Query:
    """Read the query of a list. Raises `SCIMException`."""
    text = values.get("filter", "")
    if len(text) > LONGEST_FILTER:
        raise InvalidFilterException(detail=f"Der Filter hat mehr als {LONGEST_FILTER} Zeichen.")
    node = ScimFilter(text).ast if text.strip() else None
    return Query(node, max(1, _number(values, "startIndex", 1)),
                 max(0, min(LARGEST_PAGE, _number(values, "count", USUAL_PAGE))),
                 values.get("attributes", ""), values.get("excludedAttributes", ""))


def users(node: FilterNode | None) -> Condition | None:
    """Return which people a filter means. Raises `InvalidFilterException` for what is not offered."""
    return None if node is None else _condition(node, "")


def group_name(node: FilterNode | None) -> tuple[str, str] | None:
    """Return which attribute of groups is to have which value. Raises `InvalidFilterException`."""
    if node is None:
        return None
    if isinstance(node, Comparison) and node.op is CompareOperator.eq and isinstance(node.value, str):
        name = node.attr_path.attr.lower()
        if name in ("displayname", "id", "externalid") and node.attr_path.sub_attr is None:
            return name, node.value
    raise InvalidFilterException(detail="Gruppen lassen sich mit displayName eq und id eq suchen.")


def _condition(node: FilterNode, inside: str) -> Condition:
    if isinstance(node, LogicalExpr):
        parts = tuple(_condition(term, inside) for term in node.terms if not _is_kind_of_address(term, inside))
        if not parts:  # a condition without parts would mean everybody
            raise InvalidFilterException(detail="Der Filter nennt keine Adresse. Bitte ergänzen Sie value eq.")
        return AllOf(parts) if node.op is LogicalOperator.and_ else AnyOf(parts)
    if isinstance(node, ValuePath) and not inside and node.sub_attr is None:
        return _condition(node.val_filter, node.attr_path.attr)
    if isinstance(node, Comparison) and node.op is CompareOperator.eq:
        return _is(node, inside)
    raise InvalidFilterException(detail="Angeboten werden Vergleiche mit eq, verbunden mit and und or.")


def _is(node: Comparison, inside: str) -> Is:
    path = node.attr_path
    name = ".".join(filter(None, (inside, path.attr, path.sub_attr))).lower()
    field = _USERS.get(name)
    if field is None or (path.uri or "").lower() == _ENTERPRISE:
        raise InvalidFilterException(detail=f"Nach „{name[:64]}“ lässt sich nicht suchen. Möglich sind: userName, "
                                     "externalId, emails.value, displayName, active und id.")
    value: Any = node.value
    if field == "active":
        value = {"true": True, "false": False}.get(str(value).lower())
    if not isinstance(value, bool if field == "active" else str) or _UNSTORABLE.search(str(value)):
        raise InvalidFilterException(detail=f"Der Wert passt nicht zu „{name[:64]}“.")
    return Is(field, value)


def _is_kind_of_address(node: FilterNode, inside: str) -> bool:
    """Whether a part only says that the address at work is meant: there is no other here."""
    return inside.lower() == "emails" and isinstance(node, Comparison) and node.attr_path.attr.lower() in (
        "type", "primary")


def _number(values: Mapping[str, str], name: str, otherwise: int) -> int:
    text = values.get(name, "").strip()
    if not text:
        return otherwise
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise InvalidValueException(detail=f"„{name}“ muss eine Zahl sein.")
    return int(text)
