"""Larger engines of names: what they find, that all of a text is read, that nothing is fetched, what stops a start."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection import DetectorOptions, RuleDetector, build_detector, reading
from gateway.detection.engines import common, names_rules, windows
from gateway.detection.engines import spacy as spacy_engine
from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from tests.support import model_libraries as libraries

FILLER = "Der Antrag liegt seit gestern vor, die Frist läuft noch bis zum Ende des Monats. "


@pytest.fixture(scope="module")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return libraries.spacy_ruler(tmp_path_factory.mktemp("spacy") / "modell")


@pytest.fixture
def folders(tmp_path: Path, ruler: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A folder with a model for each engine, and the stand-ins in place."""
    libraries.transformers(monkeypatch)
    libraries.gliner(monkeypatch)
    return {"spacy": ruler, "transformers": libraries.write(tmp_path / "t", "config.json", max_position_embeddings=514),
            "gliner": libraries.write(tmp_path / "g", "gliner_config.json", max_len=384, tokens=512)}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody opened a connection")
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(spacy.cli, "download", refuse)


ENGINES = pytest.mark.parametrize("engine", ["spacy", "transformers", "gliner"])


def detector(engine: str, folder: Path | None, **options: Any) -> RuleDetector:
    return build_detector(DetectorOptions(names=engine, names_model=folder, **options))


def found(detector: RuleDetector, text: str, entity: str = "PERSON") -> set[str]:
    return {text[f.start:f.end] for f in detector.find(Passage(text)) if f.entity == entity}


def refusal(engine: str, folder: Path | None, **options: Any) -> str:
    with pytest.raises(GatewayError) as refused:
        detector(engine, folder, **options)
    assert refused.value.code == "pruefung_nicht_verfuegbar"
    assert "\n" not in refused.value.message
    return refused.value.message


@ENGINES
def test_an_engine_finds_persons_and_nothing_else_unless_configured(engine: str, folders: dict[str, Path]) -> None:
    text = "Gestern war Sabine Krüger aus Gütersloh da, Hundesteuer bezahlt."
    house = detector(engine, folders[engine])
    assert found(house, text) == {"Sabine Krüger"}
    assert {f.entity for f in house.find(Passage(text))} == {"PERSON"}
    place = "Ort" if engine == "gliner" else "LOC"
    person = "Person" if engine == "gliner" else "PER"
    wider = detector(engine, folders[engine], names_labels={person: "PERSON", place: "ADDRESS"})
    assert found(wider, text) == {"Sabine Krüger"}
    assert found(wider, text, "ADDRESS") == {"Gütersloh"}


@ENGINES
def test_every_name_of_a_long_text_is_found_where_it_stands(engine: str, folders: dict[str, Path]) -> None:
    chance = random.Random(7)
    parts: list[str] = []
    for number in range(60):
        parts.append(FILLER * chance.randint(0, 9) + "😀 é e\u0301 "[:chance.randint(0, 8)])
        parts.append(f"Dabei war {libraries.NAMES[number % 4]}, wie immer. ")
    text = "".join(parts)
    expected = sorted((at, at + len(name)) for name in libraries.NAMES for at in range(len(text))
                      if text.startswith(name, at))
    assert len(expected) == 60
    spans = {(f.start, f.end) for f in detector(engine, folders[engine]).find(Passage(text)) if f.entity == "PERSON"}
    assert [span for span in expected if span not in spans] == []


@ENGINES
def test_half_a_surrogate_pair_and_an_unbroken_line_are_read_as_well(engine: str, folders: dict[str, Path]) -> None:
    house = detector(engine, folders[engine])
    assert found(house, "\ud83d Dabei war Otto Weber\udc80 " + "x" * 20_000) == {"Otto Weber"}
    assert found(house, "x" * 20_000 + " Otto Weber") == {"Otto Weber"}
    assert found(house, " \n\ud800 ") == set()


@ENGINES
def test_an_engine_works_beside_the_compact_model_and_the_better_score_stays(
        engine: str, folders: dict[str, Path]) -> None:
    text = "Gestern schrieb Otto Weber an Nguyễn Thị Hạnh, und Herr Tobias Schneider war auch da. Linde fehlte."
    alone, beside, compact = (detector(name, folders[engine]) for name in (engine, f"kompakt+{engine}", "kompakt"))
    scores = [{(f.start, f.end): f for f in house.find(Passage(text))} for house in (alone, compact, beside)]
    for span, best in scores[2].items():
        others = [one[span] for one in scores[:2] if span in one]
        assert best.score == max(f.score for f in others)
        assert best.certain >= max(f.certain for f in others)
    assert found(beside, text) >= {"Otto Weber", "Nguyễn Thị Hạnh", "Tobias Schneider"}


