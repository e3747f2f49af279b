"""Every line that belongs to a request says which one, whoever writes it, and holds only documented fields."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from gateway.http.asgi import Receive, Scope, Send
from gateway.http.routes import Front
from gateway.model.current import current_request, working_on
from gateway.telemetry.logs import FIELDS, JsonFormatter, TextFormatter


class Kept(logging.Handler):
    """Keeps lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Log in every way a request comes about: its own task, others, threads, a library's logger."""
    logging.getLogger("gateway.somewhere").info("ours")
    logging.getLogger("a_library.client").info("theirs")
    await asyncio.create_task(elsewhere())
    await asyncio.to_thread(in_a_thread)
    await send({"type": "http.response.start", "status": 200, "headers": []})


def in_a_thread() -> None:
    logging.getLogger("a_library.pool").info("in a thread")


async def elsewhere() -> None:
    logging.getLogger("gateway.somewhere").info("another task")


async def asked(path: str) -> str:
    """Ask the front door; return the Vorgangsnummer in the answer."""
    numbers: list[str] = []

    async def send(message: Scope) -> None:
        numbers.extend(value.decode() for name, value in message["headers"] if name == b"x-request-id")

    async def receive() -> Scope:
        return {"type": "http.request"}
    await Front(serve, {})({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return numbers[0]


def test_all_lines_of_a_request_carry_the_number_of_its_answer_also_of_requests_at_once(kept: Kept) -> None:
    async def both() -> list[str]:
        return list(await asyncio.gather(asked("/a"), asked("/b")))
    first, second = asyncio.run(both())
    assert first != second
    for number in (first, second):
        assert [line["message"] for line in kept.lines if line.get("request_id") == number] == [
            "ours", "theirs", "another task", "in a thread"]
    assert len(kept.lines) == 8


def test_what_outlives_a_request_does_not_speak_in_its_name() -> None:
    async def run() -> list[str]:
        said: list[str] = []
        over = asyncio.Event()

        async def connection() -> None:
            said.append(current_request())
            await over.wait()
            said.append(current_request())
        with working_on("7F3K"):
            left = asyncio.create_task(connection())
            await asyncio.sleep(0)
        over.set()
        await left
        return said
    assert asyncio.run(run()) == ["7F3K", ""]


def test_who_reports_the_exception_of_a_request_still_knows_which_it_was() -> None:
    async def run() -> str:
        with pytest.raises(ValueError, match="x"), working_on("7F3K"):
            raise ValueError("x")
        return current_request()
    assert asyncio.run(run()) == "7F3K"


@pytest.mark.parametrize("logger", ["aiohttp.client", "gatewayish"])
def test_facts_of_a_foreign_logger_are_not_written(logger: str) -> None:
    record = logging.LogRecord(logger, logging.INFO, __file__, 1, "x", (), None)
    record.facts = {"hint": "canary", "request_id": "canary"}
    assert "canary" not in JsonFormatter().format(record)
    assert "canary" not in TextFormatter().format(record)


def test_a_line_holds_documented_fields_and_nothing_else() -> None:
    record = logging.LogRecord("gateway.x", logging.INFO, __file__, 1, "x", (), None)
    try:
        raise ValueError("canary")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    record.facts = dict.fromkeys(FIELDS, "set") | {"person": "canary", "department": "canary"}
    line = json.loads(JsonFormatter().format(record))
    assert list(line)[:5] == list(FIELDS)[:5]
    assert set(line) == set(FIELDS)


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_what_a_terminal_would_obey_is_spelt_out(formatter: logging.Formatter) -> None:
    hostile = "a\x1b[2J\x9b1m‮b\u2028c"
    line = formatter.format(logging.LogRecord("gateway.x", logging.INFO, __file__, 1, "%s", (hostile,), None))
    assert all(char.isprintable() for char in line)
    if isinstance(formatter, JsonFormatter):
        assert json.loads(line)["message"] == hostile
