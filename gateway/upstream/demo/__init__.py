"""The built-in demo provider: a small server on loopback that speaks the OpenAI APIs and says what it received.

It is no language model and says so in every answer. A provider sees only what KI-Pforte lets out; this one quotes
it, so that anybody sees at once what a real provider would have seen. Same request, same answer.

Start it alone with ``python -m gateway.upstream.demo --port 8090``.
"""

from gateway.upstream.demo.server import DemoProvider

__all__ = ["DemoProvider"]
