"""Answers that try to become something else on their way into YAML, settings and a command for the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.founding import founding
from gateway.model.first_setup import Question
from gateway.policy import load_policies
from gateway.settings import load

NASTY = "\"x\": !!python/object:os.system {a: *b} | > & # %TAG ' ` $(id) ${HOME} {{ 7*7 }} \\ \\n \\x00 - ? null"
ANSWERS = {
    "name": NASTY[:80].strip(), "domain": "neudorf.example", "address": "https://ki.neudorf.example/pforte",
    "size": "gemeinde-klein",
    "contact_it": NASTY, "contact_dpo": NASTY, "contact_pass": NASTY[-50:].strip(), "contact_council": NASTY,
    "departments": "bauamt", "more": f"Amt {NASTY}"[:60], "model": "eu-cloud", "model_address": "https://llm.example/v1",
    "model_target": NASTY, "model_provider": NASTY, "model_zone": "EU", "model_key": NASTY, "avv_day": "2026-03-01",
    "avv_sha256": "a" * 64, "model_training": "nein", "sign_in": "oidc", "oidc_preset": "none",
    "oidc_issuer": "https://anmeldung.example", "oidc_client_id": NASTY, "oidc_client_secret": NASTY,
    "it_name": NASTY, "it_email": "ida@neudorf.example", "dpo_name": NASTY, "dpo_email": "dora@neudorf.example"}


def test_what_was_typed_is_what_stands_there_and_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    founding.found(ANSWERS, load())
    settings, policies = load(), load_policies(tmp_path / "policies")
    assert settings.oidc_client_id == NASTY
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.get_secret_value() == NASTY
    organisation = policies.organisation
    assert organisation.name == ANSWERS["name"]
    assert {organisation.contact.it, organisation.contact.datenschutz} == {NASTY}
    model = policies.models["eu-cloud"]
    assert (model.provider, model.target) == (NASTY, f"openai/{NASTY}" if model.target.startswith("openai/") else NASTY)
    assert {d.name for d in policies.departments.values()} >= {f"Amt {NASTY}"[:60].strip()}
    written = sorted(path.relative_to(tmp_path).parts[0] for path in tmp_path.iterdir())
    assert written == ["home", "policies"]


def test_long_names_and_addresses_do_not_stand_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    mail = "alexandra.von-mustermann-beispielhausen@verwaltungsgemeinschaft-neudorf.example"
    contacts = {key: "" for key in ANSWERS if key.startswith("contact_")}
    names = {"it_name": "Alexandra von Mustermann-Beispielhausen", "it_email": mail, "name": "N" * 80, "domain":
             f"{'d' * 72}.example", "address": f"https://{'a' * 38}.example", "more": "\n".join(["Ä" * 60, "B" * 60])}
    founding.found({**ANSWERS, **contacts, **names}, load())
    contact = load_policies(tmp_path / "policies").organisation.contact
    assert contact.it == f"{names['it_name']}, {mail}"
    assert contact.ki_pass_stelle == names["it_name"]


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\ud800b"])
def test_a_line_has_no_control_characters(text: str) -> None:
    question = Question("name", "Name")
    assert question.problem({"name": text})
    assert Question("more", "Ämter", kind="lines").problem({"more": "Amt A\r\nAmt B\nAmt C"}) == ""


@pytest.mark.parametrize("text", [
    "http://[", "https://x/$(id)", "https://x/`id`", "https://x/';id;'", "https://a b", "https://a:b@c", "https://x/\"",
    "javascript:alert(1)", "https://", "https://x?a=b", "https://x#y", "http://a\\b", "file:///etc/passwd"])
def test_an_address_is_one_and_carries_nothing_else(text: str) -> None:
    asked = {q.key: q for step in founding.all_steps() for q in step.questions}
    assert asked["address"].problem({"address": text})


@pytest.mark.parametrize("text", ["http://127.0.0.1:11434", "https://[::1]:8443/v1", "https://müller.example/a-b_c/v1",
                                  "https://ki.musterstadt.de", "https://x.openai.azure.com/openai/v1/"])
def test_addresses_that_people_have_are_taken(text: str) -> None:
    asked = {q.key: q for step in founding.all_steps() for q in step.questions}
    assert not asked["address"].problem({"address": text})
