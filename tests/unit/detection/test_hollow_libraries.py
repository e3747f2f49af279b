"""Presidio is loaded without spaCy, which it imports and we do not need; who needs spaCy gets the real one."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from gateway.detection.offline import hollow

PROGRAM = """
import sys
from gateway.detection import build_detector
from gateway.model.finding import Passage
found = build_detector().find(Passage("Sehr geehrte Frau Mustermann"))
assert [f.entity for f in found] == ["PERSON"], found
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"spacy", "thinc", "weasel", "httpx"}, loaded
assert "presidio_analyzer.predefined_recognizers" not in sys.modules
from presidio_analyzer.predefined_recognizers import IbanRecognizer
assert IbanRecognizer().analyze("DE89370400440532013000", ["IBAN_CODE"])
import spacy
from spacy.tokens import Doc
assert isinstance(spacy.blank("de")("Guten Tag"), Doc)
"""


def test_detection_works_without_spacy_and_who_wants_it_afterwards_gets_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


USES = """
import erfunden.tief
from erfunden import Ding

@Ding.schmuck("a")
class Eigenes(Ding):
    pass

Eigenes(), erfunden.tief.Doc | None
"""


def test_a_shell_has_every_name_and_leaves_nothing_behind() -> None:
    with hollow("erfunden"):
        exec(USES, {"__name__": "probe"})
    assert not [name for name in sys.modules if name.startswith("erfunden")]
    with pytest.raises(ImportError):
        importlib.import_module("erfunden.tief")


def test_a_library_that_is_there_stays_what_it_is() -> None:
    with hollow("json"):
        assert importlib.import_module("json.decoder").JSONDecoder().decode("[1]") == [1]
    assert sys.modules["json"] is json


PART = """
import importlib
from gateway.detection.offline import hollow
with hollow("email.mime.text"):
    import email.mime.text
    assert email.mime.text.MIMEText is not None
    assert importlib.import_module("email.mime.base").MIMEBase.__mro__
import email.mime.text
assert email.mime.text.MIMEText("Guten Tag").get_payload() == "Guten Tag"
"""


def test_a_part_of_a_library_may_be_a_shell_and_the_real_one_follows_it() -> None:
    done = subprocess.run([sys.executable, "-c", PART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
