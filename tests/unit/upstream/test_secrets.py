"""Provider keys: where they come from, and what is said when they are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.upstream.secrets import Secrets


def write(folder: Path, name: str, value: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(value, "utf-8")
    return path


def test_the_environment_wins_over_the_file_and_a_provider_without_a_key_needs_none(tmp_path: Path) -> None:
    write(tmp_path, "A_KEY", "from-file\n")
    assert Secrets(tmp_path, {"A_KEY": " from-environment "}).get("A_KEY") == "from-environment"
    assert Secrets(tmp_path, {}).get("A_KEY") == "from-file"
    assert Secrets(tmp_path, {}).get(None) == ""


def test_a_file_that_changed_counts_from_the_next_request_on(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, {})
    path = write(tmp_path, "A_KEY", "first")
    assert secrets.get("A_KEY") == "first"
    path.write_text("other", "utf-8")
    os.utime(path, ns=(1, 1))
    assert secrets.get("A_KEY") == "other"
    path.unlink()
    with pytest.raises(GatewayError):
        secrets.get("A_KEY")


def test_a_missing_key_says_which_variable_to_set_to_the_operator_only(tmp_path: Path) -> None:
    with pytest.raises(GatewayError) as caught:
        Secrets(tmp_path, {"A_KEY": " "}).get("A_KEY")
    assert caught.value.code == "anbieter_fehler"
    assert "set A_KEY" in caught.value.hint
    assert "secrets/A_KEY" in caught.value.hint
    assert "A_KEY" not in caught.value.message


@pytest.mark.parametrize("name", ["../A_KEY", "a/b", "", "A KEY", "A_KEY\n", ".."])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    write(tmp_path, "A_KEY", "value")
    with pytest.raises(GatewayError):
        Secrets(tmp_path / "secrets", {}).get(name)


@pytest.mark.parametrize("value", ["two\nlines", "schlüssel", "tab\tkey"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(GatewayError) as caught:
        Secrets(tmp_path, {"A_KEY": value}).get("A_KEY")
    assert value not in caught.value.hint


def test_a_file_that_others_may_read_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "A_KEY", "x").chmod(0o644)
    write(tmp_path, "B_KEY", "x").chmod(0o600)
    assert Secrets(tmp_path, {}).open_files(["A_KEY", "B_KEY", "C_KEY", "../x"]) == ["A_KEY"]
