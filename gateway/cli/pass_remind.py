"""``ki-pforte pass remind``: e-mails to people whose KI-Pass ends or who have a new agreement to read."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, emit, note, say, speaks


@speaks
def remind(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur zeigen, wie viele Personen erinnert würden.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Erinnert per E-Mail, bevor ein KI-Pass endet und wenn eine neue Dienstvereinbarung zu lesen ist."""
    from gateway.registry import index, reminders
    from gateway.registry.books import COMMAND_LINE
    from gateway.registry.mail import MailError
    from gateway.registry.reminding import mailer_of, template_of
    from gateway.settings import load
    settings, books = load(), context(ctx).books
    while index.refresh(books):
        pass
    if dry_run:
        found = reminders.due(books, settings.remind_stages)
        reasons = reminders.counted(found)
        if json:
            return emit({"people": len(found), "reasons": reasons})
        for reason, count in sorted(reasons.items()):
            say(f"{reason}: {count}")
        return note(f"{len(found)} Personen würden erinnert. Probelauf: es wurde nichts verschickt.")
    mailer = mailer_of(settings)
    if mailer is None:
        raise CliError("Es ist kein Mailserver eingestellt. Bitte setzen Sie KI_PFORTE_SMTP_HOST und "
                       "KI_PFORTE_SMTP_FROM.", Exit.MISUSE)
    try:
        done = reminders.send(books, COMMAND_LINE, mailer, settings.remind_stages, template_of(settings))
    except MailError as error:
        raise CliError(str(error), Exit.CANNOT_RUN) from None
    if json:
        emit({"sent": done.sent, "failed": done.failed})
    else:
        note(f"{done.sent} Erinnerungen verschickt, {done.failed} nicht angenommen. Der nächste Lauf versucht diese "
             "noch einmal.")
    if done.failed:
        raise typer.Exit(int(Exit.FOUND))
    return None
