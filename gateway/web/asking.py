"""How pages ask the house: in a thread, because what answers blocks; whatever fails becomes one error a page can show.

What already says in a sentence what is wrong (`GatewayError`) passes. Of everything else only the kind is kept for the
log: the text of an error may hold data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from gateway.errors import GatewayError

P = ParamSpec("P")
T = TypeVar("T")
_AGAIN: Final = ("Bitte versuchen Sie es in einer Minute noch einmal; bleibt es dabei, melden Sie es der IT.")


async def ask(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the ledger."""
    with_words = GatewayError("protokoll_nicht_verfuegbar", f"Das Protokoll ist gerade nicht lesbar. {_AGAIN}")
    return await _in_thread(with_words, lambda: question(*args, **kwargs))


async def do(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the registry for something, or to do something: it does all of it or nothing."""
    with_words = GatewayError("pruefung_nicht_verfuegbar", "Das kann gerade nicht gelesen oder gespeichert werden. Es "
                              f"wurde nichts geändert. {_AGAIN}")
    return await _in_thread(with_words, lambda: act(*args, **kwargs))


async def who(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask who somebody is."""
    with_words = GatewayError("pruefung_nicht_verfuegbar", f"Ihre Anmeldung kann gerade nicht geprüft werden. {_AGAIN}")
    return await _in_thread(with_words, lambda: question(*args, **kwargs))


async def _in_thread(shown: GatewayError, act: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(act)
    except GatewayError:
        raise
    except Exception as error:  # noqa: BLE001 - we know neither SQL nor the ledger: its kind is enough for the log
        shown.hint = f"could not be asked: {type(error).__name__}"
        raise shown from None
