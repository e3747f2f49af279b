"""What goes wrong in the books, said as a person reads it. Whatever it is: nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit import LedgerError
from gateway.errors import GatewayError
from gateway.store import ConflictError, InvalidError

_AGAIN = "Bitte versuchen Sie es in einer Minute noch einmal."


@contextmanager
def in_words(*, changed: str = "") -> Iterator[None]:
    """Turn errors of books, database and ledger into one that a page shows.

    ``changed``: what a person reads when something is no longer as the page showed it; empty: what the books say.
    """
    try:
        yield
    except GatewayError:
        raise
    except InvalidError as error:
        raise GatewayError("anfrage_ungueltig", str(error)) from None
    except ConflictError as error:
        raise GatewayError("anfrage_ungueltig", changed or str(error)) from None
    except LedgerError as error:
        raise GatewayError("protokoll_nicht_verfuegbar", "Das Protokoll ist gerade nicht verfügbar. Es wurde nichts "
                           f"geändert. {_AGAIN}", hint=f"ledger: {type(error).__name__}") from None
    except Exception as error:  # noqa: BLE001 - the text of the error may hold data; its kind is enough for the log
        raise GatewayError("pruefung_nicht_verfuegbar", "Die Datenbank ist gerade nicht verfügbar. Es wurde nichts "
                           f"geändert. {_AGAIN}", hint=f"books: {type(error).__name__}") from None
