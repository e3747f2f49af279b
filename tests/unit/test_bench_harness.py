"""The benchmark is only worth something when its arithmetic is right: known input, known figures."""

from __future__ import annotations

import asyncio
import contextlib
import math
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import measure, provider, report, scenarios
from tests.bench.load import Client, closed_loop, open_loop, problems, streams
from tests.bench.rounds import Cell, StreamCell
from tests.bench.texts import CONVERSATION, FIRST_TURN, MAIL, SHORT, TURN, TURNS, Texts, turn

TICK = 1 / measure._TICK


# Percentiles -------------------------------------------------------------------------------------------------------

def test_percentiles_are_nearest_rank() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert measure.percentile(values, 0.5) == 50
    assert measure.percentile(values, 0.99) == 99
    assert measure.percentile(values, 1.0) == 100
    assert measure.percentile([7.0], 0.01) == 7


def test_nothing_measured_is_no_number_and_never_zero() -> None:
    assert math.isnan(measure.percentile([], 0.5))
    assert math.isnan(measure.median([]))
    assert measure.median([math.nan, 3.0, 1.0]) == 2.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.001, 1))
def test_a_percentile_is_a_measured_value_that_enough_others_do_not_exceed(values: list[float], share: float) -> None:
    found = measure.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


# The stall rule ----------------------------------------------------------------------------------------------------

def paced(count: int, gap: float = 0.02) -> list[float]:
    return [number * gap for number in range(count)]


def test_a_stream_that_flows_is_stall_free() -> None:
    assert measure.is_stall_free(paced(100), 1.98, complete=True)


def test_one_gap_over_200_ms_is_a_stall() -> None:
    times = [*paced(50), *(moment + 1.0 + 0.18 for moment in paced(50))]
    assert measure.longest_gap(times) == pytest.approx(0.2)
    late = [*paced(50), *(moment + 1.0 + 0.19 for moment in paced(50))]
    assert not measure.is_stall_free(late, 2.0, complete=True)


def test_an_answer_that_was_gathered_and_sent_in_a_lump_is_not_stall_free() -> None:
    assert not measure.is_stall_free([5.0], 2.0, complete=True)
    assert not measure.is_stall_free([5.0, 5.001, 5.002], 2.0, complete=True)


def test_a_stream_that_broke_off_or_never_began_is_not_stall_free() -> None:
    assert not measure.is_stall_free(paced(100), 1.98, complete=False)
    assert not measure.is_stall_free([], 1.98, complete=True)


# CPU and memory ----------------------------------------------------------------------------------------------------

def stat(pid: int, parent: int, user: int, system: int, dead_user: int = 0, dead_system: int = 0,
         name: str = "python") -> str:
    return f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {user} {system} {dead_user} {dead_system} 20 0 1 0 0\n"


def fake_proc(folder: Path, *lines: str) -> Path:
    for line in lines:
        entry = folder / line.split()[0]
        entry.mkdir()
        (entry / "stat").write_text(line)
        (entry / "status").write_text("Name:\tx\nVmRSS:\t   2048 kB\nThreads:\t3\n")
    (folder / "meminfo").write_text("")
    return folder


def test_cpu_counts_user_system_and_ended_children() -> None:
    parent, seconds = measure.parse_stat(stat(7, 3, 100, 50, 20, 10))
    assert parent == 3
    assert seconds == pytest.approx(180 * TICK)


def test_a_process_name_with_brackets_and_spaces_does_not_shift_the_fields() -> None:
    parent, seconds = measure.parse_stat(stat(7, 3, 100, 50, name="a) R 9 (b"))
    assert parent == 3
    assert seconds == pytest.approx(150 * TICK)


def test_cpu_and_memory_count_the_whole_tree_and_nobody_else(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, stat(10, 1, 5, 5), stat(11, 10, 20, 0), stat(12, 11, 30, 0), stat(99, 1, 1000, 0))
    assert measure.cpu_seconds(10, proc) == pytest.approx(60 * TICK)
    assert measure.rss_megabytes(10, proc) == pytest.approx(6.0)


def test_a_process_that_is_gone_is_an_error_and_not_zero(tmp_path: Path) -> None:
    with pytest.raises(ProcessLookupError):
        measure.cpu_seconds(10, fake_proc(tmp_path, stat(11, 1, 1, 1)))


def test_work_of_threads_and_of_ended_children_is_seen_on_a_real_process() -> None:
    burn = "import time\nt=time.process_time()\nwhile time.process_time()-t<0.1: pass\n"
    code = (f"import subprocess,sys,threading\nburn={burn!r}\nsubprocess.run([sys.executable,'-c',burn])\n"
            "thread=threading.Thread(target=exec,args=(burn,{}))\nthread.start();thread.join()\n"
            "print('done',flush=True);sys.stdin.read()")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = measure.cpu_seconds(process.pid)
    assert used >= 0.2 - 4 * TICK


