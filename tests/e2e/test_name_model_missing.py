"""A larger model of names that is not there keeps the server from starting, with one sentence and exit code 3."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.test_wrong_settings import serve


def test_the_server_does_not_start_without_the_model_and_says_which_folder(tmp_path: Path) -> None:
    folder = tmp_path / "modell"
    said = serve(tmp_path / "home", "--port", "0", KI_PFORTE_NAMES_ENGINE="kompakt+spacy",
                 KI_PFORTE_NAMES_MODEL=str(folder))
    assert str(folder) in said
    assert "KI_PFORTE_NAMES_MODEL" in said
    assert len(said.strip().splitlines()) == 1
