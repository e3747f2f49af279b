"""The papers of a new house, and what its recognition knows of it: its own name, and nothing of the example city.

Kept true: of each paper there is one version, 1.0, without a predecessor or a time of grace; nobody is asked to
acknowledge what another house agreed with its staff council. The agreement says that it is a draft until the house
publishes its own. Courses stay as they are: they name no house.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

EXAMPLE: Final = "Stadt Musterstadt"
_VERSION: Final = "1.0"
_DATED: Final = re.compile(r"^Fassung [0-9.]+, gültig ab .*$", re.M)
_HISTORY: Final = re.compile(r"\n+^In Fassung [0-9.]+ .*$", re.M)
_DRAFT: Final = {  # of the agreement
    "vertreten durch die Bürgermeisterin": "vertreten durch [Amt und Name]",
    "(1) Diese Fassung tritt am 1. Juni 2026 in Kraft und ersetzt die Fassung 2.0.":
        "(1) Diese Vereinbarung tritt am [Tag] in Kraft.",
}
_AGREEMENT: Final = "dienstvereinbarung"


def own_papers(folder: Path, name: str, yaml: Any) -> None:
    """Make the newest version of each paper the house's first."""
    path = folder / "ki-pass.yaml"
    data = yaml.load(path)
    texts: dict[Path, str] = {}
    for kind, versions in data["documents"].items():
        newest = versions[-1]
        texts[folder / "documents" / f"{kind}-{_VERSION}.md"] = _own(
            (folder / str(newest["file"])).read_text("utf-8"), name, draft=kind == _AGREEMENT)
        for version in versions:
            (folder / str(version["file"])).unlink()
        data["documents"][kind] = [{
            "version": _VERSION, "title": str(newest["title"]).replace(EXAMPLE, name),
            "file": f"documents/{kind}-{_VERSION}.md", "sha256": "", "valid_from": newest["valid_from"],
            "change": "wesentlich"}]
    for target, text in texts.items():
        target.write_text(text, encoding="utf-8")
        kind = target.name.removesuffix(f"-{_VERSION}.md")
        data["documents"][kind][0]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)


def own_recognition(path: Path, name: str) -> None:
    """Write what the recognition knows of the house: how it is called. All else it learns from its people."""
    path.write_text(
        "# yaml-language-server: $schema=schema/erkennung.json\n#\n"
        "# Was die KI-Pforte über dieses Haus wissen muss, um Angaben zu Personen sicher zu erkennen: eigene Nummern,\n"
        "# Ämter, Anschriften, Telefonnummern, die öffentlich sind und stehen bleiben. Was möglich ist:\n"
        "# docs/erkennung.md.\n"
        "# Nach einer Änderung prüfen:  ki-pforte policy check\n\n"
        f"version: 1\n\nown:\n  offices:\n    - {json.dumps(name, ensure_ascii=False)}\n", encoding="utf-8")


def _own(text: str, name: str, *, draft: bool) -> str:
    text = _HISTORY.sub("", text).replace(EXAMPLE, name)
    if not draft:
        return _DATED.sub(f"Fassung {_VERSION}", text)
    for before, after in _DRAFT.items():
        text = text.replace(before, after)
    return _DATED.sub("**Entwurf.** Er gilt, sobald Dienststelle und Personalrat ihn vereinbart und unterschrieben "
                      "haben; dann veröffentlicht das Haus seine eigene Fassung.", text)
