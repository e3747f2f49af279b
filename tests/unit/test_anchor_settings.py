"""Anchors in the settings become sinks; what cannot be one stops the start with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import LedgerConfigError
from gateway.home import anchors, open_witness
from gateway.settings import load


def test_addresses_become_sinks_and_mail_goes_over_the_mail_server_of_the_house(tmp_path: Path) -> None:
    settings = load({"KI_PFORTE_HOME": str(tmp_path)}).model_copy(update={
        "anchors": "file:///mnt/anker.txt, mailto:dsb@musterstadt.example,syslog://log:514", "smtp_host": "mail",
        "smtp_from": "ki@musterstadt.example"})
    assert [sink.name for sink in anchors(settings)] == ["file:/mnt/anker.txt", "mail", "syslog://log:514"]
    with pytest.raises(LedgerConfigError, match="KI_PFORTE_SMTP_HOST"):
        anchors(settings.model_copy(update={"smtp_host": ""}))
    assert anchors(settings.model_copy(update={"anchors": ""})) == ()


def test_a_house_is_a_witness_only_where_it_says_so(tmp_path: Path) -> None:
    settings = load({"KI_PFORTE_HOME": str(tmp_path)})
    assert open_witness(settings) is None
    named = open_witness(settings.model_copy(update={"witness_name": "musterstadt.de/zeuge"}))
    assert named is not None
    assert named.key.name == "musterstadt.de/zeuge"
