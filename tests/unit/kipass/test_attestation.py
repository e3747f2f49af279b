"""What a certificate shows follows from the passes, and never goes further than the gate would."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass.attestation import attest
from gateway.model.certificates import Attestation
from gateway.model.kipass import BASIS, Document, KiPassConfig, Module, Scope
from gateway.model.principal import PassState, PassStatus

RULES = KiPassConfig(
    {"dv": Module("dv", "kenntnisnahme_dv", "Dienstvereinbarung", 5)},
    {key: Scope(key, key.title(), ("dv",)) for key in (BASIS, "bild", "fach")},
    {"dienstvereinbarung": (Document("dienstvereinbarung", "2.0", "DV", "aa", date(2026, 1, 1)),)})
STATES: list[PassState] = ["gueltig", "kulanz", "abgelaufen", "dv_neu", "gesperrt", "fehlt"]
MOMENTS = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
PASSES = st.fixed_dictionaries({}, optional={
    key: st.builds(PassStatus, st.sampled_from(STATES), until=MOMENTS,
                   document_sha256=st.sampled_from([None, "aa", "x"]))
    for key in RULES.scopes})


def _attest(passes: dict[str, PassStatus], name: str = "Ada") -> Attestation | None:
    return attest("N", name, "Bauamt", passes, RULES, issuer="https://ki.musterstadt.example/", issuer_name="Stadt")


@given(PASSES)
def test_there_is_one_exactly_while_the_basis_is_good_and_it_holds_what_is_good(passes: dict[str, PassStatus]) -> None:
    found, basis = _attest(passes), passes.get(BASIS)
    assert (found is not None) == (basis is not None and basis.admits)
    if found is not None:
        assert [s.key for s in found.scopes] == [key for key in RULES.scopes if key in passes and passes[key].admits]


@given(PASSES)
def test_no_scope_is_shown_longer_than_the_basis_or_than_it_lasts(passes: dict[str, PassStatus]) -> None:
    found = _attest(passes)
    if found is None:
        return
    basis = found.scopes[0]
    assert basis.key == BASIS
    for scope in found.scopes:
        own = passes[scope.key].until
        assert scope.until is None or own is None or datetime(
            scope.until.year, scope.until.month, scope.until.day, tzinfo=UTC) <= own + timedelta(days=1)
        assert basis.until is None or (scope.until is not None and scope.until <= basis.until)


@pytest.mark.parametrize(("sha256", "version"), [("aa", "2.0"), ("x", ""), (None, "")])
def test_the_version_is_the_one_that_was_acknowledged(sha256: str | None, version: str) -> None:
    found = _attest({BASIS: PassStatus("gueltig", document_sha256=sha256)})
    assert found is not None
    assert found.agreement == version


def test_a_name_stands_on_one_line_in_one_spelling() -> None:
    found = _attest({BASIS: PassStatus("gueltig")}, "  Zoe\u0308\n Y\u0131ld\u0131r\u0131m\x1b[0m\t\u200b")
    assert found is not None
    assert found.name == "Zoë Yıldırım [0m"
    assert "Zoë" not in repr(found)


def test_the_last_day_is_a_day_of_the_office() -> None:
    found = _attest({BASIS: PassStatus("gueltig", until=datetime(2028, 6, 30, 22, tzinfo=UTC))})
    assert found is not None
    assert found.scopes[0].until == date(2028, 6, 30)
    assert found.address == "https://ki.musterstadt.example/pass/pruefen/N"