def test_idle_and_waiting_for_the_disk_are_not_work() -> None:
    line = "cpu  100 10 40 5000 700 3 7 0 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert measure.parse_machine(line) == pytest.approx(160 * TICK)


def test_the_deepest_mount_names_the_file_system() -> None:
    mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\ntmpfs /tm ramfs rw 0 0\n"
    assert measure.filesystem(Path("/tmp/x/y"), mounts) == "tmpfs"
    assert measure.filesystem(Path("/home"), mounts) == "ext4"


# Texts -------------------------------------------------------------------------------------------------------------

def test_texts_have_the_promised_lengths_and_never_come_twice() -> None:
    texts = Texts(3)
    shorts = [texts.short() for _ in range(300)]
    mails = [texts.mail() for _ in range(30)]
    assert {len(text) for text in shorts} == {SHORT}
    assert {len(text) for text in mails} == {MAIL}
    assert len(set(shorts)) == 300
    assert len(set(mails)) == 30
    assert Texts(3).short() == shorts[0] != Texts(4).short()


def test_a_conversation_grows_by_940_characters_a_turn_to_20_000() -> None:
    talk = Texts(1).conversation()
    sizes = [sum(len(message["content"]) for message in turn(talk, number)) for number in range(1, TURNS + 1)]
    assert sizes[0] == FIRST_TURN
    assert {later - earlier for earlier, later in pairwise(sizes)} == {TURN}
    assert sizes[-1] == CONVERSATION
    assert all(turn(talk, number)[-1]["role"] == "user" for number in range(1, TURNS + 1))


@pytest.mark.parametrize("count", [64, 304, 700])
def test_each_conversation_stays_on_one_connection_and_its_turns_are_in_order(count: int) -> None:
    scenario = next(scenario for scenario in scenarios.SCENARIOS if scenario.key == "turn")
    batch = scenario.make(Texts(1), "fake", False, count)
    queues = batch.queues()
    assert sorted(body for queue in queues for body in queue) == sorted(batch.measured)
    seen: dict[str, tuple[int, int]] = {}
    for lane, queue in enumerate(queues):
        for body in queue:
            messages = orjson.loads(body)["messages"]
            before, length = seen.get(messages[1]["content"], (lane, 2))
            assert (before, length + 2) == (lane, len(messages))
            seen[messages[1]["content"]] = (lane, len(messages))


# Provider and load generator, against each other ---------------------------------------------------------------------


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@contextlib.asynccontextmanager
async def connected(behaviour: provider.Behaviour) -> AsyncIterator[Client]:
    pacer = provider.Pacer()
    server = await asyncio.get_running_loop().create_server(
        lambda: provider.Connection(behaviour, pacer), "127.0.0.1", 0)
    client = Client(server.sockets[0].getsockname()[1], "k")
    try:
        yield client
    finally:
        client.close()
        server.close()
        await asyncio.sleep(0)


def drive(work: Callable[[Client, provider.Behaviour], Coroutine[Any, Any, None]], **settings: Any) -> None:
    async def inside() -> None:
        behaviour = provider.Behaviour(**settings)
        async with connected(behaviour) as client:
            await work(client, behaviour)

    asyncio.run(inside())


def ask(text: str, stream: bool) -> bytes:
    return scenarios.body("fake", scenarios.question(text), stream)


def content(client: Client) -> str:
    lines = b"".join(client.body).split(b"\n\n")
    found = [orjson.loads(line[6:]) for line in lines if line.startswith(b"data: {")]
    return "".join(choice["delta"].get("content", "") for event in found for choice in event["choices"])


@pytest.mark.parametrize("stream", [False, True])
def test_one_connection_carries_many_answers(stream: bool) -> None:
    async def work(client: Client, behaviour: provider.Behaviour) -> None:
        samples = await closed_loop([client], [[ask("Hallo", stream)] * 5])
        assert not problems(samples)
        assert len(samples) == behaviour.requests == 5
        assert client.pieces == (5 * 12 if stream else 5)

    drive(work, chunks=12)


def test_quoted_placeholders_arrive_whole_though_they_are_sent_in_pieces() -> None:
    async def work(client: Client, behaviour: provider.Behaviour) -> None:
        await client.ask(ask("[PERSON1] wohnt in [ADRESSE12]", True))
        assert behaviour.placeholders == 2
        assert "[PERSON1]" in content(client)
        assert "[ADRESSE12]" in content(client)
        assert client.pieces == 40

    drive(work, chunks=40, echo=True)


def test_a_paced_stream_is_counted_piece_by_piece_and_its_window_holds_no_request() -> None:
    async def work(client: Client, behaviour: provider.Behaviour) -> None:
        readings = iter([1.0, 1.5])
        run = await streams([client], [ask("Hallo", True)], lambda: next(readings), ramp=0.01, window=0.2)
        assert run.cpu == 0.5
        assert client.pieces == 60
        assert 0 < run.pieces < 60
        assert len(run.samples[0].arrivals) > 1
        assert not run.samples[0].problem

    drive(work, chunks=60, rate=50)


