"""Religion and belief: the list ``special_religion.txt``, confession as a field, church membership, observance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.recognizers.special.category import Category
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.phrases import phrases
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_ADJECTIVES: Final = (
    "evangelisch katholisch jüdisch muslimisch moslemisch islamisch alevitisch jesidisch ezidisch buddhistisch "
    "hinduistisch orthodox protestantisch freikirchlich christlich neuapostolisch sunnitisch schiitisch koptisch "
    "lutherisch reformiert")
_INFLECTED: Final = " ".join(word + ending for word in _ADJECTIVES.split() for ending in ("e", "en", "er", "es", "em"))

RELIGION: Final = Category(
    "RELIGION", "special_religion.txt", phrases("phrases_religion.txt", {"adjectives": _INFLECTED}),
    "religion konfession bekenntnis religionszugehörigkeit kirchenzugehörigkeit kirchensteuermerkmal kirchensteuer "
    "glaube konf rel religionsgemeinschaft kirchenmitgliedschaft glaubensgemeinschaft religionsschlüssel")
_INSTITUTION: Final = re.compile(
    r"(?:e|en|er|es|em)?[ -](?:[\w-]{1,30}[ ])?(?:[kK]ita|Kindergarten|Kirch|Schule|Grundschule|Krankenhaus|Friedhof|"
    r"Gemeinde|Verband|Pfarr|Verein|Akademie|Stiftung|Bistum|Träger|Religion|Landeskirche|Theologie|Feiertag|"
    r"Gräberfeld|Zentrum|Museum)")


def find(sheet: Sheet, link: Link) -> Iterator[Finding]:
    """Yield everything about religion, without what belongs to an institution ("evangelische Kita")."""
    for finding in RELIGION.find(sheet, link):
        if not (finding.end - finding.start < 16 and _INSTITUTION.match(sheet.text, finding.end)):
            yield finding
