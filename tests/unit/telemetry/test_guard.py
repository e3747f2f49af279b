"""What libraries really do with what they are given, at their most talkative, leaves no word of it outside.

Each case runs in a process of its own with everything switched on that could talk: the level debug, handlers that the
libraries bring, Python's own ways of complaining. What the process writes, and what reaches a syslog, is searched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.syslog_server import SyslogServer

CANARY = "Kanarienvogel7391"
BEGIN = f"""
import asyncio, logging, sys, os
from gateway.telemetry import logs
from gateway.telemetry.guard import guarded
CANARY = {CANARY!r}
def begin():
    logs.configure("debug", os.environ["FORM"], os.environ["SYSLOG"])
    guarded()
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.disabled, logger.propagate = False, True
        logger.setLevel(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
"""
END = """
logging.getLogger("gateway.end").info("reached the end")
logging.shutdown()
"""
CASES = {
    "presidio": """
        from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
        from presidio_anonymizer import AnonymizerEngine
        from presidio_analyzer.nlp_engine import NlpArtifacts
        from gateway.detection.presidio import _NoEnhancer, _SheetEngine
        begin()
        registry = RecognizerRegistry(supported_languages=["de"])
        registry.add_recognizer(PatternRecognizer("ANY", patterns=[Pattern("any", CANARY, 0.9)],
                                                  supported_language="de"))
        words = NlpArtifacts([], [], [], [], None, "de")
        engine = AnalyzerEngine(registry=registry, nlp_engine=_SheetEngine("de", None), supported_languages=["de"],
                                log_decision_process=True, context_aware_enhancer=_NoEnhancer())
        found = engine.analyze(CANARY, "de", return_decision_process=True, nlp_artifacts=words)
        assert len(found) == 1
        AnonymizerEngine().anonymize(CANARY, found)
        logging.getLogger("presidio-analyzer").exception(f"failed with {CANARY}")
    """,
    "litellm": """
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm
        begin()
        litellm.set_verbose = True
        litellm._turn_on_debug()
        for name in ("LiteLLM", "LiteLLM Router"):
            logging.getLogger(name).disabled = False
        try:
            litellm.completion("openai/" + CANARY, [{"role": "user", "content": CANARY}], api_key=CANARY,
                               api_base="http://127.0.0.1:1/" + CANARY, extra_headers={"x": CANARY}, num_retries=0,
                               timeout=1)
        except Exception:
            logging.getLogger("LiteLLM").exception("failed with " + CANARY)
    """,
    "aiohttp and httpx": """
        import aiohttp, httpx
        from aiohttp import web
        begin()
        async def fail(request):
            secret = CANARY
            raise ValueError(secret + await request.text())
        async def main():
            app = web.Application()
            app.router.add_post("/{x}", fail)
            runner = web.AppRunner(app, access_log=logging.getLogger("aiohttp.access"))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = "http://127.0.0.1:%d/%s?q=%s" % (*site._server.sockets[0].getsockname()[1:2], CANARY, CANARY)
            async with aiohttp.ClientSession() as session:
                await (await session.post(url, data=CANARY, headers={"x": CANARY})).read()
            aiohttp.ClientSession(headers={"x": CANARY}).__del__()
            async with httpx.AsyncClient() as client:
                await client.post(url, content=CANARY, headers={"authorization": CANARY})
            await runner.cleanup()
        asyncio.run(main())
    """,
    "uvicorn": """
        import socket, threading, uvicorn, urllib.request, urllib.error
        from gateway.http.door import Door
        async def app(scope, receive, send):
            secret = CANARY
            raise ValueError(secret)
        begin()
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, http=Door, log_config=None, access_log=True, log_level="trace"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = "http://127.0.0.1:%d/%s?q=%s" % (listening.getsockname()[1], CANARY, CANARY)
        try:
            urllib.request.urlopen(urllib.request.Request(url, data=CANARY.encode(), headers={"x": CANARY}), timeout=60)
        except urllib.error.HTTPError as error:
            error.close()
        server.should_exit = True
        thread.join(60)
    """,
    "sqlalchemy": """
        from sqlalchemy import create_engine, text
        begin()
        engine = create_engine("sqlite://", echo="debug")
        logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
        with engine.connect() as connection:
            connection.execute(text("SELECT :x AS found"), {"x": CANARY}).all()
            try:
                connection.execute(text("SELECT * FROM " + CANARY))
            except Exception:
                logging.getLogger("sqlalchemy.engine").exception("failed: " + CANARY)
        engine.dispose()
    """,
    "asyncio": """
        begin()
        async def fails(secret):
            raise ValueError(secret)
        async def main():
            loop = asyncio.get_running_loop()
            loop.set_debug(True)
            task = asyncio.create_task(fails(CANARY), name=CANARY)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
            import gc
            gc.collect()
            loop.call_soon(lambda: 1 / len(CANARY[:0]))
            loop.call_exception_handler({"message": CANARY, "exception": ValueError(CANARY)})
            future = loop.create_future()
            future.set_exception(ValueError(CANARY))
            del future
            gc.collect()
            await asyncio.sleep(0)
        asyncio.run(main())
    """,
    "print, warnings, threads and finalizers": """
        import threading, warnings, gc
        begin()
        warnings.simplefilter("always")
        warnings.warn(CANARY)
        warnings.warn_explicit(CANARY, UserWarning, "library.py", 7, source=CANARY)
        print(CANARY)
        print(CANARY, file=sys.stderr)
        sys.stdout.write(CANARY)
        sys.stderr.writelines([CANARY])
        logging.getLogger("library").addHandler(logging.StreamHandler())
        logging.getLogger("library").warning(CANARY)
        lonely = logging.getLogger("lonely")
        lonely.propagate = False
        lonely.error(CANARY)
        logging.getLogger("gateway.x").info("%d", CANARY)
        def fails(secret):
            raise ValueError(secret)
        thread = threading.Thread(target=fails, args=(CANARY,), name=CANARY)
        thread.start()
        thread.join(60)
        class Odd:
            def __del__(self):
                raise ValueError(CANARY)
        Odd()
        gc.collect()
        import faulthandler
        secret = CANARY
        faulthandler.dump_traceback(sys.__stderr__)
    """,
    "an end by exception": """
        begin()
        def fails(secret):
            logging.getLogger("gateway.end").info("reached the end")
            raise ValueError(secret)
        fails(CANARY)
    """,
}

SPOKE = {
    "presidio": "presidio-analyzer", "litellm": "LiteLLM", "aiohttp and httpx": "aiohttp.access",
    "uvicorn": "uvicorn.access", "sqlalchemy": "sqlalchemy.engine.Engine", "asyncio": "Task exception was never",
    "print, warnings, threads and finalizers": "a text was printed", "an end by exception": "caught by nobody"}
"""What shows that the library had something to say."""


@pytest.mark.parametrize("case", list(CASES))
def test_nothing_that_a_library_says_holds_what_it_was_given(case: str, tmp_path: Path) -> None:
    script = tmp_path / "case.py"
    script.write_text(BEGIN + textwrap.dedent(CASES[case]) + END, "utf-8")
    with SyslogServer("unix", tmp_path) as syslog:
        environment = {**os.environ, "FORM": "json", "SYSLOG": syslog.address, "PYTHONPATH": os.getcwd(),
                       "PYTHONWARNINGS": "always", "PYTHONASYNCIODEBUG": "1", "PYTHONFAULTHANDLER": "1"}
        done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=300, check=False,
                              env=environment)
        central = b"\n".join(syslog.messages)
    written = done.stdout + done.stderr
    for spoke in (SPOKE[case], "reached the end"):
        assert spoke.encode() in written, written.decode()
        assert spoke.encode() in central, central
    assert CANARY.encode() not in written, written.decode()
    assert CANARY.encode() not in central
