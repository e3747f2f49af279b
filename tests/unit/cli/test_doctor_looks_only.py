"""The doctor looks. Where there is no house, it makes none: no database, no ledger, above all no keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_doctor_makes_nothing_where_nothing_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ran = subprocess.run([sys.executable, "-m", "gateway", "doctor", "--offline"], cwd=ROOT, capture_output=True,
                         text=True, timeout=300, check=False,
                         env={**os.environ, "KI_PFORTE_HOME": str(home), "KI_PFORTE_POLICIES": str(ROOT / "policies")})
    said = " ".join(ran.stdout.split())
    assert (ran.returncode, ran.stderr.count("Traceback")) == (1, 0), ran.stderr
    assert "Ein Protokoll gibt es hier nicht" in said
    assert "Die Datenbank ist leer" in said
    assert list(home.iterdir()) == []
