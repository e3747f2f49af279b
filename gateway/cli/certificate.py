"""``ki-pforte pass verify`` and ``pass issuer``: certificates of other towns checked, the keys of this one shown.

Checking needs no network, no database and no policies: a file, the keys of whoever issued it, and a clock.
"""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, cannot_run, emit, in_german, note, say
from gateway.cli.views import Json, day

Keys = Annotated[Path | None, typer.Option("--issuer-keys", help="Die Datei /.well-known/ki-pass.json der Stelle, die "
                                                                "den Nachweis ausgestellt hat.")]
Key = Annotated[Path | None, typer.Option("--key", help="Ein öffentlicher Schlüssel allein (JWK oder PEM).")]
