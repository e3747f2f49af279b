"""What the claims of the provider mean in this house: address, id, name, department, roles, groups, second factor.

A claim is named by a path with dots (``realm_access.roles``); a key that has dots itself is found as well. Kept true:
what is not plainly a text or a list of texts is as if it were not there; an address that the provider itself calls
unverified is not used; where groups decide something and the provider left them out because they are too many (Entra
ID), nobody comes in with the rest: rules for a group must not disappear with it.

Not known here: whether the token is real, and who the person is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.identity import texts
from gateway.identity.headers import address, clean, groups_in
from gateway.model.people import ROLES
from gateway.model.signin import Announced
from gateway.settings import Settings
from gateway.settings_sign_in import split

_NO: Final = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Where things stand, and what values mean: ``role``, ``department`` or ``group`` -> value, folded -> ours."""

    email: str = "email"
    id: str = "sub"
    groups: str = "groups"
    roles: str = ""
    department: str = ""
    meanings: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    strong_amr: frozenset[str] = frozenset()
    strong_acr: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> ClaimRules:
        """Return the rules that the settings give."""
        return cls(settings.oidc_email_claim, settings.oidc_id_claim, settings.oidc_groups_claim,
                   settings.oidc_roles_path, settings.oidc_department_claim, settings.oidc_meanings,
                   frozenset(split(settings.oidc_strong_amr)), frozenset(split(settings.oidc_strong_acr)))

    def meant(self, kind: str, values: frozenset[str]) -> frozenset[str]:
        """Return what these values mean as roles, departments or groups."""
        table = self.meanings.get(kind, {})
        return frozenset().union(*(table[value] for value in values if value in table))


def identity(claims: Mapping[str, Any], rules: ClaimRules) -> tuple[str, str]:
    """Return address and id; raises ``schluessel_ungueltig`` when there is neither."""
    email, external_id = _text(claims, rules.email), _text(claims, rules.id)
    if str(claims.get("email_verified")).casefold() in _NO:
        email = ""
    if not email and not external_id:
        raise texts.invalid("anmeldung")
    return address(email), external_id


def groups(claims: Mapping[str, Any], rules: ClaimRules) -> tuple[frozenset[str], frozenset[str]]:
    """Return what the groups may name: departments, and groups of people; folded, beside their ids from the table.

    Raises ``schluessel_ungueltig`` when the provider says that it left them out.
    """
    if _left_out(claims, rules.groups):
        raise texts.invalid("anmeldung_gruppen")
    found = _values(claims, rules.groups)
    return found | rules.meant("department", found), found | rules.meant("group", found)


def announced(claims: Mapping[str, Any], rules: ClaimRules, departments: Mapping[str, str],
              people: Mapping[str, str]) -> Announced:
    """Return all that the provider says about somebody, in our words. Raises ``schluessel_ungueltig``."""
    email, external_id = identity(claims, rules)
    if _left_out(claims, rules.groups) and (rules.meanings or people):
        raise texts.invalid("anmeldung_gruppen")
    own, named = _values(claims, rules.roles), _values(claims, rules.groups)
    every = own | named
    roles = rules.meant("role", every) | (own & frozenset(ROLES))
    place = _values(claims, rules.department)
    places = rules.meant("department", every | place) | _called(departments, place)
    joined = rules.meant("group", every) | _called(people, named)
    return Announced(email, external_id, _name(claims), _only(places & departments.keys()), roles,
                     joined & people.keys() if find(claims, rules.groups) is not None or joined else None)


def is_strong(claims: Mapping[str, Any], rules: ClaimRules) -> bool:
    """Whether a second factor was shown: ``amr`` or ``acr`` (Entra ID: ``acrs``) says so in words we were told."""
    return bool(_exact(claims, "amr") & rules.strong_amr
                or (_exact(claims, "acr") | _exact(claims, "acrs")) & rules.strong_acr)


def find(claims: Any, path: str) -> Any:
    """Return what stands under a path with dots, or None. A key that has dots itself goes before its parts."""
    if not path or not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    for at in range(len(path) - 1, 0, -1):
        if path[at] == "." and (inner := find(claims.get(path[:at]), path[at + 1:])) is not None:
            return inner
    return None


def _left_out(claims: Mapping[str, Any], name: str) -> bool:
    """Whether the provider says that this claim would be too large and is to be had elsewhere (Entra ID)."""
    elsewhere = claims.get("_claim_names")
    return (isinstance(elsewhere, Mapping) and name in elsewhere) or claims.get("hasgroups") in (True, "true")


def _called(ours: Mapping[str, str], values: frozenset[str]) -> frozenset[str]:
    """Return which of our departments or groups these values name, by id or name."""
    return frozenset(key for key, name in ours.items() if key.casefold() in values or name.casefold() in values)


def _only(places: frozenset[str]) -> str | None:
    return next(iter(places)) if len(places) == 1 else None


def _text(claims: Mapping[str, Any], path: str) -> str:
    value = find(claims, path)
    return clean(value) if isinstance(value, str) else ""


def _name(claims: Mapping[str, Any]) -> str:
    """Return the name; what cannot be read plainly is left out, because a name opens nothing."""
    try:
        return _text(claims, "name")[:200]
    except GatewayError:
        return ""


def _values(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Return the values of a claim, folded; a text is read as an enumeration."""
    value = find(claims, path)
    listed = value if isinstance(value, list) else [value]
    return frozenset().union(*(groups_in(clean(one)) for one in listed if isinstance(one, str)))


def _exact(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    value = claims.get(name)
    listed = value if isinstance(value, list) else [value]
    return frozenset(one for one in listed if isinstance(one, str))
