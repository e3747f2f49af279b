from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.web.review import checking
from tests.support.web_house import House, open_house


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check ends before its page is shown, also on a machine that has much to do."""
    monkeypatch.setattr(checking, "PATIENCE", 300.0)


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty ledger: its tables are made once for all tests."""
    folder = tmp_path_factory.mktemp("house")
    with open_house(folder):
        pass
    return folder


@pytest.fixture
def house(empty_house: Path, tmp_path: Path) -> Iterator[House]:
    with open_house(Path(shutil.copytree(empty_house, tmp_path / "house"))) as opened:
        yield opened
