"""What the floors below say on the pages of staff, for `gateway.web.heard`: words, and sentences with gaps."""

from __future__ import annotations

from typing import Final

from gateway.kipass.credential import REFUSALS
from gateway.model.reasons import REASONS
from gateway.policy.policyset import DID
from gateway.policy.vocabulary import FOUND_CLASSES
from gateway.web.i18n import N_

TABLES: Final = (*DID.values(), *(found.name for found in FOUND_CLASSES.values()), *REASONS.values(),
                 *REFUSALS.values())
"""Words that stand in tables below."""
SENTENCES: Final = (
    # what rules say of a request (`gateway.policy.decide`, `words`)
    N_("Die Anfrage darf an „{model}“ gehen."), N_("Zweck „{title}“ ist zulässig."), N_("Der KI-Pass gilt."),
    N_("Der KI-Pass gilt noch in der Kulanzzeit."), N_("Früher im Gespräch: {what}"),
    N_("Wegen der gefundenen Angaben antwortet „{other}“ statt „{model}“."),
    N_("„{model}“ kommt dafür nicht in Frage."), N_("{kind}: gehen ungeprüft mit"),
    # what comes with a decision (`gateway.policy.explain`)
    N_("Hinweis"), N_("Modell"), N_("Vertretung bei Ausfall"), N_("Bindung"), N_("Kennzeichnung"),
    N_("Fremde Angaben in der Antwort"), N_("Werkzeuge, die nur Platzhalter erhalten"), N_("werden gezeigt"),
    N_("werden gezeigt und gezählt"), N_("werden ausgeblendet"), N_("je Person"), N_("für die Abteilung"),
    N_("für das Modell"), N_("für alle zusammen"), N_("{number} Anfragen je Minute {whose}"),
    N_("{number} Anfragen am Tag {whose}"), N_("{number} Token am Tag {whose}"),
    N_("{number} Token im Monat {whose}"), N_("{number} Anfragen zugleich {whose}"),
    N_("{number} Euro am Tag {whose}"), N_("{number} Euro im Monat {whose}"),
    # which models may be used (`gateway.policy.compile`), and what it takes a KI-Pass for (`pass_demands`)
    N_("„{model}“ ist hier nicht freigegeben."), N_("„{model}“ ist im Bereich „{area}“ nicht freigegeben."),
    N_("„{model}“ ist freigegeben."), N_("Die Auftragsverarbeitung ist vereinbart."),
    N_("{area}: „{model}“ ist nicht freigegeben für {what}."), N_("das Modell „{model}“"), N_("den Zweck „{title}“"),
    N_("„{model}“ verlangt den KI-Pass „{scope}“."), N_("{what}: nur mit dem KI-Pass „{scope}“."),
    N_("{what} in Anfragen an Modelle im Haus"), N_("{what} in Anfragen an Modelle außer Haus"),
    # the public figures (`gateway.reports`)
    N_("Jahr {year}"), N_("Zu diesem Jahr gibt es keine Zahlen."),
    N_("{number} × {what}"),
)
