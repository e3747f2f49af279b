"""The next version of the house, made from this one: another number, and one more step in each of the two databases.

The steps only add, as the rule wants it (docs/aktualisieren.md): a table, and a column with a default where requests
are written down. Their revisions say that this version works with them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from audit.store import tables as ledger
from gateway import __version__
from gateway.store.migrate import revisions
from tests.support.gateway_process import ROOT

NEXT = "99.0.0"
_STEP = '''"""What the next version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.String(16), primary_key=True))
    op.add_column("{table}", sa.Column("of_the_next", sa.Integer, nullable=False, server_default="7"))
'''


def next_version(folder: Path) -> Path:
    """Make it in `folder`; return where it is started."""
    for name in ("gateway", "audit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    _replace(folder / "gateway/__init__.py", f'"{__version__}"', f'"{NEXT}"')
    _step(folder / "gateway/store/migrations/versions", revisions()[-1], "api_key")
    after = _step(folder / "audit/store/migrations/versions", ledger.HEAD, "audit_record")
    _replace(folder / "audit/store/tables.py", f'HEAD: Final = "{ledger.HEAD}"', f'HEAD: Final = "{after}"')
    return folder


def _step(versions: Path, before: str, table: str) -> str:
    number = before.partition("ab")[0]
    revision = f"{int(number) + 1:04}ab{number}"
    (versions / f"{revision}_next.py").write_text(
        _STEP.format(revision=revision, before=before, table=table), encoding="utf-8")
    return revision


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path.name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
