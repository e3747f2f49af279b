"""``ki-pforte migrate``: once it does something, the second time it says that nothing was to be done."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.gateway_process import ROOT, GatewayProcess


def test_the_databases_are_brought_up_once(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path / "home", ROOT / "policies", "http://127.0.0.1:1/v1")
    assert json.loads(gateway.cli("migrate", "--json").stdout) == {"changed": True}
    assert json.loads(gateway.cli("migrate", "--json").stdout) == {"changed": False}
    assert "waren schon" in gateway.cli("migrate").stdout
    assert (tmp_path / "home" / "protokoll.db").exists()
