"""The settings of the OpenID provider: together or not at all, and over an encrypted line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load


def read(monkeypatch: pytest.MonkeyPatch, home: Path, **values: str) -> Settings:
    environment = {"KI_PFORTE_HOME": str(home), **{f"KI_PFORTE_OIDC_{k.upper()}": v for k, v in values.items()}}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load(environment)


def test_without_a_provider_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert read(monkeypatch, tmp_path).oidc_issuer == ""


def test_a_token_may_be_made_out_for_the_house_and_for_named_front_ends(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path, issuer="https://sso.example/realms/rathaus", client_id="ki-pforte",
                    audiences="librechat, open-webui,")
    assert settings.oidc_accepted == ("ki-pforte", "librechat", "open-webui")
    assert settings.oidc_issuer == "https://sso.example/realms/rathaus", "as it stands in tokens, to the letter"


@pytest.mark.parametrize(("values", "says"), [
    ({"issuer": "https://sso.example"}, "KI_PFORTE_OIDC_CLIENT_ID"), ({"client_id": "a"}, "KI_PFORTE_OIDC_ISSUER"),
    ({"issuer": "http://sso.example", "client_id": "a"}, "https://"),
    ({"issuer": "http://localhost@sso.example", "client_id": "a"}, "https://"),
    ({"issuer": "sso.example", "client_id": "a"}, "https://"),
    ({"issuer": "https://sso.example", "client_id": "a", "groups": "immer"}, "directory, choose, lead"),
    ({"issuer": "https://sso.example", "client_id": "a", "email_claim": "", "id_claim": ""}, "EMAIL_CLAIM")])
def test_what_cannot_work_stops_the_start_with_one_sentence(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, tmp_path, **values)
    assert says in str(caught.value)
