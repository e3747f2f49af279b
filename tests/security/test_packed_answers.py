"""We ask providers for plain bytes: what comes packed all the same could be a bomb, so it is not even read."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from yarl import URL

from gateway.errors import GatewayError
from gateway.upstream.line import Line, Patience
from tests.support.scripted_provider import Exchange, ScriptedProvider, soon

PATIENCE = Patience(30, 30, 30)
BOMB = gzip.compress(bytes(10_000_000))


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "gzip, identity", "zstd"])
@pytest.mark.parametrize("status", [200, 400])
def test_a_packed_answer_is_refused_unread_and_its_connection_cut(status: int, encoding: str) -> None:
    async def script(exchange: Exchange) -> bool:
        await exchange.head(status, Content_Type="text/event-stream", Content_Encoding=encoding,
                            Transfer_Encoding="chunked")
        return await exchange.until_hung_up()

    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(script) as provider:
            with pytest.raises(GatewayError) as caught:
                await line.post(URL(provider.url), {}, b"{}", PATIENCE)
            assert caught.value.code == "anbieter_fehler"
            await soon(provider.hung_up)
            assert len(provider.exchanges) == 1, "nobody is asked twice"
        await line.close()
    asyncio.run(run())


def test_what_is_packed_and_does_not_say_so_is_not_unpacked() -> None:
    async def script(exchange: Exchange) -> bool:
        return await exchange.whole(BOMB, Content_Encoding="identity")

    async def run() -> bytes:
        line = Line()
        await line.open()
        async with ScriptedProvider(script) as provider:
            answer = await line.post(URL(provider.url), {}, b"{}", PATIENCE)
            body = b"".join([piece async for piece in answer.chunks()])
        await line.close()
        return body
    assert asyncio.run(run()) == BOMB
