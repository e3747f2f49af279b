"""What is misspelt stops the start with one German sentence that says what to write, and exit code 3."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.gateway_process import ROOT


def serve(home: Path, *words: str, **settings: str) -> str:
    """Start the server, which must not come up; return what it says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KI_PFORTE_")}
    environment = {**clean, "KI_PFORTE_HOME": str(home), "KI_PFORTE_PORT": "0", **settings}
    done = subprocess.run([sys.executable, "-m", "gateway", "serve", *words], cwd=ROOT, env=environment,
                          capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_misspelt_variable(tmp_path: Path) -> None:
    assert serve(tmp_path, KI_PFORTE_PROT="8081").strip() == (
        "Die Einstellung KI_PFORTE_PROT gibt es nicht. Meinten Sie KI_PFORTE_PORT?")


def test_a_misspelt_key_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "pforte.yaml").write_text("log_levle: debug\n")
    said = serve(tmp_path)
    assert "log_levle" in said
    assert "Meinten Sie log_level?" in said
    assert "pforte.yaml" in said


def test_a_misspelt_key_of_a_policy_names_file_line_and_remedy(tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    path = policies / "departments" / "bauamt.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nuntrusted_tolls: [shell]\n", encoding="utf-8")
    line = len(path.read_text(encoding="utf-8").splitlines())
    said = serve(tmp_path / "home", KI_PFORTE_POLICIES=str(policies))
    assert f"bauamt.yaml:{line}" in said
    assert "untrusted_tools" in said


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = serve(tmp_path / "home", "--port", str(port))
    assert f"127.0.0.1:{port}" in said
    assert "--port" in said


def test_a_folder_of_policies_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    said = serve(tmp_path / "home", KI_PFORTE_POLICIES=str(tmp_path / "nirgends")).splitlines()
    assert len(said) == 2
    assert str(tmp_path / "nirgends") in said[1]
    assert "KI_PFORTE_POLICIES" in said[1]


def test_with_several_processes_what_is_wrong_is_said_once_and_none_of_them_begins(tmp_path: Path) -> None:
    said = serve(tmp_path / "home", "--workers", "3", KI_PFORTE_POLICIES=str(tmp_path / "nirgends"))
    assert said.count("gibt es nicht") == 1
    assert "uvicorn" not in said


def test_with_several_processes_what_only_they_can_know_ends_them_all_in_words(tmp_path: Path) -> None:
    said = serve(tmp_path / "home", "--workers", "2", KI_PFORTE_NAMES_ENGINE="spacy",
                 KI_PFORTE_NAMES_MODEL=str(tmp_path / "nirgends"))
    assert "Der Ordner mit dem Modell für „spacy“ fehlt" in said


def test_a_web_server_in_front_is_named_by_its_address(tmp_path: Path) -> None:
    said = serve(tmp_path, KI_PFORTE_TRUSTED_PROXIES="*")
    assert said.startswith("KI_PFORTE_TRUSTED_PROXIES: Erwartet wird eine Adresse")
