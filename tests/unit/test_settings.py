"""Every knob: environment over file, one sentence for each mistake, no secret in a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.settings import PREFIX, Settings, SettingsError, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path))
    return tmp_path


def said(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_without_any_setting_it_serves_this_host_only(home: Path) -> None:
    settings = load()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8080, 1)
    assert settings.database == f"sqlite:///{home}/pforte.db"
    assert settings.audit_database == f"sqlite:///{home}/protokoll.db"
    assert settings.address == "http://127.0.0.1:8080"


def test_the_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "pforte.yaml").write_text("port: 9000\nlog_level: debug\n")
    monkeypatch.setenv("KI_PFORTE_PORT", "9001")
    settings = load()
    assert (settings.port, settings.log_level) == (9001, "debug")


def test_a_path_in_the_file_counts_from_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a house may be put elsewhere as a whole: restored from a backup, mounted in a container."""
    (home / "pforte.yaml").write_text("policies: regeln\nshadow_policies: /srv/probe\n")
    assert (load().policies, load().shadow_policies) == (home / "regeln", Path("/srv/probe"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", "hier")
    assert load().policies == Path("hier")



@pytest.mark.parametrize("text", ["", "# nichts\n"])
def test_an_empty_file_is_no_mistake(home: Path, text: str) -> None:
    (home / "pforte.yaml").write_text(text)
    assert load().port == 8080


@pytest.mark.parametrize(("text", "words"), [
    ("prot: 1\n", "Meinten Sie port?"), ("home: x\n", "„home“"), ("- port\n", "name: wert"),
    ("port: [\n", "kein gültiges YAML"), ("port: achtzig\n", "port (pforte.yaml): Erwartet wird eine ganze Zahl"),
    ("port: 70000\n", "höchstens 65535"), ("workers: 0\n", "mindestens 1"), ("detector_seconds: 0\n", "mehr als 0")])
def test_a_mistake_in_the_file_is_named(home: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    (home / "pforte.yaml").write_text(text)
    assert words in said(monkeypatch)


@pytest.mark.parametrize(("settings", "words"), [
    ({"KI_PFORTE_LOGLEVEL": "debug"}, "Meinten Sie KI_PFORTE_LOG_LEVEL?"),
    ({"KI_PFORTE_XYZ": "1"}, "KI_PFORTE_XYZ gibt es nicht."),
    ({"KI_PFORTE_LOG_LEVEL": "laut"}, "eines von debug, info, warning, error"),
    ({"KI_PFORTE_DATABASE_URL": "mysql://x"}, "postgresql+psycopg://"),
    ({"KI_PFORTE_OPENAI_BASE_URL": "127.0.0.1:1", "KI_PFORTE_OPENAI_MODEL": "m"}, "http://"),
    ({"KI_PFORTE_OPENAI_MODEL": "m"}, "KI_PFORTE_OPENAI_BASE_URL"),
    ({"KI_PFORTE_OPENAI_DIALECTS": "embeddings"}, "chat muss dabei sein"),
    ({"KI_PFORTE_METRICS_PORT": "8080"}, "unterscheiden")])
def test_a_mistake_in_the_environment_is_named(home: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str],
                                               words: str) -> None:
    assert words in said(monkeypatch, **settings)


def test_no_sentence_and_no_representation_repeats_a_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_OPENAI_API_KEY", "canary-secret")
    monkeypatch.setenv("KI_PFORTE_METRICS_TOKEN", "canary-token")
    settings = load()
    assert "canary" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "canary" not in said(monkeypatch, KI_PFORTE_DATABASE_URL="mysql://u:canary-password@h/d")


def test_every_setting_says_in_german_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert not field.description.endswith("."), f"{name}: it stands inside a sentence"
