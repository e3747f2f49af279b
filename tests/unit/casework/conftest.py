from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.casework import Case, open_case
from tests.support.web_house import open_house


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty house: its tables are made once for all tests."""
    folder = tmp_path_factory.mktemp("house")
    with open_house(folder):
        pass
    return folder


@pytest.fixture
def case(empty_house: Path, tmp_path: Path) -> Iterator[Case]:
    with open_case(Path(shutil.copytree(empty_house, tmp_path / "house"))) as opened:
        yield opened
