"""SCIM as Entra ID, Okta, Keycloak and authentik speak it, against a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store import keys, passes, people, sessions
from tests.support.scim_client import ENTERPRISE, ScimClient, entra_user, open_scim, patch


@pytest.fixture
def scim(tmp_path: Path) -> Iterator[ScimClient]:
    with open_scim(tmp_path) as client:
        yield client


def person(scim: ScimClient, id_: str) -> Any:
    with scim.house.books.reading() as connection:
        return people.by_id(connection, id_)


def joined(scim: ScimClient, number: int = 1, **changes: Any) -> str:
    reply = scim("POST", "/Users", entra_user(number, **changes))
    assert reply.status == 201, reply.json
    return str(reply.json["id"])


@pytest.mark.parametrize("token", [None, "", "falsch", "t" * 39, "t" * 41, "ü" * 40])
def test_without_the_token_nothing_is_said(scim: ScimClient, token: str | None) -> None:
    for path in ("/ServiceProviderConfig", "/Users", "/Nichts"):
        reply = scim("GET", path, token=token)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_entra_looks_first_then_creates_changes_and_switches_off(scim: ScimClient) -> None:
    assert scim("GET", "/Users", filter='userName eq "Test_User_1@musterstadt.example"').json["totalResults"] == 0
    created = scim("POST", "/Users", entra_user())
    assert created.status == 201
    assert created.headers["content-type"].startswith("application/scim+json")
    id_ = created.json["id"]
    assert created.headers["location"] == created.json["meta"]["location"] == f"https://ki.example/scim/v2/Users/{id_}"
    assert created.json["userName"] == "Test_User_1@musterstadt.example"
    assert created.json["name"] == {"formatted": "Lan Nguyễn", "familyName": "Nguyễn", "givenName": "Lan"}
    assert scim("GET", "/Users", filter='userName eq "TEST_user_1@musterstadt.example"').json["totalResults"] == 1
    changed = scim("PATCH", f"/Users/{id_}", patch(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "Lan.Neu@musterstadt.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Neu"},
        {"op": "Replace", "path": "displayName", "value": "Lan Neu"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Amt für Jugend, Familie"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "26118915-6090-4610-87e4-49d8ca9f808d"},
        {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Musterstadt"}))
    assert changed.status == 200, changed.json
    now = person(scim, id_)
    assert (now.email, now.name, now.department) == ("lan.neu@musterstadt.example", "Lan Neu", "jugendamt")
    assert changed.json[ENTERPRISE]["department"] == "Amt für Jugend, Familie"
    off = scim("PATCH", f"/Users/{id_}", patch({"op": "Replace", "path": "active", "value": "False"}))
    assert off.json["active"] is False
    assert not person(scim, id_).active
    assert scim("GET", "/Users", filter="active eq false").json["totalResults"] == 1
    assert scim("PATCH", f"/Users/{id_}", patch({"op": "Replace", "value": {"active": "True"}})).json["active"] is True


def test_a_change_without_a_path_as_entra_and_okta_write_it(scim: ScimClient) -> None:
    id_ = joined(scim)
    scim("PATCH", f"/Users/{id_}", patch({"op": "replace", "value": {"active": False}}))
    assert not person(scim, id_).active
    reply = scim("PATCH", f"/Users/{id_}", patch({"op": "Add", "value": {
        "active": "True", "displayName": "Anders", f"{ENTERPRISE}:department": "bauverwaltung"}}))
    assert reply.status == 200
    assert person(scim, id_).active
    assert person(scim, id_).name == "Anders"
    assert person(scim, id_).department == "bauamt"


def test_okta_sends_no_enterprise_extension_and_gets_the_department_of_the_settings(tmp_path: Path) -> None:
    okta = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "okta@musterstadt.example",
            "name": {"givenName": "Olga", "familyName": "Okta"}, "locale": "de-DE", "groups": [], "password": "geheim",
            "emails": [{"primary": True, "value": "okta@musterstadt.example", "type": "work"}],
            "externalId": "00ujl29u0le5T6Aj10h7", "active": True}
    with open_scim(tmp_path, department="buergerbuero") as scim:
        reply = scim("POST", "/Users", okta)
        assert reply.status == 201
        assert "password" not in reply.json
        assert person(scim, reply.json["id"]).name == "Olga Okta"
        assert person(scim, reply.json["id"]).department == "buergerbuero"
        put = scim("PUT", f"/Users/{reply.json['id']}", {**okta, "active": False})
        assert put.status == 200
        assert put.json["active"] is False
    with open_scim(tmp_path / "x" if not (tmp_path / "x").mkdir() else tmp_path) as scim:
        refused = scim("POST", "/Users", okta)
        assert refused.status == 400
        assert "KI_PFORTE_SCIM_DEPARTMENT" in refused.json["detail"]


def test_keycloak_and_authentik_names_are_no_addresses(scim: ScimClient) -> None:
    id_ = joined(scim, userName="lnguyen", displayName="", name={"givenName": "Lan", "familyName": "Nguyễn"})
    assert person(scim, id_).email == "test.1@musterstadt.example"
    assert person(scim, id_).name == "Lan Nguyễn"
    assert scim("GET", "/Users", filter='userName eq "LNguyen"').json["Resources"][0]["id"] == id_
    assert scim("GET", "/Users", filter='emails.value eq "TEST.1@musterstadt.example"').json["totalResults"] == 1


def test_a_family_name_alone_changes_the_name_only_where_it_differs(scim: ScimClient) -> None:
    id_ = joined(scim)
    scim("PATCH", f"/Users/{id_}", patch({"op": "replace", "path": "name.familyName", "value": "Schmidt"}))
    assert person(scim, id_).name == "Lan Schmidt"


def test_nobody_becomes_an_officer_through_their_own_entry(scim: ScimClient) -> None:
    id_ = joined(scim)
    for body in (patch({"op": "Add", "path": "roles", "value": [{"value": "dpo"}]}),
                 patch({"op": "Replace", "value": {"roles": [{"value": "dpo"}], "groups": [{"value": "KI-DSB"}]}})):
        scim("PATCH", f"/Users/{id_}", body)
        assert person(scim, id_).roles == {"staff"}
    scim("PUT", f"/Users/{id_}", entra_user())
    assert person(scim, id_).roles == {"staff"}
    assert person(scim, id_).groups == frozenset()


def test_the_same_twice_is_a_conflict_and_the_same_change_twice_is_no_record(scim: ScimClient) -> None:
    id_ = joined(scim)
    again = scim("POST", "/Users", entra_user())
    assert again.status == 409
    assert again.json["scimType"] == "uniqueness"
    other = joined(scim, 2)
    taken = scim("PATCH", f"/Users/{other}", patch({"op": "replace", "path": "userName",
                                                   "value": "test_user_1@musterstadt.example"}))
    assert taken.status == 409
    assert taken.json["scimType"] == "uniqueness"
    mail = scim("PATCH", f"/Users/{other}", patch({"op": "replace", "path": 'emails[type eq "work"].value',
                                                  "value": "test.1@musterstadt.example"}))
    assert mail.status == 409
    before = len(scim.house.types())
    assert scim("PUT", f"/Users/{id_}", entra_user()).status == 200
    assert len(scim.house.types()) == before


def test_an_unknown_department_is_refused_with_what_to_do(scim: ScimClient) -> None:
    reply = scim("POST", "/Users", entra_user(**{ENTERPRISE: {"department": "Amt 99"}}))
    assert reply.status == 400
    assert reply.json["scimType"] == "invalidValue"
    assert "KI_PFORTE_SCIM_MAP" in reply.json["detail"]
    assert "bauamt" in reply.json["detail"]
    assert scim("GET", "/Users").json["totalResults"] == 0


def test_whoever_leaves_has_no_key_and_no_session_and_keeps_what_they_showed(scim: ScimClient) -> None:
    entry = scim.house.hire("Petra Geht", "dpo")
    browser = scim.house.browser(entry)
    assert browser.get("/").status == 200
    id_ = entry.person.id
    assert scim("DELETE", f"/Users/{id_}").status == 204
    left = person(scim, id_)
    assert not left.active
    assert left.roles == {"staff"}
    assert left.email == f"{id_}@ausgeschieden.invalid"
    with scim.house.books.reading() as connection:
        assert keys.search(connection, person_id=id_, active=True, now=scim.house.clock.now()) == []
        assert passes.of(connection, id_).evidence
        assert sessions.end_of_person(connection, id_, scim.house.clock.now()) == 0
    for method, body in (("GET", None), ("DELETE", None), ("PUT", entra_user()),
                         ("PATCH", patch({"op": "replace", "path": "active", "value": True}))):
        assert scim(method, f"/Users/{id_}", body).status == 404
    assert scim("GET", "/Users").json["totalResults"] == 0
    assert {"person.changed", "person.roles", "person.disabled"} <= set(scim.house.types())


def test_an_address_given_anew_does_not_bring_a_pass_with_it_but_the_same_id_does(scim: ScimClient) -> None:
    id_ = joined(scim)
    scim("DELETE", f"/Users/{id_}")
    stranger = scim("POST", "/Users", entra_user(1, externalId="ganz-neu"))
    assert stranger.status == 201
    assert stranger.json["id"] != id_
    scim("DELETE", f"/Users/{stranger.json['id']}")
    back = scim("POST", "/Users", entra_user())
    assert back.status == 201
    assert back.json["id"] == id_
    assert person(scim, id_).active


def test_people_from_before_are_taken_over_unless_they_were_switched_off(scim: ScimClient) -> None:
    old = scim.house.hire("Anna Alt", "ki-pass-stelle").person
    taken = scim("POST", "/Users", entra_user(emails=[{"value": old.email, "type": "work"}]))
    assert taken.status == 201
    assert taken.json["id"] == old.id
    assert person(scim, old.id).roles == {"staff", "ki-pass-stelle"}
    off = scim.house.hire("Olaf Aus").person
    from gateway.registry import people as registry
    from gateway.registry.books import COMMAND_LINE
    registry.switch(scim.house.books, COMMAND_LINE, off.id, active=False)
    refused = scim("POST", "/Users", entra_user(2, emails=[{"value": off.email}]))
    assert refused.status == 409
    assert not person(scim, off.id).active


def test_groups_mean_what_the_settings_say_and_nothing_else(scim: ScimClient) -> None:
    one, two = joined(scim), joined(scim, 2)
    listed = scim("GET", "/Groups", excludedAttributes="members")
    assert {g["displayName"] for g in listed.json["Resources"]} == {"Bauverwaltung", "Amt für Jugend, Familie",
                                                                   "Azubis", "KI-DSB"}
    found = scim("GET", "/Groups", filter='displayName eq "Azubis"', excludedAttributes="members").json["Resources"]
    group = found[0]["id"]
    assert scim("PATCH", f"/Groups/{group}", patch(
        {"op": "Add", "path": "members", "value": [{"value": one}, {"value": two}]})).status == 204
    assert person(scim, one).groups == {"auszubildende"}
    assert scim("GET", f"/Users/{one}").json["groups"][-1]["display"] == "Azubis"
    scim("PATCH", f"/Groups/{group}", patch({"op": "Remove", "path": "members", "value": [{"value": two}]}))
    scim("PATCH", f"/Groups/{group}", patch({"op": "remove", "path": f'members[value eq "{one}"]'}))
    assert not person(scim, one).groups
    assert not person(scim, two).groups
    reply = scim("POST", "/Groups", {"displayName": "KI-DSB", "members": [{"value": two}]})
    assert reply.status == 201
    assert person(scim, two).roles == {"staff", "dpo"}
    strange = scim("POST", "/Groups", {"displayName": "Alle Beschäftigten", "members": []})
    assert strange.status == 400
    assert "KI_PFORTE_SCIM_MAP" in strange.json["detail"]
    nobody = scim("PATCH", f"/Groups/{group}", patch({"op": "add", "path": "members", "value": [{"value": "x"}]}))
    assert nobody.status == 400
    assert nobody.json["scimType"] == "invalidValue"
    assert scim("DELETE", f"/Groups/{reply.json['id']}").status == 204
    assert person(scim, two).roles == {"staff"}


def test_a_list_comes_in_pages(scim: ScimClient) -> None:
    ids = [joined(scim, number) for number in range(5)]
    page = scim("GET", "/Users", startIndex="4", count="10", attributes="userName").json
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 4, 2)
    assert {"displayName", "emails"}.isdisjoint(page["Resources"][0])
    assert scim("GET", "/Users", count="0").json["totalResults"] == 5
    seen = [r["id"] for start in range(1, 6) for r in scim("GET", "/Users", startIndex=str(start),
                                                           count="1").json["Resources"]]
    assert sorted(seen) == sorted(ids)


@pytest.mark.parametrize("text", [
    'userName eq', 'userName co "a"', "title eq \"x\"", 'not (userName eq "a")', "userName pr", "(" * 3000,
    'userName eq "a" or ' * 80 + "x", 'active eq "vielleicht"', "userName eq 5", 'userName eq "\\ud800"',
    'emails[type eq "work" and primary eq true]', 'emails[type eq "work" or primary eq true]'])
def test_a_hostile_filter_is_refused_and_never_answered_with_everybody(scim: ScimClient, text: str) -> None:
    joined(scim)
    reply = scim("GET", "/Users", filter=text)
    assert reply.status == 400
    assert reply.json["scimType"] == "invalidFilter"


def test_a_deep_filter_costs_a_list_of_nobody_and_not_the_server(scim: ScimClient) -> None:
    joined(scim)
    reply = scim("GET", "/Users", filter="(" * 900 + 'id eq "1"' + ")" * 900)
    assert reply.status == 400 or reply.json["totalResults"] == 0


@pytest.mark.parametrize("text", [
    'emails[type eq "work" and value eq "test.1@musterstadt.example"]',
    'emails[type eq "work"].value eq "test.1@musterstadt.example"', 'externalId eq "nichts" or active eq true',
    '(userName eq "TEST_USER_1@musterstadt.example") and active eq "True"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "test_user_1@musterstadt.example"'])
def test_every_client_finds_somebody_in_its_own_way(scim: ScimClient, text: str) -> None:
    id_ = joined(scim)
    joined(scim, 2, active=False)
    assert [r["id"] for r in scim("GET", "/Users", filter=text).json["Resources"]] == [id_]


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b'{"userName": 5}', 400), (b"[" * 100_000, 400),
    (b'{"schemas": [], "userName": "a\\u0000@x.example"}', 400), (b"\xff\xfe", 400), (b'{"userName":"ohne"}', 400)])
def test_a_broken_body_is_an_answer_in_the_form_of_scim(scim: ScimClient, body: bytes, status: int) -> None:
    for method, path in (("POST", "/Users"), ("PUT", "/Users/" + joined(scim)), ("PATCH", "/Users/x")):
        reply = scim(method, path, body)
        assert reply.status in (status, 404)
        assert "detail" in reply.json
        if path != "/Users/x":
            assert reply.status == status
        if method == "PUT":
            scim("DELETE", path)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(scim: ScimClient) -> None:
    id_ = joined(scim)
    version = scim("GET", f"/Users/{id_}").headers["etag"]
    assert scim("GET", f"/Users/{id_}", headers={"if-none-match": version}).status == 304
    first = scim("PATCH", f"/Users/{id_}", patch({"op": "replace", "path": "displayName", "value": "A"}),
                 headers={"if-match": version})
    assert first.status == 200
    assert first.headers["etag"] != version
    assert scim("PUT", f"/Users/{id_}", entra_user(), headers={"if-match": version}).status == 412
    assert scim("DELETE", f"/Users/{id_}", headers={"if-match": version}).status == 412
    assert person(scim, id_).name == "A"


def test_what_is_offered_can_be_read_and_holds_what_is_kept(scim: ScimClient) -> None:
    config = scim("GET", "/ServiceProviderConfig").json
    assert config["patch"]["supported"]
    assert config["etag"]["supported"]
    assert not config["bulk"]["supported"]
    schemas = {s["id"]: s for s in scim("GET", "/Schemas").json["Resources"]}
    names = {a["name"] for a in schemas["urn:ietf:params:scim:schemas:core:2.0:User"]["attributes"]}
    assert {"userName", "displayName", "active", "emails"} <= names
    assert "password" not in names
    assert {t["endpoint"] for t in scim("GET", "/ResourceTypes").json["Resources"]} == {"/Users", "/Groups"}
    assert scim("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group").status == 200
    assert scim("GET", "/Schemas", filter='id eq "x"').status == 403
    for path in ("/Bulk", "/Me", "", "/Users/a/b"):
        assert scim("POST", path, {}).status == 404


def test_the_ledger_is_told_of_acts_and_never_of_names(scim: ScimClient, tmp_path: Path) -> None:
    id_ = joined(scim)
    scim("PATCH", f"/Users/{id_}", patch({"op": "replace", "path": "displayName", "value": "Ganz Geheim"}))
    scim("DELETE", f"/Users/{id_}")
    assert scim.house.types()[-3:] == ["person.changed", "person.changed", "person.disabled"]
    written = b"".join(file.read_bytes() for file in tmp_path.glob("audit.sqlite*"))
    assert b"scim" in written
    for secret in (b"Geheim", b"Nguy", b"test.1@", b"Test_User", id_.encode()):
        assert secret not in written
