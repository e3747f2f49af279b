"""The settings of the larger engines: what may stand together, and what each mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.detection import DetectorOptions
from gateway.settings import SettingsError, load


def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **values: str) -> DetectorOptions:
    environment = {"KI_PFORTE_HOME": str(tmp_path), **{f"KI_PFORTE_NAMES_{k.upper()}": v for k, v in values.items()}}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return DetectorOptions.of(load(environment))


def test_the_compact_model_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(tmp_path, monkeypatch)
    assert (options.names, options.names_model, options.names_labels) == ("kompakt", None, {})


@pytest.mark.parametrize("engine", ["spacy", "transformers", "gliner", "kompakt+spacy", "Kompakt + GLiNER"])
def test_a_larger_engine_comes_with_a_folder_and_perhaps_labels(
        engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(tmp_path, monkeypatch, engine=engine, model="/srv/modell", labels="B-PER=person, LOC = ADDRESS")
    assert options.names == engine.lower().replace(" ", "")
    assert options.names_model == Path("/srv/modell")
    assert options.names_labels == {"B-PER": "PERSON", "LOC": "ADDRESS"}


@pytest.mark.parametrize(("values", "said"), [
    ({"engine": "spacy"}, "KI_PFORTE_NAMES_MODEL"),
    ({"model": "/srv/modell"}, "KI_PFORTE_NAMES_ENGINE"),
    ({"engine": "keine", "labels": "PER=PERSON"}, "KI_PFORTE_NAMES_LABELS gilt nur"),
    ({"engine": "spacey", "model": "/srv/modell"}, "kompakt, spacy, transformers, gliner"),
    ({"engine": "spacy+gliner", "model": "/srv/modell"}, "eines davon"),
    ({"engine": "kompakt+kompakt"}, "eines davon"),
    ({"engine": "keine+kompakt"}, "eines davon"),
    ({"engine": "spacy", "model": "/srv/modell", "labels": "PER=MENSCH"}, "MARKE=ART"),
    ({"engine": "spacy", "model": "/srv/modell", "labels": "LOC=ADDRESS"}, "PERSON"),
    ({"engine": "spacy", "model": "/srv/modell", "labels": "PER"}, "MARKE=ART"),
])
def test_what_does_not_go_together_says_what_to_write(
        values: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, monkeypatch, **values)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
