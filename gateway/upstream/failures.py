"""What a person reads when a provider fails, and what the operator finds in the log.

Keeps true: neither text holds anything the provider or the caller wrote. ``message`` says what to do; ``hint``
names the kind of failure (an exception class, a status, a limit in seconds) and the register's name of the model,
nothing else.
"""

from __future__ import annotations

from gateway.errors import GatewayError

_AGAIN = "Bitte versuchen Sie es in einigen Minuten noch einmal oder wählen Sie ein anderes Modell."
_REPORT = "Bitte wählen Sie ein anderes Modell und geben Sie der IT Bescheid."


def unreachable(hint: str) -> GatewayError:
    """The connection could not be made, or was closed before the answer began: nothing usable happened."""
    return GatewayError("anbieter_fehler", f"Der Anbieter des Sprachmodells ist nicht erreichbar. {_AGAIN}", hint=hint)


def untrusted(hint: str) -> GatewayError:
    """The provider's certificate does not prove that it is the provider."""
    message = f"Die Verbindung zum Anbieter ist nicht vertrauenswürdig; es wurde nichts gesendet. {_REPORT}"
    return GatewayError("anbieter_fehler", message, hint=hint)


def broken(hint: str) -> GatewayError:
    """The answer began and cannot be read to its end."""
    message = "Die Antwort des Anbieters ist abgebrochen und unvollständig. Bitte stellen Sie die Anfrage noch einmal."
    return GatewayError("anbieter_fehler", message, hint=hint)


def unreadable(hint: str) -> GatewayError:
    """The provider answered something that is not an answer."""
    message = f"Der Anbieter hat eine Antwort geschickt, die nicht lesbar ist. {_AGAIN}"
    return GatewayError("anbieter_fehler", message, hint=hint)


def redirected(status: int) -> GatewayError:
    """The provider sent us elsewhere: perhaps to another region, so we do not go."""
    message = f"Der Anbieter verweist auf eine andere Adresse; KI-Pforte folgt dem nicht. {_REPORT}"
    return GatewayError("anbieter_fehler", message, hint=f"redirect {status}: check base_url in models.yaml")


def busy(hint: str) -> GatewayError:
    """No connection could be had in time: the provider does not accept, or all our connections are in use."""
    return GatewayError("anbieter_zeit", f"Der Anbieter nimmt zurzeit keine Verbindung an. {_AGAIN}", hint=hint)


def slow(hint: str) -> GatewayError:
    """Nothing came for too long, or the whole answer took too long."""
    message = ("Der Anbieter hat nicht rechtzeitig geantwortet. "
               "Bitte versuchen Sie es noch einmal, gern mit einem kürzeren Text.")
    return GatewayError("anbieter_zeit", message, hint=hint)


def misconfigured(hint: str) -> GatewayError:
    """The register or the secrets are not complete: only the operator can help."""
    return GatewayError("anbieter_fehler", f"Dieses Modell ist nicht vollständig eingerichtet. {_REPORT}", hint=hint)


def untranslatable(hint: str) -> GatewayError:
    """The request asks for something that this provider's own form cannot say; nothing was sent."""
    message = f"Dieses Modell kann die Anfrage in dieser Form nicht bearbeiten; es wurde nichts gesendet. {_REPORT}"
    return GatewayError("anbieter_fehler", message, hint=hint)
