"""Files that somebody made to hurt: bombs, loops, floods. Each ends in a refusal, in time, with nothing left behind."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.files.process import Allowed, run
from gateway.files.reader import FileReader
from gateway.files.reasons import UnreadableError
from gateway.model.attachment import Attached
from tests.support import office
from tests.support.awaited import awaited

ROOT = Path(__file__).parents[2]
SHELL = "/bin/sh"
SMALL = Allowed(256 << 20, 1)


async def refused(data: bytes, name: str = "", *, memory: int = 512 << 20, seconds: int = 20) -> str:
    reader = FileReader(seconds=seconds, memory=memory, pages=300, characters=400_000, ocr=None)
    with pytest.raises(GatewayError) as caught:
        await reader.read(Attached("file", name, "", data))
    assert caught.value.code in ("nicht_pruefbar", "zu_gross")
    return caught.value.hint.removeprefix("file: ")


def bomb(inner: bytes, times: int) -> bytes:
    """Return a DOCX whose text unfolds to `times` as much."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("_rels/.rels", office.relations(("officeDocument", "word/document.xml")))
        with package.open("word/document.xml", "w") as part:
            part.write(b"<document>")
            for _ in range(times):
                part.write(inner)
    return file.getvalue()


@awaited
async def test_a_package_that_unfolds_without_end_is_left() -> None:
    data = bomb(b" " * (1 << 20), 210)
    assert len(data) < 1 << 20
    assert await refused(data) == "hostile"


@awaited
async def test_a_text_that_unfolds_without_end_is_left() -> None:
    assert await refused(bomb(b"<p><t>" + b"x" * 100_000 + b"</t></p>", 100)) == "long"


@pytest.mark.parametrize("head", [
    '<!DOCTYPE x [<!ENTITY a "' + "a" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '">]>',
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'])
@awaited
async def test_entities_are_neither_unfolded_nor_fetched(head: str) -> None:
    parts = {"_rels/.rels": office.relations(("officeDocument", "word/document.xml")),
             "word/document.xml": head + "<document><p><t>&a;</t></p></document>"}
    assert await refused(office.packed(parts)) == "hostile"


@awaited
async def test_elements_in_elements_without_end_are_left() -> None:
    assert await refused(office.docx("<w:tc>" * 100_000)) == "hostile"


@awaited
async def test_ten_thousand_pages_are_counted_and_not_read() -> None:
    assert await refused(office.pdf(*["x"] * 10_000)) == "pages"


@awaited
async def test_a_table_of_millions_of_cells_by_a_repeat_count_is_read_once() -> None:
    cell = ('<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
            'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>')
    reader = FileReader(seconds=20, memory=512 << 20, pages=9, characters=1000, ocr=None)
    data = office.odf("spreadsheet", f'<table:table table:name="T">{cell}</table:table>')
    assert await reader.read(Attached("file", "", "", data)) == "Tabellenblatt „T“:\nx"


@awaited
async def test_a_pdf_whose_pages_hold_themselves_is_refused() -> None:
    data = office.pdf("x").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    assert await refused(data) in ("broken", "hostile", "slow", "empty", "scanned")


@awaited
async def test_what_needs_more_memory_than_it_may_have_is_refused() -> None:
    assert await refused(b"x" * (60 << 20), memory=128 << 20) == "memory"


@awaited
async def test_a_process_that_never_stops_is_stopped_by_the_kernel() -> None:
    with pytest.raises(UnreadableError) as caught:
        await run("exec", [SHELL, "-c", "while :; do :; done"], b"", SMALL)
    assert caught.value.reason == "slow"


@awaited
async def test_a_process_that_waits_for_ever_is_stopped_with_its_children() -> None:
    with pytest.raises(UnreadableError) as caught:
        await run("exec", [SHELL, "-c", "sleep 600.25 & sleep 600.25"], b"", SMALL)
    assert caught.value.reason == "slow"
    assert not any("600.25" in line for line in commands())


@awaited
async def test_a_request_that_is_given_up_takes_its_process_along() -> None:
    task = asyncio.create_task(run("exec", [SHELL, "-c", "sleep 600.75"], b"", Allowed(256 << 20, 30)))
    while not any("600.75" in line for line in commands()):  # noqa: ASYNC110  (another process tells nobody)
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any("600.75" in line for line in commands())


def commands() -> list[str]:
    """Return what runs on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


@awaited
async def test_a_process_that_says_too_much_is_stopped() -> None:
    with pytest.raises(UnreadableError) as caught:
        await run("exec", [SHELL, "-c", "cat /dev/zero"], b"", Allowed(256 << 20, 20))
    assert caught.value.reason == "memory"


@awaited
async def test_a_process_that_does_not_listen_gets_no_file_and_hangs_nobody() -> None:
    assert await run("exec", [SHELL, "-c", "exec 0<&-; echo done"], b"x" * (4 << 20), SMALL) == b"done\n"


@awaited
async def test_the_locked_process_knows_no_secret_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-secret")
    said = await run("exec", ["/usr/bin/env"], b"", SMALL)
    assert b"secret" not in said
    assert b"KI_PFORTE" not in said


@awaited
async def test_the_locked_process_writes_no_byte_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "copy"
    with pytest.raises(UnreadableError):
        await run("exec", [SHELL, "-c", f"cat > {target}"], b"content", SMALL)
    assert not target.exists() or target.read_bytes() == b""


@awaited
async def test_without_limits_nothing_is_read() -> None:
    with pytest.raises(GatewayError) as caught:
        await run("read", ["", "9", "9"], b"content", Allowed(1 << 70, 1))
    assert caught.value.code == "pruefung_nicht_verfuegbar"


@pytest.mark.parametrize("deed", [
    "open('/dev/shm/x', 'w')", "import socket; socket.create_connection(('127.0.0.1', 9))",
    "import subprocess; subprocess.run(['true'])", "import os; os.system('true')",
    "import os; os.fork()"])
def test_a_reader_in_python_can_neither_write_nor_connect_nor_start_a_program(deed: str) -> None:
    code = ("import sys, socket, subprocess; from gateway.files.worker import _watch; "
            f"sys.addaudithook(_watch)\n{deed}")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"]})
    assert "PermissionError: a file being read has no business outside" in done.stderr