@ENGINES
def test_a_sure_finding_is_one_whose_score_says_so(engine: str, folders: dict[str, Path]) -> None:
    text = "Gestern kam Otto Weber, und Linde kam auch."
    for finding in detector(engine, folders[engine]).find(Passage(text)):
        assert finding.certain == (finding.score >= common.CERTAIN)
        assert finding.certain == (text[finding.start:finding.end] == "Otto Weber")


@ENGINES
def test_a_model_is_asked_by_one_thread_at_a_time_and_never_on_the_event_loop(
        engine: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    house = detector(engine, folders[engine], threads=4)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: found(house, f"{n}. Dabei war Otto Weber."), range(40)))
    assert results == [{"Otto Weber"}] * 40
    names: list[str] = []

    def look(*_: object) -> None:
        names.append(threading.current_thread().name)
    monkeypatch.setattr(reading.Reading, "look", look)
    asyncio.run(house.inspect([Passage("kurz")]))
    assert names[0].startswith("pruefung")


@ENGINES
def test_a_folder_that_is_missing_or_no_model_stops_the_start(engine: str, tmp_path: Path,
                                                              folders: dict[str, Path]) -> None:
    for nothing in (None, tmp_path / "nirgends"):
        assert "KI_PFORTE_NAMES_MODEL" in refusal(engine, nothing)
    empty = tmp_path / "leer"
    empty.mkdir()
    assert "config" in refusal(engine, empty)
    for file in ("config.cfg", "config.json", "gliner_config.json"):
        (empty / file).write_text("[[[", encoding="utf-8")
    assert str(empty) in refusal(engine, empty)


@pytest.mark.parametrize(("engine", "library"), [("spacy", "spacy"), ("transformers", "transformers"),
                                                 ("transformers", "torch"), ("gliner", "gliner")])
