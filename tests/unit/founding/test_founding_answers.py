"""Answers from a file and from a terminal lead to the same house; secrets stand in neither."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.cli.asking import ask_all
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
        found = next((answers for label, answers in left.items() if line.startswith(label)), [])
        assert found or "[" in line or "(freiwillig)" in line, f"asked once more than expected: {line}"
        return found.pop(0) if found else ""

    def ask_secret(line: str) -> str:
        return next((text for label, text in secrets.items() if line.startswith(label)), "")
    given = ask_all(founding.all_steps(), {"address": "http://127.0.0.1:8080"}, ask, ask_secret, said.append)
    return given, said


PEOPLE = {"Name:": ["Gemeinde Süd"], "Domain": ["sued.example"], "IT: Name": ["Ida"],
          "IT: E-Mail": ["ida@sued.example"], "Datenschutz: Name": ["Dora"],
          "Datenschutz: E-Mail": ["dora@sued.example"], "Weitere": ["Kasse; Hafen"]}


def test_numbers_stand_for_what_is_on_offer_and_enter_for_what_is_suggested() -> None:
    given, _ = asked_with({**PEOPLE, "Fertige": ["2 3"], "Woher": ["1"]}, {})
    assert given["departments"].split() == ["bauamt", "buergerbuero"]
    assert given["more"] == "Kasse\nHafen"
    assert (given["model"], given["size"], given["address"]) == ("demo", "gemeinde-klein", "http://127.0.0.1:8080")
    assert given["contact_dpo"] == "Dora, dora@sued.example"
    assert founding.problems(given) == {}


def test_a_wrong_answer_is_asked_again_with_the_reason() -> None:
    given, said = asked_with({**PEOPLE, "Datenschutz: E-Mail": ["dora", "ida@sued.example", "dora@sued.example"]}, {})
    assert given["dpo_email"] == "dora@sued.example"
    assert any("E-Mail-Adresse an" in line for line in said)
    assert any("andere Person als die IT" in line for line in said)


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
