"""Switching off a model because of an incident (AI Act Art. 26(5)): the same stop as ``ki-pforte model stop``."""

from __future__ import annotations

from gateway.casework.matters import add_note, known, say
from gateway.model.stops import ModelStop
from gateway.registry.books import Actor, Books
from gateway.store import InvalidError, stops


def stop_model(books: Books, actor: Actor, id_: str, model: str) -> bool:
    """Switch off one model in all processes within seconds; false: that very stop was there already."""
    policies = books.policies()
    if model not in policies.models:
        raise InvalidError("Dieses Modell gibt es nicht.")
    with books.writing() as connection:
        of = known(connection, id_)
        if not of.open:
            raise InvalidError("Der Vorfall ist abgeschlossen. Modelle hält die IT an.")
        stop = ModelStop("model", model, f"Vorfall {id_}", books.now(), actor.subject, frozenset({model}))
        if not stops.stop(connection, stop):
            return False
        books.record("model.stopped", {"what": "model", "name": model, "case": id_, **actor.meta},
                     actor.subject or None)
        name = policies.models[model].name
        entry = add_note(books, connection, actor, of, "meldung", f"„{name}“ wurde angehalten.")
        say(books, actor, of, "stopped", {"model": model, "number": entry.number})
    return True
