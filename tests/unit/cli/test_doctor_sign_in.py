"""What the doctor says about the OpenID provider of the house."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.doctor import FAULT, GOOD, NOTICE, _sign_in
from gateway.settings import Settings, load
from tests.support.signed_tokens import OpenIdProvider


def settings(monkeypatch: pytest.MonkeyPatch, home: Path, **values: str) -> Settings:
    environment = {"KI_PFORTE_HOME": str(home), **{f"KI_PFORTE_{k.upper()}": v for k, v in values.items()}}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load(environment)


def test_the_doctor_asks_the_provider_and_reminds_of_the_second_factor(monkeypatch: pytest.MonkeyPatch,
                                                                       tmp_path: Path) -> None:
    assert list(_sign_in(settings(monkeypatch, tmp_path))) == []
    with OpenIdProvider() as provider:
        own = {"oidc_issuer": provider.url, "oidc_client_id": "ki-pforte"}
        good, notice = _sign_in(settings(monkeypatch, tmp_path, **own))
        assert (good.state, notice.state) == (GOOD, NOTICE)
        assert "KI_PFORTE_STRONG_ROLES" in notice.text
        [good] = _sign_in(settings(monkeypatch, tmp_path, **own, strong_roles="dpo"))
        assert good.state == GOOD
        provider.more = {"authorization_endpoint": None}
        [fault] = _sign_in(settings(monkeypatch, tmp_path, **own))
        assert (fault.state, "keine Adresse" in fault.text) == (FAULT, True)
        provider.named = "https://elsewhere.example"
        [fault] = _sign_in(settings(monkeypatch, tmp_path, **own))
        assert (fault.state, "KI_PFORTE_OIDC_ISSUER" in fault.text) == (FAULT, True)
