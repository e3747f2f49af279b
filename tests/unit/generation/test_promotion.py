"""The folders are exchanged in one step: whatever fails, the live folder is whole."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.generation import promotion
from gateway.generation.promotion import Staged

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    live, shadow = tmp_path / "policies", tmp_path / "probe"
    for folder, text in ((live, "alt"), (shadow, "neu")):
        (folder / "departments").mkdir(parents=True)
        (folder / "organisation.yaml").write_text(text, encoding="utf-8")
    (live / ".git").mkdir()
    (live / ".git" / "HEAD").write_text("ref", encoding="utf-8")
    (live / "departments" / "weg.yaml").write_text("alt", encoding="utf-8")
    (shadow / ".git").mkdir()
    return shadow, live


def said(folder: Path) -> str:
    return (folder / "organisation.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("atomic", [True, False])
def test_what_was_live_lies_beside_it_and_the_repository_stays(
        folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, atomic: bool) -> None:
    shadow, live = folders
    if not atomic:
        monkeypatch.setattr(promotion, "_exchanged", lambda *_: False)
    with Staged(shadow, live, NOW) as staged:
        backup = staged.exchange()
    assert (said(live), said(backup), said(shadow)) == ("neu", "alt", "neu")
    assert (live / ".git" / "HEAD").read_text(encoding="utf-8") == "ref"
    assert not (live / "departments" / "weg.yaml").exists()
    assert sorted(p.name for p in live.parent.iterdir()) == sorted(["policies", "probe", backup.name])


def test_what_is_not_exchanged_leaves_nothing_behind(folders: tuple[Path, Path]) -> None:
    shadow, live = folders
    with pytest.raises(RuntimeError), Staged(shadow, live, NOW):
        raise RuntimeError
    assert said(live) == "alt"
    assert sorted(p.name for p in live.parent.iterdir()) == ["policies", "probe"]


@pytest.mark.parametrize("which", [1, 2])
def test_a_rename_that_fails_is_taken_back(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch,
                                           which: int) -> None:
    shadow, live = folders
    monkeypatch.setattr(promotion, "_exchanged", lambda *_: False)
    real, calls = os.rename, list[Any]()

    def rename(one: Any, other: Any) -> None:
        calls.append(one)
        if len(calls) == which:
            raise OSError(errno.EBUSY, "busy", str(one))
        real(one, other)
    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError, match="busy"), Staged(shadow, live, NOW) as staged:
        staged.exchange()
    assert said(live) == "alt"
    assert (live / "departments" / "weg.yaml").exists()
    assert sorted(p.name for p in live.parent.iterdir()) == ["policies", "probe"]


def test_an_earlier_stand_of_the_same_second_is_not_touched(folders: tuple[Path, Path]) -> None:
    shadow, live = folders
    with Staged(shadow, live, NOW) as staged:
        backup = staged.exchange()
    with pytest.raises(FileExistsError):
        Staged(shadow, live, NOW)
    assert said(backup) == "alt"
