"""Lines reach the syslog of the house in the form of RFC 5424; while it is away nobody waits and losses are counted."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.model.current import current_request, working_on
from gateway.settings import SettingsError, load
from gateway.telemetry.logs import JsonFormatter, syslog_lost
from gateway.telemetry.metrics import PrometheusMetrics
from gateway.telemetry.syslog import SyslogHandler, message, syslog_target
from tests.support.syslog_server import FORM, Kind, SyslogServer, until

Opened = Callable[..., SyslogHandler]


@pytest.fixture
def opened() -> Iterator[Opened]:
    made: list[SyslogHandler] = []

    def handler(address: str, waiting: int = 100) -> SyslogHandler:
        one = SyslogHandler(syslog_target(address), current_request, waiting)
        one.setFormatter(JsonFormatter())
        made.append(one)
        return one
    yield handler
    for one in made:
        one.close()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.endswith("syslog")]


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("gateway.x", level, __file__, 1, "%s", (text,), None)


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls", "unix", "unix-stream"])
def test_lines_arrive_whole_and_in_order_with_their_level_and_number(
        kind: Kind, tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    with SyslogServer(kind, tmp_path) as server:
        if server.certificate:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        handler = opened(server.address)
        with working_on("7F3K-2QXM-9BTD"):
            handler.handle(record("Prüfung\nzwei", logging.ERROR))
        handler.handle(record("danach"))
        first, second = server.wait(2)
    assert (first[1], first[5]) == (b"27", b'[kiPforte@32473 request_id="7F3K-2QXM-9BTD"]')
    assert (second[1], second[5]) == (b"30", b"-")
    assert json.loads(first[6])["message"] == "Prüfung\nzwei"
    assert json.loads(first[6])["request_id"] == "7F3K-2QXM-9BTD"
    assert json.loads(second[6])["message"] == "danach"
    assert handler.lost == 0


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
        tmp_path: Path, opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    with SyslogServer("tls", tmp_path) as server:
        handler = opened(server.address)
        handler.handle(record("geheim"))
        handler.close()
        assert server.messages == []
    assert handler.lost == 1
    assert [r.getMessage() for r in caplog.records if "SSL" in r.getMessage()]


def test_while_it_is_away_nobody_waits_losses_are_counted_and_it_is_said_once(
        tmp_path: Path, opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    with SyslogServer("unix-stream", tmp_path) as server:
        address = server.address
    handler = opened(address, waiting=3)
    for number in range(50):
        handler.handle(record(str(number)))
    lost = handler.lost
    until(lambda: bool(said(caplog)))
    assert lost >= 46, "one may be on its way, three may wait"
    with SyslogServer("unix-stream", tmp_path) as server:
        arrived = server.wait(50 - lost)
    assert [json.loads(one[6])["message"] for one in arrived][:1] == ["0"], "the oldest wait, so that the cause is told"
    until(lambda: len(said(caplog)) == 2)
    assert ["is away" in text for text in said(caplog)] == [True, False]
    assert f"{lost} lines did not reach it" in said(caplog)[1]


def test_a_server_that_was_restarted_gets_the_next_line(tmp_path: Path, opened: Opened) -> None:
    with SyslogServer("unix-stream", tmp_path) as server:
        handler = opened(server.address)
        handler.handle(record("vorher"))
        server.wait(1)
    with SyslogServer("unix-stream", tmp_path) as server:
        handler.handle(record("nachher"))
        assert json.loads(server.wait(1)[0][6])["message"] == "nachher"


def test_closing_sends_what_waits_and_gives_up_what_cannot_be_sent(tmp_path: Path, opened: Opened) -> None:
    with SyslogServer("unix-stream", tmp_path) as server:
        handler, address = opened(server.address), server.address
        for number in range(20):
            handler.handle(record(str(number)))
        handler.close()
        assert len(server.wait(20)) == 20
    nowhere = opened(address)
    nowhere.handle(record("x"))
    nowhere.close()
    assert nowhere.lost == 1


def test_a_line_that_cannot_be_written_is_counted_and_not_quoted(
        tmp_path: Path, opened: Opened, capfd: pytest.CaptureFixture[str]) -> None:
    with SyslogServer("udp", tmp_path) as server:
        handler = opened(server.address)
        handler.handle(logging.LogRecord("gateway.x", logging.INFO, __file__, 1, "%d", ("canary",), None))
        handler.handle(record("danach"))
        assert len(server.wait(1)) == 1
    assert handler.lost == 1
    assert "canary" not in "".join(capfd.readouterr())


def test_losses_are_a_metric() -> None:
    metrics = PrometheusMetrics("1", str)
    for total in (0, 3, 5):
        metrics.syslog_lost(total)
    assert b"ki_pforte_syslog_lost_total 5.0" in metrics.render()
    assert syslog_lost() == 0


def test_the_form_is_that_of_the_standard() -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        assert FORM.fullmatch(message("{}", level, 1_700_000_000.000001))


@pytest.mark.parametrize("address", [
    "syslog://x", "udp://", "tcp://x:port", "tls://x:0", "udp://x:514/path", "unix://", "unix://host/dev/log?x",
    "udp://a:b@x:514", "/dev/log"])
def test_an_address_that_is_none_stops_the_start_with_advice(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_LOG_SYSLOG", address)
    with pytest.raises(SettingsError, match="RFC 5424"):
        load()
