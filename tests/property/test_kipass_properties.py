"""The KI-Pass for any history: constant until it says it changes, indifferent to order, never better for a block."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass import Document, Evidence, KiPassConfig, Module, PassEvent, Scope, status
from gateway.kipass.calendar import day_of, midnight
from gateway.model.kipass import PassEventKind

START = datetime(2026, 1, 1, tzinfo=UTC)
MODULES = {"a": Module("a", "schulung", "A", 5, 1), "b": Module("b", "leitlinien", "B", 5),
           "dv": Module("dv", "kenntnisnahme_dv", "DV", 5)}
EVENTS: tuple[PassEventKind, ...] = ("erteilt", "gesperrt", "entsperrt", "entzogen", "verlängert")

moments = st.integers(0, 400 * 24 * 60).map(lambda m: START + timedelta(minutes=m))
evidence = st.lists(st.builds(
    Evidence, st.sampled_from(["a", "b", "dv", "unknown"]), moments, st.sampled_from([None, "v0", "v1", "v2", "v3"]),
    st.none() | moments, st.none() | moments), max_size=8)
events = st.lists(st.builds(PassEvent, st.sampled_from(EVENTS), moments, st.sampled_from([None, "basis", "x"])),
                  max_size=5)


@st.composite
def configs(draw: st.DrawFn) -> KiPassConfig:
    days = sorted(draw(st.sets(st.integers(0, 380), min_size=1, max_size=4)))
    versions = tuple(Document("dienstvereinbarung", str(i), "DV", f"v{i}", date(2026, 1, 1) + timedelta(days=d),
                              draw(st.sampled_from(["redaktionell", "wesentlich"])), draw(st.integers(0, 40)))
                     for i, d in enumerate(days))
    return KiPassConfig(MODULES, {"basis": Scope("basis", "B", ("a", "b", "dv")), "x": Scope("x", "X", ("dv",))},
                        {"dienstvereinbarung": versions}, "https://x.example/pass", "Stelle")


@given(evidence, events, configs(), moments, st.floats(0, 1, exclude_max=True))
def test_the_answer_does_not_change_before_it_says_so(shown: list[Evidence], acts: list[PassEvent],
                                                      config: KiPassConfig, now: datetime, part: float) -> None:
    answer = status(shown, acts, config, now)
    end = answer.changes_at or now + timedelta(days=5000)
    assert end > now
    last = end - timedelta(microseconds=1)
    for later in (min(now + (end - now) * part, last), last):
        assert status(shown, acts, config, later) == answer


@given(evidence, events, configs(), moments, st.randoms(use_true_random=False))
def test_the_order_of_what_is_shown_does_not_matter(shown: list[Evidence], acts: list[PassEvent], config: KiPassConfig,
                                                    now: datetime, random: object) -> None:
    answer = status(shown, acts, config, now)
    random.shuffle(shown)  # type: ignore[attr-defined]
    random.shuffle(acts)  # type: ignore[attr-defined]
    assert status(shown, acts, config, now) == answer


@given(evidence, events, configs(), moments)
def test_a_block_always_refuses_and_more_evidence_never_harms(shown: list[Evidence], acts: list[PassEvent],
                                                              config: KiPassConfig, now: datetime) -> None:
    assert status(shown, [*acts, PassEvent("gesperrt", now)], config, now).state == "gesperrt"
    fewer = status(shown[1:], acts, config, now)
    assert not fewer.admits or status(shown, acts, config, now).admits


@given(evidence, events, configs(), moments)
def test_who_is_refused_is_told_what_to_do_and_who_is_admitted_is_not_bothered(
        shown: list[Evidence], acts: list[PassEvent], config: KiPassConfig, now: datetime) -> None:
    answer = status(shown, acts, config, now)
    assert bool(answer.message) == (not answer.admits)
    assert bool(answer.notice) == (answer.state == "kulanz")
    if answer.state in ("fehlt", "abgelaufen", "dv_neu"):
        assert answer.missing
    if answer.admits and answer.until is not None:
        assert answer.until > now


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_midnight_begins_the_day_it_is_said_to_begin(day: date) -> None:
    assert day_of(midnight(day)) == day
    assert day_of(midnight(day) - timedelta(microseconds=1)) == day - timedelta(days=1)
