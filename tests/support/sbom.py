"""The bill of materials: every locked package with its version and checksums, as CycloneDX.

``python -m tests.support.sbom FILE``. It names no time and no random number: the same lock gives the same file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def bill() -> dict[str, Any]:
    """Return it."""
    done = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "requirements.lock"), "--pyproject",
         str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-reproducible", "--of", "JSON",
         "--sv", "1.6"], capture_output=True, text=True, timeout=120, check=True)
    made: dict[str, Any] = json.loads(done.stdout)
    for component in made["components"]:
        component.pop("description", None)  # the line of the lock, once more
        # Where packages came from on the machine that made it is nobody's business.
        component["externalReferences"] = [
            {"type": "distribution", "url": component["purl"], "hashes": each["hashes"]}
            for each in component.get("externalReferences", []) if each.get("hashes")]
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made["metadata"]["component"]["version"] = about["version"]
    return made


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