def test_a_missing_library_stops_the_start_and_says_what_to_install(
        engine: str, library: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert f"pip install 'ki-pforte[{engine}]'" in refusal(engine, folders[engine])


def test_a_model_that_could_never_find_a_person_stops_the_start(
        tmp_path: Path, folders: dict[str, Path], ruler: Path) -> None:
    untrained = libraries.write(tmp_path / "u", "config.json", max_position_embeddings=64,
                                labels=["LABEL_0", "LABEL_1"])
    said = refusal("transformers", untrained)
    assert "LABEL_0" in said
    assert "KI_PFORTE_NAMES_LABELS" in said
    assert "MISC" in refusal("spacy", ruler, names_labels={"NAME": "PERSON"})
    assert "LOC" in refusal("spacy", ruler, names_labels={"PER": "PERSON", "STREET": "ADDRESS"})
    assert "PERSON" in refusal("gliner", folders["gliner"], names_labels={"ort": "ADDRESS"})
    blank = tmp_path / "blank"
    spacy.blank("de").to_disk(blank)
    assert "de_core_news_lg" in refusal("spacy", blank)


def test_a_gliner_model_that_brings_code_along_is_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    base = libraries.write(tmp_path / "base", "config.json", auto_map={"AutoModel": "code.Model"})
    inside = libraries.write(tmp_path / "a", "gliner_config.json", encoder_config={"auto_map": {}})
    beside = libraries.write(tmp_path / "b", "gliner_config.json", model_name=str(base))
    for folder in (inside, beside):
        assert "auto_map" in refusal("gliner", folder)


def test_a_tokenizer_that_would_cut_off_stops_the_start(tmp_path: Path, folders: dict[str, Path]) -> None:
    slow = libraries.write(tmp_path / "slow", "config.json", max_position_embeddings=514, fast=False)
    assert "tokenizer.json" in refusal("transformers", slow)


@pytest.mark.parametrize("positions", [32, 66, 514, 8192])
def test_a_transformers_model_reads_everything_whatever_its_length(
        positions: int, tmp_path: Path, folders: dict[str, Path]) -> None:
    small = libraries.write(tmp_path / "small", "config.json", max_position_embeddings=positions)
    text = "".join(f"{FILLER}{name}. " for name in libraries.NAMES * 3)
    assert found(detector("transformers", small), text) == set(libraries.NAMES)


@pytest.mark.parametrize(("words", "tokens"), [(48, 512), (384, 60), (4096, 10**30)])
def test_a_gliner_model_reads_everything_whatever_its_length(
        words: int, tokens: int, tmp_path: Path, folders: dict[str, Path]) -> None:
    small = libraries.write(tmp_path / "small", "gliner_config.json", max_len=words, tokens=tokens)
    text = "".join(f"{FILLER}{name}. " for name in libraries.NAMES * 3)
    assert found(detector("gliner", small), text) == set(libraries.NAMES)


def test_a_model_that_fails_at_work_refuses_the_request_and_tells_no_text(
        tmp_path: Path, folders: dict[str, Path], caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch) -> None:
    folder = libraries.write(tmp_path / "b", "config.json", max_position_embeddings=514)
    house = detector("transformers", folder)
    rules = names_rules("transformers", folder, {})
    assert [rule.name for rule in rules] == ["TRANSFORMERS"]

    def fail(_: object, text: str) -> None:
        raise RuntimeError(text)
    monkeypatch.setattr(libraries.Pipeline, "__call__", fail)
    with pytest.raises(GatewayError) as refused:
        asyncio.run(house.inspect([Passage("Dabei war Otto Weber.")]))
    assert "Weber" not in f"{refused.value.message}{refused.value.hint}{caplog.text}"
    assert refused.value.__cause__ is None


def test_names_do_not_pile_up_in_the_vocabulary_of_spacy(ruler: Path) -> None:
    loaded: list[Any] = []
    original = spacy.load

    def load(*args: Any, **kwargs: Any) -> Any:
        loaded.append(original(*args, **kwargs))
        return loaded[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spacy, "load", load)
        house = detector("spacy", ruler)
    strings = loaded[0].vocab.strings
    house.find(Passage("Warm laufen."))
    before = len(strings)
    for number in range(300):
        assert found(house, f"Dabei war Otto Weber, ferner Xaverl{number:04}huber und Qwertz{number:04}ova.") >= {
            "Otto Weber"}
    gc.collect()
    assert len(strings) == before
    assert "Xaverl0007huber" not in strings


def test_a_trained_pipeline_works_and_pipes_that_names_do_not_need_are_off(tmp_path: Path) -> None:
    folder = libraries.spacy_trained(tmp_path / "paket" / "de_klein-1.0")
    house = detector("spacy", tmp_path / "paket")
    assert found(house, "Gestern schrieb Sabine Krüger an das Amt.") == {"Sabine Krüger"}
    assert found(house, "Das Amt schrieb gestern.") == set()
    nlp = spacy.load(folder)
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tagger")
    assert spacy_engine._offered(nlp, folder) == {"PER"}
    assert nlp.pipe_names == ["ner", "sentencizer"]


def test_the_switches_that_keep_libraries_offline_are_set() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"
    constants = sys.modules.get("huggingface_hub.constants")
    assert constants is None or constants.HF_HUB_OFFLINE


def test_no_large_library_is_imported_unless_it_was_chosen() -> None:
    program = ("import json, sys\nfrom gateway.detection import build_detector\nbuild_detector()\n"
               "print(json.dumps(sorted({'transformers', 'gliner', 'stanza'} & set(sys.modules))))")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True,
                          cwd=Path(__file__).parents[3])
    assert json.loads(done.stdout) == []


def test_no_names_at_all_is_possible_and_an_unknown_engine_is_not() -> None:
    text = "Gestern war Otto Weber da."
    assert found(detector("keine", None), text) == set()
    assert found(detector("kompakt", None), text) == {"Otto Weber"}
    assert "kompakt" in refusal("flair", None)


@given(st.text(alphabet=st.sampled_from("aB ü\n\U0001f600.1"), max_size=4000), st.integers(40, 600))
def test_windows_cover_a_text_and_what_is_read_fits(text: str, most: int) -> None:
    cut = list(windows.pieces(text, lambda part: len(part) <= most + 2 * windows.REACH))
    assert [p.lo for p in cut] == [0, *[p.hi for p in cut][:-1]]
    assert cut[-1].hi == len(text)
    assert all(p.begin <= p.lo <= p.hi <= p.end for p in cut)


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_a_span_becomes_whole_words_and_loses_no_letter(text: str, a: int, b: int) -> None:
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    left, right = common.whole_words(text, start, end)
    assert 0 <= left <= right <= len(text)
    assert text[start:end].strip() in text[left:right]
    if left < right:
        assert not text[left].isspace()
        assert not text[right - 1].isspace()
        assert right == len(text) or not (text[right - 1].isalpha() and text[right].isalpha())


def test_an_offset_outside_the_text_is_an_error() -> None:
    find = common.guarded(lambda text: [common.Hit(0, len(text) + 1, "PERSON", 0.9)])
    with pytest.raises(ValueError, match="outside"):
        list(find("Weber"))
    plain = common.guarded(lambda text: [common.Hit(1, 3, "PERSON", 0.9), common.Hit(5, 6, "PERSON", 1.5)])
    assert list(plain("Weber,")) == [Finding(0, 5, "PERSON", 0.9, "modell", ordinary=(0,))]
