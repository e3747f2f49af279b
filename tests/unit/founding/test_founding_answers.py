"""Answers from a file and from a terminal lead to the same house; secrets stand in neither."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.cli.asking import ask_all, ask_one, overview
from gateway.founding import founding
from gateway.founding.answers import read_answers, template
from gateway.model.first_setup import OUTSIDE, completed
from gateway.policy import load_policies
from gateway.settings import load
from gateway.store import InvalidError
from tests.unit.founding.test_founding import ANSWERS, MORE

ROOT = Path(__file__).parents[3]


def written(folder: Path, answers: dict[str, object]) -> Path:
    path = folder / "antworten.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(answers, file)
    return path


def test_a_file_of_answers_says_what_was_typed(tmp_path: Path) -> None:
    (tmp_path / "geheim.txt").write_text("geheim-4711\n")
    asked = founding.all_steps()
    given = {**ANSWERS, **MORE, "departments": ["bauamt", "buergerbuero"],
             "more": ["Kasse & Steuern", "Öffentlichkeitsarbeit"], "model_retention": 0, "model_key_file": "geheim.txt"}
    del given["model_key"]
    assert read_answers(written(tmp_path, given), asked) == {**ANSWERS, **MORE}


def test_a_secret_in_the_file_of_answers_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="model_key_file") as refused:
        read_answers(written(tmp_path, {**MORE}), founding.all_steps())
    assert "geheim-4711" not in str(refused.value)


@pytest.mark.parametrize(("text", "says"), [
    ("departement: [a]", "departments"), ("- a", "je Zeile"), ("a: [", "YAML"), ("name: {a: b}", "Text")])
def test_a_file_that_is_not_understood_is_refused_with_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InvalidError, match=says):
        read_answers(tmp_path / "a.yaml", founding.all_steps())


def test_the_template_knows_every_question_and_can_be_read(tmp_path: Path) -> None:
    asked = founding.all_steps()
    (tmp_path / "a.yaml").write_text(template(asked), encoding="utf-8")
    answers = read_answers(tmp_path / "a.yaml", asked)
    assert set(answers) == {q.key for step in asked for q in step.questions if q.kind != "secret"}
    assert {"name", "it_email", "dpo_email"} <= founding.problems(answers).keys()


def asked_with(typed: dict[str, list[str]], secrets: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Answer by what the line begins with; everything else is Enter."""
    said: list[str] = []
    left = {label: list(answers) for label, answers in typed.items()}

    def ask(line: str) -> str:
        found = next((answers for label, answers in left.items() if line.startswith(label) and answers), [])
        assert found or "[" in line or "(freiwillig)" in line, f"asked once more than expected: {line}"
        return found.pop(0) if found else ""

    def ask_secret(line: str) -> str:
        return next((text for label, text in secrets.items() if line.startswith(label)), "")
    given = ask_all(founding.all_steps(), {"address": "http://127.0.0.1:8080"}, ask, ask_secret, said.append)
    return given, said


FIVE = {"Name der": ["Gemeinde Süd"], "Name und": ["Ida, ida@sued.example", "Dora Schütz <dora@sued.example>"]}


def test_five_answers_make_a_whole_house() -> None:
    given, said = asked_with(FIVE, {})
    assert [line.strip().partition(":")[0] for line in said if " von 5" in line] == [f"{n} von 5" for n in range(1, 6)]
    assert (given["model"], given["address"], given["dpo_name"]) == ("demo", "http://127.0.0.1:8080", "Dora Schütz")
    assert founding.problems(given) == {}
    whole = completed(founding.all_steps(), given)
    assert (whole["domain"], whole["size"], whole["sign_in"]) == ("sued.example", "gemeinde-klein", "kennwort")
    assert whole["contact_dpo"] == "Dora Schütz, dora@sued.example"


def test_what_has_a_default_is_not_asked_at_a_terminal() -> None:
    given, _ = asked_with(FIVE, {})
    more = {q.key for step in founding.all_steps() for q in step.questions if q.more}
    assert not more & given.keys()
    assert all(q.optional or q.suggestion({}) or q.when for step in founding.all_steps() for q in step.questions
               if q.more)


@pytest.mark.parametrize(("typed", "reason"), [
    ("dora", "beides"), ("dora@sued.example", "beides"), ("Dora, dora@", "beides"), ("Dora, dora@sued", "E-Mail"),
    ("Dora, ida@sued.example", "andere Person als die IT"), ("Do\x07ra, dora@sued.example", "Zeichen"),
    ("D\udcf6ra, dora@sued.example", "Zeichen")])
def test_a_wrong_answer_is_asked_again_with_the_reason(typed: str, reason: str) -> None:
    people = ["Ida, ida@sued.example", typed, "dora@sued.example Dora"]
    given, said = asked_with({**FIVE, "Name und": people}, {})
    assert (given["dpo_name"], given["dpo_email"]) == ("Dora", "dora@sued.example")
    assert any(reason in line for line in said)


def test_a_provider_is_asked_for_what_it_needs_and_its_agreement_is_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "avv.pdf").write_bytes(b"unterschrieben")
    given, said = asked_with({**FIVE, "Anbieter": ["9", "6"], "Adresse des": ["http://x.example", "https://x.example"],
                              "Name des Modells": ["bereitstellung"], "Tag der": ["gestern", "1.3.2026"],
                              "Prüfsumme": ["fehlt.pdf", str(tmp_path / "avv.pdf")], "Darf": ["1"]},
                             {"Zugangs": "geheim-4711"})
    assert given["model"] == "gpt-azure-eu"
    assert given["avv_sha256"] == hashlib.sha256(b"unterschrieben").hexdigest()
    assert founding.problems(given) == {}
    assert any("unverschlüsselt" in line for line in said)
    assert any("Deployment" in line for line in said)
    assert "geheim-4711" not in "".join((*said, *overview(founding.all_steps(), given)))


