"""What the way to the provider costs: CPU per small request and per streamed piece, for each adapter.

Run ``python -m tests.bench.upstream_bench [--litellm]``. The fake provider runs in a process of its own;
counted is the CPU time of this process, which holds one adapter, its line and the loop, and throws the bytes away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import uvloop

from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.register import RegisteredModel
from gateway.upstream.routing import UpstreamRouter

STREAMS, RATE, CHUNKS = 64, 50.0, 150


def sealed(adapter: str, url: str, *, stream: bool) -> SealedRequest:
    """Return a 200-character chat, ready to leave."""
    model = RegisteredModel(
        id="bench", name="Bench", adapter=adapter, target="hosted_vllm/fake", base_url=f"{url}/v1", api_key_env=None,
        dialects=frozenset({"chat"}), enabled=True, in_house=True, provider="p", operator="o", region="EU",
        transfer_basis="", data_classes=frozenset())
    text = "Bitte fassen Sie den Antrag zusammen. " * 5
    body = {"model": "fake", "messages": [{"role": "user", "content": text}], "stream": stream}
    release = ReleaseDecision("", model)
    return SealedRequest("chat", release, RedactedBody(json.dumps(body).encode(), {}), stream,
                         Receipt("receipt"), "request")


async def read(router: UpstreamRouter, request: SealedRequest) -> int:
    """Send, read to the end, and return the number of pieces."""
    response = await router.send(request)
    pieces = 0
    async for _piece in response.chunks():
        pieces += 1
    await response.close()
    return pieces


async def cpu(work: Callable[[], Awaitable[int]]) -> tuple[float, int]:
    """Return the CPU microseconds per unit that `work` counts, and the units."""
    begin = time.process_time()
    units = await work()
    return (time.process_time() - begin) / units * 1e6, units


async def small_requests(router: UpstreamRouter, request: SealedRequest, workers: int, each: int) -> int:
    """Send `each` requests one after the other from each of `workers` tasks."""

    async def one() -> None:
        for _ in range(each):
            await read(router, request)

    await asyncio.gather(*(one() for _ in range(workers)))
    return workers * each


async def paced_streams(router: UpstreamRouter, request: SealedRequest, streams: int) -> int:
    """Read many streams at once, each with `RATE` pieces a second."""
    return sum(await asyncio.gather(*(read(router, request) for _ in range(streams))))


async def control(url: str, **behaviour: float) -> None:
    """Tell the fake provider how to answer."""
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.post(f"{url}/control", json=behaviour):
                    return
            await asyncio.sleep(0.05)
    raise SystemExit("The fake provider does not answer.")


async def measure(url: str, adapter: str) -> None:
    """Print the figures of one adapter."""
    router = UpstreamRouter(Path("missing"), environment={})
    plain, stream = (sealed(adapter, url, stream=streamed) for streamed in (False, True))
    await router.start([plain.model])
    share = 1 if adapter == "openai" else 10
    await control(url, chunks=20, rate=0)
    await small_requests(router, plain, 4, 50 // share)
    for workers in (1, 16):
        each, units = await cpu(lambda n=workers: small_requests(router, plain, n, 3200 // n // share))
        print(f"{adapter:8} request, {workers:2} at a time: {each:8.0f} µs  ({units} requests)")
    streams = STREAMS // share
    await control(url, chunks=10, rate=RATE)
    await paced_streams(router, stream, streams)
    await control(url, chunks=CHUNKS, rate=RATE)
    each, units = await cpu(lambda: paced_streams(router, stream, streams))
    print(f"{adapter:8} streamed piece, {streams:2} streams: {each:6.1f} µs  ({units} pieces)")
    await router.close()


def main() -> None:
    """Start the fake provider, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", action="store_true", help="also the translation by litellm")
    arguments = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = subprocess.Popen([sys.executable, "-m", "tests.bench.provider", "--port", str(port)])
    try:
        for adapter in ("openai", "litellm") if arguments.litellm else ("openai",):
            uvloop.run(measure(f"http://127.0.0.1:{port}", adapter))
    finally:
        provider.terminate()
        provider.wait()


if __name__ == "__main__":
    main()
