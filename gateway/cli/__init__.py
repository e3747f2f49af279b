"""``ki-pforte``: argument parsing and words; what the commands do is elsewhere.

German help texts, English option names. ``--json``: standard output holds the JSON and nothing else. Exit codes: 0 ok,
1 found something, 2 misuse, 3 cannot run.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway import __version__
from gateway.cli.context import CliContext
from gateway.cli.german import carry_out
from gateway.cli.output import Exit, note, say

app = typer.Typer(name="ki-pforte", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  rich_markup_mode=None,
                  help="KI-Pforte: das KI-Gateway des Rathauses. Einstellungen: KI_PFORTE_* oder pforte.yaml in HOME.")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"KI-Pforte {__version__}")
        raise typer.Exit


@app.callback()
def _root(ctx: typer.Context, version: Annotated[bool, typer.Option(
        "--version", help="Zeigt die Version.", callback=_version, is_eager=True)] = False) -> None:
    from gateway.generation import read_policies
    from gateway.settings import SettingsError, load
    from gateway.telemetry import logs
    try:
        settings = load()
    except SettingsError as error:
        note(str(error))
        raise typer.Exit(Exit.CANNOT_RUN) from None
    logs.configure("warning", "text")

    def record(kind: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        from gateway.home import known_log_name, open_ledger
        from gateway.policy import PolicyErrors
        try:
            log_name = read_policies(settings.policies, settings).organisation.id
        except PolicyErrors:  # a switch must work while somebody mends the policies
            log_name = known_log_name(settings.home) or ""
            if not log_name:
                raise
        with open_ledger(settings, log_name) as ledger:
            ledger.append_wait(ledger.draft(kind, meta, subject=subject))

    def policies(folder: Path) -> Any:
        return read_policies(folder, settings)
    ctx.obj = CliContext(settings.database, settings.policies, record, policies, local_sign_in=settings.with_password,
                         address=settings.address)


def main() -> None:
    """Run ``ki-pforte``."""
    sys.exit(carry_out(app))


def _register() -> None:
    from gateway.cli import (
        audit_keep,
        audit_proof,
        audit_read,
        audit_sample,
        backup,
        certificate,
        init,
        inspect,
        migrate,
        pass_remind,
        pass_report,
        policy_change,
        policy_explain,
        policy_force,
        policy_test,
        run,
    )
    from gateway.cli.audit import audit_app
    from gateway.cli.audit_content import content_app
    from gateway.cli.case import case_app
    from gateway.cli.client import client_app
    from gateway.cli.document import document_app
    from gateway.cli.key import key_app
    from gateway.cli.model import model_app
    from gateway.cli.passes import pass_app
    from gateway.cli.person import person_app
    from gateway.cli.policy import policy_app
    from gateway.cli.reid import reid_app
    from gateway.cli.report import report_app
    for command in (run.serve, init.init, run.doctor, migrate.migrate, run.train, backup.backup, backup.restore,
                    inspect.redact, inspect.evaluate):
        app.command()(command)
    policy_app.command("test")(policy_test.run_suites)
    policy_app.command()(policy_test.schema)
    policy_app.command("explain")(policy_explain.explain_decision)
    for change in (policy_change.diff, policy_change.simulate, policy_force.shadow, policy_force.promote,
                   policy_force.approve, policy_force.status):
        policy_app.command()(change)
    pass_app.command()(certificate.verify)
    pass_app.command()(certificate.issuer)
    pass_app.command()(pass_report.report)
    pass_app.command()(pass_remind.remind)
    for keeping in (audit_keep.prune, audit_keep.delete, audit_keep.hold, audit_keep.release, audit_keep.erase,
                    audit_keep.move, audit_keep.anchor, audit_keep.witness, audit_proof.proof,
                    audit_sample.sample):
        audit_app.command()(keeping)
    for reading in (audit_read.tail, audit_read.export, audit_read.citizen):
        audit_app.command()(reading)
    audit_app.command("list")(audit_read.list_)
    audit_app.command("self")(audit_read.self_)
    audit_app.command("rotate-key")(audit_keep.rotate_key)
    audit_app.command()(audit_keep.successor)
    audit_app.add_typer(content_app)
    for group in (person_app, key_app, client_app, pass_app, document_app, policy_app, model_app, audit_app,
                  reid_app, case_app, report_app):
        app.add_typer(group)


_register()
