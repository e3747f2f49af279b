"""Which models a stop means, today and after the register was changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from gateway.errors import GatewayError
from gateway.model.stops import ModelStop
from gateway.policy import PolicySet, admit
from gateway.policy.stopped import StoppedModels
from tests.unit.policy.policy_sets import all_on, asking, shipped

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stop(kind: str, name: str = "", *models: str) -> ModelStop:
    return ModelStop(kind, name, "Vorfall", AT, "s", frozenset(models))  # type: ignore[arg-type]


@dataclass
class Known:
    """What the database said last."""

    last: tuple[ModelStop, ...] | None = None
    fails: bool = False

    def __call__(self) -> tuple[ModelStop, ...]:
        if self.fails or self.last is None:
            raise GatewayError("pruefung_nicht_verfuegbar", "…")
        return self.last


def covers(*stops: ModelStop, policies: PolicySet | None = None) -> frozenset[str]:
    return StoppedModels(Known(stops), lambda: policies or shipped())()


def test_a_model_a_provider_an_operator_or_everything() -> None:
    assert covers() == frozenset()
    assert covers(stop("model", "demo", "demo")) == {"demo"}
    assert covers(stop("provider", "microsoft")) == {"gpt-azure-eu"}
    assert covers(stop("provider", "Stadt Musterstadt, IT")) == {"vllm-haus", "ollama-lokal"}
    assert covers(stop("all")) == shipped().models.keys()
    assert covers(stop("model", "demo", "demo"), stop("provider", "Anthropic")) == {"demo", "claude"}


def test_a_provider_that_is_renamed_stays_stopped_and_a_model_added_later_is_stopped_too() -> None:
    made = stop("provider", "Microsoft", "gpt-azure-eu")
    models = shipped().models
    renamed = {**models, "gpt-azure-eu": replace(models["gpt-azure-eu"], provider="Microsoft Corp."),
               "neu": replace(models["claude"], id="neu", provider="Microsoft")}
    assert covers(made, policies=replace(shipped(), models=renamed)) == {"gpt-azure-eu", "neu"}


def test_the_set_is_worked_out_once_and_anew_when_stops_or_policies_change() -> None:
    known, current = Known((stop("model", "demo", "demo"),)), [shipped()]
    stopped = StoppedModels(known, lambda: current[0])
    first = stopped()
    assert stopped() is first
    current[0] = all_on()
    assert stopped() == first
    known.last = (stop("all"),)
    assert stopped() == all_on().models.keys()


def test_when_nobody_can_tell_requests_end_and_pages_say_what_was_known() -> None:
    known = Known((stop("model", "demo", "demo"),), fails=True)
    stopped = StoppedModels(known, shipped)
    with pytest.raises(GatewayError):
        stopped()
    assert stopped.known() == {"demo"}
    assert StoppedModels(Known(), shipped).known() == frozenset()


def test_a_warning_names_the_model_and_keeps_the_reason_to_itself() -> None:
    [warning] = StoppedModels(Known((stop("model", "demo", "demo"),)), shipped).warnings()
    assert "Demo (kein Sprachmodell)" in warning
    assert "Vorfall" not in warning


def test_a_stopped_model_is_refused_with_its_own_code_and_not_offered() -> None:
    answer = admit(shipped(), replace(asking("demo"), stopped=covers(stop("all"))))
    assert answer.denial is not None
    assert answer.denial.code == "modell_gestoppt"
    other = admit(all_on(), replace(asking("demo"), stopped=frozenset({"demo"})))
    assert other.denial is not None
    assert "„demo“" not in other.denial.message.split("angehalten")[1]
