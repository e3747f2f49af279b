"""What several processes counted, in one answer that Prometheus' own reader understands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry.metrics import PrometheusMetrics
from gateway.telemetry.workers import Workers, merged


def counted(refusals: int, digest: str = "ab", model: str = "demo") -> bytes:
    metrics = PrometheusMetrics("1", str)
    metrics.exchange("chat", "bauamt", model, "allowed")
    metrics.policy(digest)
    metrics.stage("inspect", 0.02)
    for _ in range(refusals):
        metrics.refusal("inhalt_gesperrt")
    return metrics.render()


def samples(text: bytes | str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    said = text.decode() if isinstance(text, bytes) else text
    return {(s.name, frozenset(s.labels.items())): s.value
            for family in text_string_to_metric_families(said) for s in family.samples if s.value == s.value}


@settings(max_examples=20)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_sample_of_every_process_is_there_with_its_number_and_nothing_else(name: str) -> None:
    texts = {0: counted(2, model=name).decode(), 3: counted(5, digest=name).decode()}
    wanted = {(metric, labels | {("worker", str(number))}): value
              for number, text in texts.items() for (metric, labels), value in samples(text).items()}
    assert samples(merged(texts)) == wanted


def test_each_metric_has_one_head_and_its_samples_stand_under_it() -> None:
    lines = merged({0: counted(1).decode(), 1: counted(1).decode()}).splitlines()
    heads = [line for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    family = ""
    for line in lines:
        if line.startswith("# TYPE"):
            family = line.split()[2]
        elif not line.startswith("#"):
            assert line.startswith(family)


def test_who_is_asked_answers_for_all_that_live(tmp_path: Path) -> None:
    one, other = Workers(tmp_path, 2), Workers(tmp_path, 2)
    (tmp_path / "5-1.prom").write_bytes(b"")  # nothing of it may disturb
    other.publish(counted(4))
    found = samples(one.together(counted(3)))
    name = "ki_pforte_refusals_total"
    assert found[name, frozenset({("code", "inhalt_gesperrt"), ("worker", "0")})] == 3
    assert found[name, frozenset({("code", "inhalt_gesperrt"), ("worker", "1")})] == 4
    other.close()
    assert not any(("worker", "1") in labels for _, labels in samples(one.together(counted(3))))
    one.close()


def test_a_dead_process_says_nothing_and_its_number_is_free(tmp_path: Path) -> None:
    code = ("import sys, os; from pathlib import Path; from gateway.telemetry.workers import Workers\n"
            "w = Workers(Path(sys.argv[1]), 2); w.publish(b'# HELP a b\\n# TYPE a gauge\\na 1.0\\n'); os._exit(9)")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[3], check=False,
                          timeout=60)
    assert done.returncode == 9
    left, = tmp_path.glob("0-*.prom")
    one = Workers(tmp_path, 2)
    assert not left.exists()
    other = Workers(tmp_path, 2)
    left.with_name(left.name.replace("0-", "1-")).write_text("# HELP a b\n# TYPE a gauge\na 1.0\n")
    assert b"a{" not in one.together(b""), "nobody lives there"
    one.close()
    other.close()


def test_more_processes_than_numbers_is_an_error_and_no_silence(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.telemetry.workers._PATIENCE", 1)
    only = Workers(tmp_path, 1)
    with pytest.raises(RuntimeError, match="more processes"):
        Workers(tmp_path, 1)
    only.close()
    assert sorted(os.listdir(tmp_path)) == ["0.lock"]


def test_a_number_whose_process_is_by_now_somebody_elses_is_not_counted(tmp_path: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int, signal: int) -> None:
        raise PermissionError
    workers = Workers(tmp_path, 2)
    (tmp_path / "1-4711.prom").write_bytes(counted(1))
    monkeypatch.setattr(os, "kill", refuse)
    assert 'worker="1"' not in workers.together(counted(1)).decode()
    workers.close()
