"""Logs and metrics hold no content, whoever writes them and whatever went wrong."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import Any

import pytest

from gateway.model.small_groups import OTHERS, merging
from gateway.model.text import ClearText
from gateway.telemetry.logs import JsonFormatter, StderrHandler, TextFormatter
from gateway.telemetry.metrics import STAGES, PrometheusMetrics


def record(logger: str, message: object, *arguments: Any, fault: BaseException | None = None) -> logging.LogRecord:
    info = (type(fault), fault, fault.__traceback__) if fault else None
    return logging.LogRecord(logger, logging.ERROR, __file__, sys._getframe(1).f_lineno, message, arguments, info)


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_arguments_of_other_peoples_messages_are_not_written(formatter: logging.Formatter) -> None:
    line = formatter.format(record("aiohttp.client", "could not send %s", "canary"))
    assert "could not send …" in line
    assert "canary" not in line


def test_a_template_with_the_end_of_a_line_stands_in_the_source_too() -> None:
    message = "Exception in ASGI application\n"
    assert "Exception in ASGI application" in JsonFormatter().format(record("uvicorn.error", message))


@pytest.mark.parametrize("logger", ["LiteLLM", "presidio-analyzer", "aiohttp.server", "uvicorn.error", "openai._base"])
@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_a_text_that_a_library_put_together_itself_is_not_written(formatter: logging.Formatter, logger: str) -> None:
    quoted = "Sabine " + "Krüger"
    together = (f"sent {quoted}", "sent " + quoted, quoted, {"body": quoted}, ValueError(quoted), f"{quoted} %s", "")
    for message in together:
        line = formatter.format(record(logger, message))
        assert quoted not in line
        assert "test_logs_and_metrics.py" in line


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_of_an_exception_its_kind_and_places_are_written_and_never_its_words(formatter: logging.Formatter) -> None:
    try:
        try:
            raise KeyError("canary")
        except KeyError as inner:
            raise ValueError(f"canary {inner}") from inner
    except ValueError as error:
        fault = error
    line = formatter.format(record("gateway.pipeline", "request %s failed", "7F3K", fault=fault))
    assert "ValueError" in line
    assert "test_logs_and_metrics.py" in line
    assert "canary" not in line
    assert "request 7F3K failed" in line


def test_a_line_of_json_is_one_line() -> None:
    line = JsonFormatter().format(record("gateway", "a\nb"))
    assert "\n" not in line
    assert json.loads(line)["message"] == "a\nb"


def test_clear_text_does_not_slip_into_a_log() -> None:
    assert "canary" not in JsonFormatter().format(record("gateway", "text %s", ClearText("canary")))


def scraped(metrics: PrometheusMetrics) -> str:
    return metrics.render().decode()


def test_a_small_department_is_counted_with_others() -> None:
    metrics = PrometheusMetrics("1", merging({"gross": 5, "klein": 4, "mini": 1}))
    metrics.exchange("chat", "gross", "demo", "allowed")
    metrics.exchange("chat", "klein", "demo", "allowed")
    text = scraped(metrics)
    assert 'department="gross"' in text
    assert f'department="{OTHERS}"' in text
    assert "klein" not in text


def test_every_metric_has_the_prefix_and_a_meaning_and_counters_end_in_total() -> None:
    metrics = PrometheusMetrics("1", str)
    for stage in STAGES:
        metrics.stage(stage, 0.01)
    families = list(metrics.registry.collect())
    assert families
    for family in families:
        assert family.name.startswith("ki_pforte_")
        assert family.documentation
        if family.type == "counter":
            assert all(s.name.endswith("_total") for s in family.samples)


def test_what_the_detector_saw_is_counted_once_however_often_it_is_asked() -> None:
    metrics = PrometheusMetrics("1", str)
    for _ in range(3):
        metrics.detector(2, 10, 5)
    assert 'ki_pforte_detector_texts_total{cache="hit"} 10.0' in scraped(metrics)
    assert "ki_pforte_detector_queue 2.0" in scraped(metrics)


def test_a_ledger_without_checkpoint_has_no_age() -> None:
    metrics = PrometheusMetrics("1", str)
    metrics.ledger(7, 1, None)
    assert "ki_pforte_ledger_checkpoint_age_seconds NaN" in scraped(metrics)


def test_a_standard_error_that_is_closed_breaks_nothing() -> None:
    stream = io.StringIO()
    handler = StderrHandler(stream)
    stream.close()
    handler.handle(logging.LogRecord("gateway.x", logging.WARNING, __file__, 1, "a line", None, None))
