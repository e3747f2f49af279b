"""No model library of this process reaches out: the switches that say so, set before any of them is imported.

`gateway.detection` sets `SWITCHES` before it imports anything else: the hub's client reads its switch once, at import.
Every load says "local files only" as well, so that the switch is not the only lock on the door. `hidden` and `hollow`
keep presidio from importing what we do not use: the large libraries, which cost hundreds of MB; spaCy, with a command
line and two clients of HTTP, a fifth of the start; its own recognizers, whose patterns cost a sixth.

What it does not know: libraries that ignore both; the deployment should not let this process out to strange hosts
anyway.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

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


@contextmanager
def hollow(*libraries: str) -> Iterator[None]:
    """Let `libraries`, or parts of one, be imported as shells, unless they are loaded already: every name is there and
    means nothing.

    For what others import without need. Whoever imports it afterwards gets the real one.
    """
    finder = _Hollow({name for name in libraries if name not in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _Shell)]:
            del sys.modules[name]
            above, _, part = name.rpartition(".")
            if above in sys.modules:
                vars(sys.modules[above]).pop(part, None)


class _Nothing(type):
    """A class with every attribute, each of them itself; calling it gives itself, so it may decorate as well."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls


class _Shell(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(name, (), {})


class _Hollow(MetaPathFinder, Loader):
    """Finds a shell for each of some libraries and for everything below it."""

    def __init__(self, libraries: Set[str]) -> None:
        self._libraries = libraries

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
                  ) -> ModuleSpec | None:
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in self._libraries):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Shell(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do."""
