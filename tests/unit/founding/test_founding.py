"""Setting up: what is asked, what becomes of it; nothing is overwritten, and a mistake leaves nothing half done."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.founding import founding
from gateway.home import open_ledger
from gateway.model.first_checks import key_of
from gateway.model.first_setup import Answers, domain_of, together
from gateway.policy import PolicyErrors, load_policies
from gateway.settings import Settings, load
from gateway.store import InvalidError

ANSWERS: Answers = {
    "name": "Gemeinde \"Neu\"-Dorf: Süd", "domain": "neudorf.example", "address": "https://ki.neudorf.example",
    "size": "gemeinde-klein", "contact_it": "Frau A: 12", "contact_dpo": "Herr B", "contact_pass": "Frau A",
    "contact_council": "", "departments": "bauamt\nbuergerbuero", "more": "Kasse & Steuern\nÖffentlichkeitsarbeit",
    "model": "demo", "sign_in": "kennwort", "it_name": "Ida Technik", "it_email": "ida@neudorf.example",
    "dpo_name": "Dora Schutz", "dpo_email": "dora@neudorf.example"}
MORE = {"model_address": "https://llm.neudorf.example/v1", "model_target": "llama3.1:8b", "model_provider": "EU GmbH",
        "model_key": "geheim-4711", "avv_day": "2026-03-01", "avv_sha256": "a" * 64,
        "model_zone": "EU", "model_training": "nein", "model_retention": "0", "model_prices": "0,60 / 1.2"}


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Settings]:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    return load


@pytest.mark.parametrize("model", ["demo", "ollama-lokal", "vllm-haus", "eu-cloud", "mistral-large", "gpt-azure-eu",
                                   "gpt-openai", "claude"])
def test_every_provider_leads_to_policies_without_a_fault(fresh: Callable[[], Settings], model: str) -> None:
    done = founding.found({**ANSWERS, **MORE, "model": model}, fresh())
    policies = load_policies(fresh().policies)
    assert [m.id for m in policies.models.values() if m.enabled] == [done.model] == [model]
    assert policies.organisation.name == ANSWERS["name"]
    assert policies.organisation.id == "neudorf.example/ki-pforte/1"
    assert set(policies.departments) == {"bauamt", "buergerbuero", "kasse-steuern", "oeffentlichkeitsarbeit",
                                         "verwaltung"}
    assert "Musterstadt" not in (fresh().policies / "organisation.yaml").read_text().split("version: 1")[1]


def test_nobody_acknowledges_what_another_house_agreed(fresh: Callable[[], Settings]) -> None:
    founding.found(ANSWERS, fresh())
    folder = fresh().policies
    policies = load_policies(folder)
    assert {kind: [d.version for d in versions] for kind, versions in policies.kipass.documents.items()} == {
        kind: ["1.0"] for kind in ("dienstvereinbarung", "leitlinien", "information", "checkliste")}
    for path in [*(folder / "documents").glob("*.md"), folder / "erkennung.yaml"]:
        text = path.read_text("utf-8")
        assert "Musterst" not in text, path.name
        dated = re.search(r"Fassung (?!1\.0$)[0-9]|gültig ab", text, re.M)
        assert dated is None or path.name.startswith("kurs-"), path.name
    agreement = (folder / "documents" / "dienstvereinbarung-1.0.md").read_text("utf-8")
    assert "**Entwurf.**" in agreement
    assert ANSWERS["name"] in agreement
    assert "Musterstadt" not in str(policies.kipass.documents)


def test_the_first_people_have_their_roles_and_the_key_of_it_works_at_once(fresh: Callable[[], Settings]) -> None:
    done = founding.found(ANSWERS, fresh())
    assert [word for word, _, _ in done.links] == ["IT", "Datenschutz"]
    assert all(link.startswith("https://ki.neudorf.example/einladung/") for _, _, link in done.links)
    assert done.key.startswith("kip_")
    assert "geheim" not in repr(done)
    assert done.key not in repr(done)


def test_secrets_are_readable_for_their_owner_only(fresh: Callable[[], Settings]) -> None:
    founding.found({**ANSWERS, **MORE, "model": "mistral-large"}, fresh())
    home = fresh().home
    for path in (home / "secrets" / "MISTRAL_API_KEY", home / "pforte.yaml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "geheim-4711" not in (home / "pforte.yaml").read_text()
    assert not any("geheim-4711" in p.read_text() for p in fresh().policies.rglob("*.yaml"))


def test_a_house_is_set_up_once(fresh: Callable[[], Settings]) -> None:
    founding.found(ANSWERS, fresh())
    before = {p: p.read_bytes() for p in fresh().policies.rglob("*") if p.is_file()}
    with pytest.raises(InvalidError, match="schon eingerichtet"):
        founding.found({**ANSWERS, "name": "Andere"}, fresh())
    assert before == {p: p.read_bytes() for p in fresh().policies.rglob("*") if p.is_file()}


def test_what_lies_there_is_never_overwritten(fresh: Callable[[], Settings], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "pforte.yaml").write_text("port: 8099\n")
    with pytest.raises(InvalidError, match=r"pforte\.yaml"):
        founding.found(ANSWERS, fresh())
    assert (tmp_path / "home" / "pforte.yaml").read_text() == "port: 8099\n"
    assert not (tmp_path / "policies").exists()


def test_the_ledger_of_another_house_is_noticed_before_anything_of_this_one_stays(
        fresh: Callable[[], Settings]) -> None:
    fresh().home.mkdir()
    open_ledger(fresh(), "musterstadt.example/ki-pforte/1").close()  # somebody looked at the example town first
    with pytest.raises(InvalidError, match=r"musterstadt\.example.*Es wurde nichts geändert"):
        founding.found(ANSWERS, fresh())
    assert not fresh().policies.exists()
    assert not (fresh().home / "pforte.yaml").exists()
    assert not founding.inhabited(fresh())


def test_policies_with_a_fault_leave_no_folder_behind(fresh: Callable[[], Settings], tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(folder: Path) -> None:
        raise PolicyErrors([])
    monkeypatch.setattr("gateway.founding.files.load_policies", faulty)
    with pytest.raises(PolicyErrors):
        founding.found(ANSWERS, fresh())
    assert not list(tmp_path.glob("policies*"))


@pytest.mark.parametrize(("change", "key"), [
    ({"dpo_email": "IDA@neudorf.example"}, "dpo_email"), ({"council_email": "dora@neudorf.example"}, "council_email"),
    ({"council_name": "Petra"}, "council_email"),
    ({"smtp_host": "mail.neudorf.example"}, "smtp_from"),
    ({"model": "eu-cloud", "model_address": "http://llm.example"}, "model_address")])
def test_what_does_not_fit_together_is_said_at_its_field(change: dict[str, str], key: str) -> None:
    assert key in together({**ANSWERS, **change})
    assert together(ANSWERS) == {}


@pytest.mark.parametrize(("key", "bad"), [
    ("domain", "neu dorf"), ("domain", "neudorf"), ("address", "javascript:alert(1)"), ("it_email", "ida"),
    ("model", "geheim"), ("departments", "bauamt\n../etc"), ("name", "a\x00b"), ("anchor_file", "anker.txt")])
def test_bad_answers_are_said_at_their_field(key: str, bad: str) -> None:
    assert key in founding.problems({**ANSWERS, key: bad})


@pytest.mark.parametrize(("name", "key"), [("Öffentliche Ordnung", "oeffentliche-ordnung"), ("  Kasse/Steuern ",
                                           "kasse-steuern"), ("Łódź", "odz"), ("../..", "")])
def test_a_department_gets_a_key_that_is_a_plain_file_name(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize(("email", "domain"), [
    ("ida@Sued.example", "sued.example"), ("gemeinde@t-online.de", "gemeinde-sued.internal"),
    ("ida@süd.example", "xn--sd-xka.example"), ("ida@" + "a" * 80 + ".de", "gemeinde-sued.internal"),
    ("", "gemeinde-sued.internal")])
def test_the_ledger_is_named_after_the_town_hall_and_never_after_a_provider_of_mail(email: str, domain: str) -> None:
    assert domain_of({"name": "Gemeinde Süd", "it_email": email}) == domain