def test_a_provider_that_trains_leads_back_to_the_choice() -> None:
    given, said = asked_with({**FIVE, "Anbieter": ["5", "1"], "Tag der": ["2026-03-01"], "Prüfsumme": ["a" * 64],
                              "Darf": ["2"]}, {})
    assert given["model"] == "demo"
    assert any("Dann darf nichts dorthin" in line for line in said)


def test_one_answer_is_changed_and_the_others_stay() -> None:
    given, _ = asked_with(FIVE, {})
    before = dict(given)
    ask_one(founding.all_steps(), 2, {}, given, lambda line: "", lambda line: "", lambda text: None)
    assert given == before
    ask_one(founding.all_steps(), 0, {}, given, lambda line: "Markt Ort", lambda line: "", lambda text: None)
    assert given == {**before, "name": "Markt Ort"}


def test_a_model_without_an_agreement_waits_and_the_demo_answers(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    done = founding.found({**ANSWERS, "model": "mistral-large", "model_key": "geheim-4711"}, load())
    models = load_policies(tmp_path / "policies").models
    assert (done.model, done.waiting) == ("demo", "mistral-large")
    assert not models["mistral-large"].enabled
    assert any("Auftragsverarbeitung" in one.how for one in done.settled if one.what == "Noch ausgeschaltet")
    assert (tmp_path / "home" / "secrets" / "MISTRAL_API_KEY").read_text() == "geheim-4711"


def test_a_model_that_lacks_what_the_profile_demands_waits_too(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    done = founding.found({**ANSWERS, **MORE, "model": "mistral-large", "size": "gemeinde-gross"}, load())
    assert (done.model, done.waiting) == ("demo", "mistral-large")
    assert any("C5" in one.how for one in done.settled)


@pytest.mark.parametrize(("address", "said"), [
    ("https://ki.sued.example", {"trusted_proxies": "127.0.0.1"}), ("http://127.0.0.1:8099", {"port": "8099"})])
def test_the_settings_follow_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str,
                                         said: dict[str, str]) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "ein haus"))
    monkeypatch.delenv("KI_PFORTE_PORT", raising=False)
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    done = founding.found({**ANSWERS, "address": address}, load())
    assert said.items() <= YAML(typ="safe").load(tmp_path / "ein haus" / "pforte.yaml").items()
    assert done.local == f"http://127.0.0.1:{said.get('port', '8080')}"


def test_a_provider_that_may_train_with_what_is_sent_is_refused() -> None:
    outside = {**ANSWERS, **MORE, "model_training": "ja"}
    for model in OUTSIDE:
        assert "model_training" in founding.problems({**outside, "model": model})


def test_the_contract_stands_in_the_register_and_the_place_is_said(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    done = founding.found({**ANSWERS, **MORE, "model": "eu-cloud"}, load())
    model = load_policies(tmp_path / "policies").models["eu-cloud"]
    assert (model.zone, model.retention_days) == ("EU", 0)
    assert model.prices is not None
    assert (model.prices.input, model.prices.output) == (600_000, 1_200_000)
    for word in ("EU GmbH", "EU oder EWR", "01.03.2026", "keine Speicherung", "Training"):
        assert word in done.place


def test_who_excludes_one_provider_of_the_us_excludes_the_other(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    founding.found({**ANSWERS, **MORE, "model": "gpt-openai", "departments": "sozialamt"}, load())
    rules = YAML(typ="safe").load(tmp_path / "policies" / "departments" / "sozialamt.yaml")
    assert {"claude", "gpt-openai"} <= set(rules["models"]["deny"])


def test_policies_that_are_prescribed_and_filled_are_not_passed_over(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(ROOT / "policies"))
    with pytest.raises(InvalidError, match="KI_PFORTE_POLICIES"):
        founding.found(ANSWERS, load())
    assert not (tmp_path / "home").exists()


def test_everything_that_a_new_house_is_made_from_is_in_the_package() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["data-files"]
    packed = {path.relative_to(ROOT) for patterns in data.values() for pattern in patterns for path in
              ROOT.glob(pattern)}
    assert packed == {path.relative_to(ROOT) for path in (ROOT / "policies").rglob("*")
                      if path.is_file() and "tests" not in path.parts[-2:] and "__pycache__" not in path.parts}
    for target, patterns in data.items():
        for pattern in patterns:
            assert f"share/ki-pforte/{Path(pattern).parent.as_posix()}" == target


def test_completing_answers_twice_changes_nothing() -> None:
    asked: Callable[[dict[str, str]], dict[str, str]] = lambda given: completed(founding.all_steps(), given)  # noqa: E731
    assert asked(asked(dict(ANSWERS))) == asked(dict(ANSWERS))


def test_a_house_that_is_put_elsewhere_finds_its_own_policies(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "alt"))
    monkeypatch.delenv("KI_PFORTE_POLICIES", raising=False)
    monkeypatch.chdir(tmp_path)
    founding.found(dict(ANSWERS), load())
    (tmp_path / "alt").rename(tmp_path / "neu")
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "neu"))
    assert load().policies == tmp_path / "neu" / "policies"
    assert load_policies(load().policies).organisation.name == ANSWERS["name"]
