"""What claims mean here: paths, presets as providers write them, groups that were left out, second factors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.identity.claims import ClaimRules, announced, find, is_strong
from gateway.model.people import ROLES
from tests.support.municipality import DEPARTMENTS

GROUPS = {"azubi": "Auszubildende"}
GUID = "3f2b8c1e-0000-4000-8000-000000000001"
KEYCLOAK = ClaimRules(roles="resource_access.ki.pforte.roles", department="department",
                      meanings={"role": {"dsb": frozenset({"dpo"})}})
ENTRA = ClaimRules("preferred_username", "oid", roles="roles", meanings={
    "group": {GUID: frozenset({"azubi"})}, "department": {"bau": frozenset({"bauamt"})}})
WHO: dict[str, Any] = {"sub": "uid-1", "email": "P1@x.example", "name": "Änne Prüferin"}


@pytest.mark.parametrize(("claims", "path", "found"), [
    ({"a": {"b": 1}}, "a.b", 1), ({"a.b": 2, "a": {"b": 1}}, "a.b", 2), ({"a": {"b.c": {"d": 3}}}, "a.b.c.d", 3),
    ({"a": 1}, "a.b", None), ({"a": [{"b": 1}]}, "a.b", None), ({}, "", None), ({"": 1}, "", None),
    ({"https://x.example/roles": 4}, "https://x.example/roles", 4), ([], "a", None)])
def test_a_path_leads_to_one_claim_or_to_none(claims: Any, path: str, found: Any) -> None:
    assert find(claims, path) == found


def test_keycloak_says_roles_below_the_client_also_with_a_dot_in_its_name() -> None:
    who = announced({**WHO, "resource_access": {"ki.pforte": {"roles": ["personalrat", "DSB", "uma_protection"]},
                                                "other": {"roles": ["it"]}}, "department": "bauamt",
                     "groups": ["/Auszubildende"]}, KEYCLOAK, DEPARTMENTS, GROUPS)
    assert (who.email, who.external_id, who.department) == ("p1@x.example", "uid-1", "bauamt")
    assert who.roles == {"personalrat", "dpo"}
    assert who.groups == {"azubi"}


def test_entra_says_groups_by_their_ids() -> None:
    who = announced({"oid": "o-1", "preferred_username": "p1@x.example", "email": "evil@x.example", "sub": "pairwise",
                     "roles": ["dpo", "Bau"], "groups": [GUID, "other"]}, ENTRA, DEPARTMENTS, GROUPS)
    assert (who.email, who.external_id, who.department) == ("p1@x.example", "o-1", "bauamt")
    assert (who.roles, who.groups) == ({"dpo"}, {"azubi"})


def test_a_group_with_the_name_of_a_role_gives_no_role() -> None:
    who = announced({**WHO, "groups": ["dpo", "it"]}, KEYCLOAK, DEPARTMENTS, GROUPS)
    assert who.roles == frozenset(), "roles come from the claim of roles, or from the table"


def test_two_departments_are_none_and_an_unknown_one_as_well() -> None:
    for said in (["bauamt", "Sozialamt"], "Verkehrsamt", 7, None, {"a": 1}):
        assert announced({**WHO, "department": said}, KEYCLOAK, DEPARTMENTS, GROUPS).department is None


def test_what_is_not_said_is_not_the_same_as_nothing() -> None:
    assert announced(WHO, KEYCLOAK, DEPARTMENTS, GROUPS).groups is None
    assert announced({**WHO, "groups": []}, KEYCLOAK, DEPARTMENTS, GROUPS).groups == frozenset()


@pytest.mark.parametrize("overage", [{"_claim_names": {"groups": "src1"}}, {"hasgroups": "true"}])
def test_left_out_groups_are_not_taken_for_none(overage: dict[str, Any]) -> None:
    with pytest.raises(GatewayError, match="schluessel_ungueltig") as caught:
        announced({**WHO, "oid": "o", **overage}, ENTRA, DEPARTMENTS, {})
    assert "anmeldung_gruppen" in caught.value.hint
    plain = ClaimRules(roles="roles")
    assert announced({**WHO, **overage}, plain, DEPARTMENTS, {}).external_id == "uid-1", "where no group has a meaning"


@pytest.mark.parametrize(("claims", "strong"), [
    ({"amr": ["pwd", "otp"]}, True), ({"amr": ["pwd"]}, False), ({"amr": "otp"}, True), ({"amr": {"otp": 1}}, False),
    ({"acr": "hoch"}, True), ({"acr": "HOCH"}, False), ({"acrs": ["c1", "hoch"]}, True), ({"acr": 1}, False),
    ({}, False), ({"acr": "otp"}, False), ({"amr": ["hoch"]}, False), ({"amr": [["otp"]]}, False)])
def test_a_second_factor_is_known_by_the_words_we_were_told(claims: dict[str, Any], strong: bool) -> None:
    assert is_strong(claims, ClaimRules(strong_amr=frozenset({"otp"}), strong_acr=frozenset({"hoch"}))) is strong
    assert not is_strong(claims, ClaimRules())


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([*ROLES, "bauamt"])
json = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["roles", "groups", "email", "sub", "department", "a"]), inner, max_size=4),
                    max_leaves=12)


@given(st.dictionaries(st.sampled_from(["roles", "groups", "email", "sub", "department", "name", "_claim_names",
                                        "email_verified", "resource_access"]), json, max_size=8))
def test_whatever_a_provider_writes_gives_known_words_or_a_refusal(claims: dict[str, Any]) -> None:
    rules = ClaimRules(roles="roles", department="department", meanings=ENTRA.meanings)
    try:
        who = announced(claims, rules, DEPARTMENTS, GROUPS)
    except GatewayError as error:
        caught = error
        assert caught.status == 401
        return
    assert who.roles <= set(ROLES)
    assert who.department in (None, *DEPARTMENTS)
    assert who.groups is None or who.groups <= GROUPS.keys()
