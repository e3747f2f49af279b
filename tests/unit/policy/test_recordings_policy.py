"""What the policy files may say about recordings: models that write them down, and where sound may go."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gateway.policy import load_policies
from gateway.policy.problems import PolicyErrors
from gateway.policy.vocabulary import opaque_actions

SHIPPED = Path(__file__).parents[3] / "policies"


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    folder = tmp_path / "policies"
    if not folder.exists():
        shutil.copytree(SHIPPED, folder)
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_sound_is_let_through_in_the_house_alone() -> None:
    assert "pass" in opaque_actions("audio", True)
    assert "pass" not in opaque_actions("audio", False)


def test_a_policy_that_sends_sound_outside_is_none(tmp_path: Path) -> None:
    changed(tmp_path, "organisation.yaml", "audio: refuse", "audio: pass")
    assert load_policies(tmp_path / "policies")
    changed(tmp_path, "organisation.yaml", "audio: refuse", "audio: pass")
    with pytest.raises(PolicyErrors, match="„pass“ gibt es für „audio“ hier nicht"):
        load_policies(tmp_path / "policies")


def test_a_model_outside_cannot_be_one_that_writes_down_recordings(tmp_path: Path) -> None:
    text = (SHIPPED / "models.yaml").read_text(encoding="utf-8")
    entry = text[text.index("  eu-cloud:"):]
    line = next(line for line in entry.splitlines() if "dialects:" in line)
    folder = changed(tmp_path, "models.yaml", entry, entry.replace(line, "    dialects: [chat, transcriptions]", 1))
    with pytest.raises(PolicyErrors, match="„transcriptions“ gibt es nur bei Modellen im Haus"):
        load_policies(folder)


def test_the_example_in_the_register_is_valid_once_its_signs_are_removed(tmp_path: Path) -> None:
    text = (SHIPPED / "models.yaml").read_text(encoding="utf-8")
    begin = text.index("  # whisper-haus:")
    example = text[begin:text.index("\n\n", begin)]
    folder = changed(tmp_path, "models.yaml", example, re.sub("(?m)^  # ", "  ", example))
    folder = changed(tmp_path, "organisation.yaml", "    - vllm-haus\n", "    - vllm-haus\n    - whisper-haus\n")
    model = load_policies(folder).models["whisper-haus"]
    assert model.dialects == {"transcriptions"}
    assert model.in_house
