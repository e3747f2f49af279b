"""Who has no key gets nothing of the house: no memory for megabytes that nobody will look at."""

from __future__ import annotations

import http.client
import json

from tests.support.gateway_process import GatewayProcess

MEGABYTE = 1 << 20


def test_of_a_stranger_not_even_the_body_is_read(gateway: GatewayProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("Authorization", "Bearer kip_unbekannt")
    connection.putheader("Content-Length", str(10 * MEGABYTE))
    connection.endheaders()
    connection.send(b"a" * 100)  # the rest never comes, the answer does
    answer = connection.getresponse()
    assert answer.status == 401
    assert json.loads(answer.read())["error"]["code"] == "schluessel_ungueltig"
    connection.close()


def test_a_stranger_who_sends_everything_first_reads_the_answer(gateway: GatewayProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("POST", "/v1/chat/completions", b"a" * MEGABYTE, {"x-api-key": "kip_unbekannt"})
    assert connection.getresponse().status == 401
    connection.close()
