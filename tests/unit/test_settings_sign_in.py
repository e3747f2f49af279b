"""Settings about signing in: presets, what values mean, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load

TENANT = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
SSO = {"oidc_issuer": "https://sso.example/realms/rathaus", "oidc_client_id": "ki-pforte"}


def read(monkeypatch: pytest.MonkeyPatch, home: Path, **values: str) -> Settings:
    environment = {"KI_PFORTE_HOME": str(home), **{f"KI_PFORTE_{k.upper()}": v for k, v in values.items()}}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load(environment)


def test_a_preset_says_what_a_provider_usually_calls_things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keycloak = read(monkeypatch, tmp_path, **SSO, oidc_preset="keycloak")
    assert (keycloak.oidc_id_claim, keycloak.oidc_email_claim, keycloak.oidc_roles_path) == (
        "sub", "email", "resource_access.ki-pforte.roles")
    entra = read(monkeypatch, tmp_path, **SSO | {"oidc_issuer": TENANT}, oidc_preset="entra")
    assert (entra.oidc_id_claim, entra.oidc_email_claim, entra.oidc_roles_path) == (
        "oid", "preferred_username", "roles")


def test_what_is_written_beside_a_preset_wins_also_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pforte.yaml").write_text("oidc_preset: entra\noidc_roles_claim: wids\n", encoding="utf-8")
    settings = read(monkeypatch, tmp_path, **SSO | {"oidc_issuer": TENANT}, oidc_email_claim="upn")
    assert (settings.oidc_id_claim, settings.oidc_email_claim, settings.oidc_roles_path) == ("oid", "upn", "wids")


def test_values_of_the_provider_mean_roles_departments_and_groups(monkeypatch: pytest.MonkeyPatch,
                                                                  tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path, oidc_map="DSB=rolle:dpo, /Rathaus/Bau=amt:bauamt,DSB=rolle:it,a=gruppe:a")
    assert settings.oidc_meanings == {"role": {"dsb": {"dpo", "it"}}, "department": {"rathaus/bau": {"bauamt"}},
                                      "group": {"a": {"a"}}}
    settings = read(monkeypatch, tmp_path, oidc_map="CN=DSB,OU=Rathaus=rolle:dpo;")
    assert settings.oidc_meanings == {"role": {"cn=dsb,ou=rathaus": {"dpo"}}}


@pytest.mark.parametrize(("values", "says"), [
    ({**SSO, "oidc_issuer": "https://login.microsoftonline.com/common/v2.0"}, "common"),
    ({**SSO, "oidc_issuer": "https://login.microsoftonline.com/organizations/v2.0"}, "Mandanten"),
    ({**SSO, "oidc_issuer": TENANT.removesuffix("/v2.0")}, "v2.0"),
    ({**SSO, "oidc_issuer": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "oidc_preset": "entra"},
     "v2.0"),
    ({**SSO, "oidc_preset": "okta"}, "keycloak, entra"), ({**SSO, "oidc_scopes": "profile email"}, "openid"),
    ({**SSO, "oidc_client_secret": "a", "oidc_client_key": "b.pem"}, "schließen einander aus"),
    ({**SSO, "oidc_create": "on", "oidc_id_claim": ""}, "OIDC_ID_CLAIM"),
    ({"oidc_map": "DSB=dpo"}, "WERT=rolle:NAME"), ({"oidc_map": "DSB=rolle:chef"}, "WERT=rolle:NAME"),
    ({"oidc_map": "=rolle:dpo"}, "WERT=rolle:NAME"), ({**SSO, "strong_roles": "dpo,chefin"}, "chefin"),
    ({**SSO, "strong_roles": "staff"}, "staff"), ({"strong_roles": "dpo"}, "KI_PFORTE_OIDC_ISSUER"),
    ({**SSO, "strong_roles": "dpo", "oidc_pages": "off"}, "sonst gälten diese Rollen nie"),
    ({"key_sign_in": "off", "local_sign_in": "off"}, "kommt niemand herein"),
    ({**SSO, "oidc_pages": "off", "key_sign_in": "off", "local_sign_in": "off"}, "kommt niemand herein")])
def test_what_would_let_in_strangers_or_nobody_stops_the_start(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, tmp_path, **values)
    assert says in str(caught.value)


def test_a_house_with_a_provider_is_reminded_of_the_second_factor(monkeypatch: pytest.MonkeyPatch,
                                                                  tmp_path: Path) -> None:
    assert read(monkeypatch, tmp_path).sign_in_warnings() == []
    [warning] = read(monkeypatch, tmp_path, **SSO).sign_in_warnings()
    assert "KI_PFORTE_STRONG_ROLES" in warning
    assert read(monkeypatch, tmp_path, strong_roles="dpo, it").sign_in_warnings() == []
