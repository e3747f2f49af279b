"""Reads a policy folder together with what the settings add to it, and notices when the folder changed."""

from __future__ import annotations

from pathlib import Path

from gateway.policy import PolicySet, load_policies, with_base_url, with_quickstart
from gateway.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
State = frozenset[tuple[str, int, int, int]]
"""Every file with its size, its time and its inode: what changed looks otherwise."""


def read_policies(folder: Path, settings: Settings) -> PolicySet:
    """Return the policies of `folder` with what the settings add. Raises `PolicyErrors`."""
    policies = load_policies(folder)
    if settings.public_url or settings.host in LOOPBACK:
        policies = with_base_url(policies, settings.address)
    if settings.openai_base_url:
        policies = with_quickstart(
            policies, base_url=settings.openai_base_url, model=settings.openai_model,
            dialects=settings.openai_dialects.split(","),
            api_key_env="KI_PFORTE_OPENAI_API_KEY" if settings.openai_api_key else None)
    return policies


def state_of(folder: Path) -> State:
    """Return how the files of a folder look from outside."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
            if path.is_file():
                found.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:  # an editor replaces files: the next look sees the new one
            continue
    return frozenset(found)
