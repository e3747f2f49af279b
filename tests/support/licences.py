"""The list of licences of what an installation contains: one row per package of ``requirements.lock``.

What a package says of itself: the SPDX expression (PEP 639) or, with older packages, its words and classifiers.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).parents[2] / "requirements.lock"
NOT_EVERYWHERE: Final = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause"}
"""Packages that only other systems or other versions of Python install."""
_WORDS: Final = {
    "MIT": "MIT", "MIT License": "MIT", "The MIT License (MIT)": "MIT", "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "ISC License": "ISC", "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "LGPL": "LGPL-2.1-or-later"}
_SPDX: Final = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def locked() -> dict[str, str]:
    """Return each package of the lock file with its version."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))


def licence(package: str) -> str:
    """Return what a package says about its licence, as an SPDX expression. Raises KeyError where we cannot tell."""
    try:
        said = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return NOT_EVERYWHERE[package]
    if expression := said.get("License-Expression"):
        return str(expression)
    word = str(said.get("License") or "").split("\n")[0].strip()
    if word in _WORDS:
        return _WORDS[word]
    if word and _SPDX.fullmatch(word):
        return word
    classes = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier") or [] if c.startswith("License ::")]
    return " OR ".join(_WORDS[c] for c in classes)


def table() -> tuple[str, str]:
    """Return what the page says before its table, and the table."""
    found = locked()
    known = {name: licence(name) for name in found}
    counts = Counter(known.values())
    summary = ", ".join(f"{expression} ({count})" for expression, count in sorted(
        counts.items(), key=lambda item: (-item[1], item[0])))
    rows = "\n".join(f"| {name} | {found[name]} | {expression} |" for name, expression in sorted(known.items()))
    return f"""\
Die KI-Pforte steht unter der EUPL-1.2. Eine Installation enthält außerdem die Pakete aus `requirements.lock`, jedes mit
Fassung und Prüfsumme festgelegt, unter diesen Lizenzen (nach eigener Angabe der Pakete):

{summary}.

Pakete unter LGPL werden unverändert als eigene Pakete genutzt und lassen sich austauschen. Die Schrift Fira Sans in den
PDF-Dateien steht unter der SIL Open Font License 1.1.
""", f"| Paket | Fassung | Lizenz |\n|---|---|---|\n{rows}"
