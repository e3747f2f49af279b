"""The first set-up in the browser, before there is a house: serves ``/setup`` until somebody has carried it out."""

from __future__ import annotations

import secrets
import socket
from typing import Any

from gateway.cli.output import CliError, Exit, note
from gateway.founding import founding
from gateway.model.first_setup import together
from gateway.policy import PolicyErrors
from gateway.settings import Settings, SettingsError, load
from gateway.store import ConflictError, InvalidError
from gateway.web.setup.wizard import Wizard

EXPECTED = (InvalidError, ConflictError, PolicyErrors, SettingsError)


def set_up_in_browser(settings: Settings, listening: socket.socket, options: dict[str, Any]) -> Settings:
    """Serve the set-up; return the settings that came of it. Ends with a sentence when it was stopped before."""
    import uvicorn

    if founding.inhabited(settings):
        raise CliError("Diese KI-Pforte ist schon eingerichtet: Es sind Personen eingetragen. Starten Sie sie ohne "
                       "--setup.", Exit.MISUSE)
    if problem := founding.in_the_way(settings):
        raise CliError(problem, Exit.CANNOT_RUN)
    code, server = secrets.token_urlsafe(32), None
    finished: list[bool] = []

    def done() -> None:
        finished.append(True)
        assert server is not None
        server.should_exit = True  # the last page is still sent

    wizard = Wizard(founding.all_steps(), together, lambda answers: founding.found(answers, settings), EXPECTED, code,
                    done, {"address": settings.address})
    server = uvicorn.Server(uvicorn.Config(wizard.application(), **options))
    note(f"Diese KI-Pforte ist noch nicht eingerichtet. Öffnen Sie bitte:\n\n  {settings.address}/setup?code={code}\n")
    server.run(sockets=[listening.dup()])
    if not finished:
        raise CliError("Die Einrichtung ist nicht fertig. Beim nächsten Start beginnt sie von vorn.", Exit.CANNOT_RUN)
    note("Eingerichtet. Die KI-Pforte startet.")
    return load()
