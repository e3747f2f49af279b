"""``ki-pforte init`` at a real terminal: five answers, a house that works; stopping changes nothing."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.founding import founding
from gateway.policy import load_policies
from gateway.settings import load
from tests.support.gateway_process import ROOT

PATIENCE = 180
FIVE = [("Name der Verwaltung: ", "Gemeinde Süd-Öhringen „Neu“\n"), ("8080]: ", "\n"),
        ("E-Mail-Adresse: ", "Ída Téchnik <ida@sued.example>\n"), ("E-Mail-Adresse: ", "dora@gmx.de Dora Schütz\n"),
        ("Nummer [1]: ", "1\n")]
"""What is asked, and what is typed then."""


def at_a_terminal(folder: Path, typed: list[tuple[str, str]], **more: str) -> tuple[int, str]:
    """Type each answer when its question stands there; return the exit code and what stood on the screen."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KI_PFORTE_")} | {
        "PYTHONPATH": str(ROOT), "TERM": "dumb", "LC_ALL": "C.UTF-8", **more}
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "gateway", "init"], cwd=folder, env=environment, stdin=theirs,
                               stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown, read, left = b"", 0, list(typed)
    try:
        while piece := _piece(ours):
            shown += piece
            if left and (found := shown.find(left[0][0].encode(), read)) >= 0:
                read = found + len(left[0][0].encode())
                os.write(ours, left.pop(0)[1].encode())
        code = process.wait(PATIENCE)
    finally:
        os.close(ours)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
    return code, shown.decode("utf-8", "replace").replace("\r\n", "\n")


def _piece(terminal: int) -> bytes:
    assert select.select([terminal], [], [], PATIENCE)[0], "nothing comes, and the program has not ended"
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when nobody holds the other side any more
        return b""


def test_five_answers_set_up_a_house_in_a_folder_with_a_space_and_a_second_time_changes_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mein haus"
    folder.mkdir()
    code, shown = at_a_terminal(folder, [*FIVE, ("[ja]: ", "\n")])
    assert code == 0, shown
    assert "So ist es eingestellt" in shown
    assert "sued.example/ki-pforte/1" in shown
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("KI_PFORTE_")]:
        monkeypatch.delenv(name)
    assert founding.inhabited(load())
    assert load_policies(load().policies).organisation.name == FIVE[0][1].strip()
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    code, shown = at_a_terminal(folder, [])
    assert code == 0, shown
    assert "schon eingerichtet" in shown
    assert before == {path: path.read_bytes() for path in folder.rglob("*.yaml")}


@pytest.mark.parametrize("last", ["nein\n", "\x04"], ids=["no", "end"])
def test_stopping_before_the_end_changes_nothing(tmp_path: Path, last: str) -> None:
    code, shown = at_a_terminal(tmp_path, [*FIVE, ("[ja]: ", last)])
    assert code == 1, shown
    assert "Es wurde nichts geändert" in shown
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "datei").write_text("")
    code, shown = at_a_terminal(tmp_path, [], KI_PFORTE_HOME=str(tmp_path / "datei" / "haus"))
    assert code == 3, shown
    assert "ist eine Datei" in shown
    assert "1 von 5" not in shown