def test_a_refusal_is_counted_with_its_status_and_code() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        body = b'{"error":{"message":"Nein","code":"inhalt_gesperrt"}}'
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await reader.read()
        writer.close()

    assert failures(refuse) == {"400 inhalt_gesperrt": 1}


def test_a_stream_that_is_cut_or_ends_without_its_mark_is_a_problem() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    part = provider.frame(provider.event("Hallo"))

    def answering(*parts: bytes) -> Answer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(65536)
            writer.write(b"".join(parts))
            await writer.drain()
            writer.close()

        return answer

    error = provider.frame(b'data: {"error": {"message": "Abbruch"}}\n\ndata: [DONE]\n\n')
    assert failures(answering(head, part)) == {"Verbindung abgebrochen": 1}
    assert failures(answering(head, part, b"0\r\n\r\n")) == {"unvollständig": 1}
    assert failures(answering(head, part, error, b"0\r\n\r\n")) == {"Fehler im Strom": 1}
    assert failures(answering(b"kein HTTP\r\n\r\n")) == {"kein HTTP (HttpParserError)": 1}


def failures(answer: Answer) -> dict[str, int]:
    async def inside() -> dict[str, int]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        client = Client(server.sockets[0].getsockname()[1], "k")
        try:
            return dict(problems([await client.ask(ask("Hallo", True))]))
        finally:
            client.close()
            server.close()
            await asyncio.sleep(0.01)

    return asyncio.run(inside())


def test_nobody_listening_is_a_problem_and_not_an_exception() -> None:
    async def inside() -> dict[str, int]:
        return dict(problems(await open_loop([Client(1, "k")], [ask("Hallo", False)] * 2, 1000)))

    assert asyncio.run(inside()) == {"keine Verbindung (ConnectionRefusedError)": 2}


def test_waiting_for_a_free_connection_counts_as_latency() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            await asyncio.sleep(0.1)
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"choices":1}')
        writer.close()

    async def inside() -> list[float]:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        client = Client(server.sockets[0].getsockname()[1], "k")
        samples = await open_loop([client], [ask("Hallo", False)] * 3, 1000)
        client.close()
        server.close()
        await asyncio.sleep(0.01)
        assert not problems(samples)
        return sorted(sample.latency for sample in samples)

    first, second, third = asyncio.run(inside())
    assert first >= 0.1
    assert second >= 0.19
    assert third >= 0.28


# The tables --------------------------------------------------------------------------------------------------------

def result() -> report.Result:
    made = report.Result("Rechner", 3, {"direct": "Anbieter direkt", "gateway": "KI-Pforte"})
    for scenario in scenarios.SCENARIOS:
        for stream in (False, True):
            made.cells[scenario.key, stream, "direct"] = [Cell(0.1, 9000, ms, ms * 2, ms, 9) for ms in (1.0, 3.0, 2.0)]
            made.cells[scenario.key, stream, "gateway"] = [Cell(cpu, 500, ms, ms * 2, ms, 100)
                                                           for cpu, ms in ((1.2, 2.5), (1.6, 4.25), (1.4, 9.0))]
    made.streams["gateway", "relay", 200] = [StreamCell(200, 199, 75.0, 0.21, 0.5)]
    made.starts, made.loaded = {"gateway": (3.2, 200.0)}, {"gateway": 360.0}
    return made


def test_added_time_is_the_median_of_differences_within_a_round() -> None:
    table = report.markdown(result())
    row = "| kurz (200 Zeichen), gestreamt | KI-Pforte | 1,40 (1,20–1,60) | ≤ 1,5 ✓ | 500 | 1,50 | 3,00 | 1,50 |"
    assert row in table


def test_a_missed_goal_is_marked() -> None:
    table = report.text(result())
    assert "≤ 0,8 ✗" in table
    assert "≥ 200 ✗" in table
    assert "≤ 80 ✓" in table
    assert "≤ 350 ✗" in table


def test_errors_masking_and_ledger_stand_above_the_tables() -> None:
    made = result()
    assert report.faults(made) == []
    made.cells["mail", True, "gateway"][1].problems["503 protokoll_nicht_verfuegbar"] = 4
    made.masked, made.restored, made.ledger = 0.0, False, 1
    assert len(report.faults(made)) == 4
    assert "ACHTUNG: KI-Pforte, mail: 4× 503 protokoll_nicht_verfuegbar" in report.text(made)
    orjson.loads(report.as_json(made))


def test_numbers_are_written_the_german_way() -> None:
    assert report.number(12345.678, 1) == "12.345,7"
    assert report.number(math.nan) == "–"
