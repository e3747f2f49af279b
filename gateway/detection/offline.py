"""No model library of this process reaches out: the switches that say so, set before any of them is imported.

`gateway.detection` sets `SWITCHES` before it imports anything else: the hub's client reads its switch once, at import.
Every load says "local files only" as well, so that the switch is not the only lock on the door. `hidden` keeps
presidio from importing the large libraries for classes that we do not use: they cost hundreds of MB.

What it does not know: libraries that ignore both; the deployment should not let this process out to strange hosts
anyway.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SWITCHES: Final = {
    "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "false"}


def stay_offline() -> None:
    """Set the switches, also in a client of the hub that is loaded already."""
    os.environ.update(SWITCHES)
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        vars(constants)["HF_HUB_OFFLINE"] = True


@contextmanager
def hidden(*libraries: str) -> Iterator[None]:
    """Let `libraries` look as if they were not installed, unless they are loaded already."""
    absent = [name for name in libraries if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system takes it for "not there"
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
