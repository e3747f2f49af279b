"""Picks the adapter of a model; the one object that `gateway.app` starts, hands to the pipeline and closes.

Keeps true: one line for all adapters; litellm is imported only when an enabled model needs it; a model whose
adapter nobody knows is an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.model.register import RegisteredModel
from gateway.ports import Upstream, UpstreamResponse
from gateway.upstream import bridged, failures
from gateway.upstream.demo import DemoProvider
from gateway.upstream.line import Line, LineSettings
from gateway.upstream.litellm_adapter import LiteLLM
from gateway.upstream.openai_compatible import OpenAICompatible
from gateway.upstream.pulse import Pulse
from gateway.upstream.secrets import Secrets


class UpstreamRouter:
    """Sends a request to where its model lives (implements `gateway.ports.Upstream`)."""

    def __init__(self, home: Path, settings: LineSettings | None = None, *,
                 environment: Mapping[str, str] | None = None, demo_pause: float = 0.0) -> None:
        self._demo_pause = demo_pause
        self.line = Line(settings)
        self.pulse = Pulse()
        self.secrets = Secrets(home / "secrets", environment)
        self._demo = OpenAICompatible(self.line, self.secrets)
        self._provider: DemoProvider | None = None
        self._litellm = LiteLLM(self.line, self.secrets)
        self._adapters: dict[str, Upstream] = {
            "openai": OpenAICompatible(self.line, self.secrets),
            "demo": self._demo,
            "litellm": self._litellm,
        }

    async def start(self, models: Iterable[RegisteredModel] = ()) -> None:
        """Open the line; import litellm and start the demo provider now if an enabled model of `models` needs them."""
        await self.line.open()
        enabled = [model for model in models if model.enabled]
        translated = {model.target for model in enabled if model.adapter == "litellm"}
        if any(model.adapter == "demo" for model in enabled) and self._provider is None:
            self._provider = DemoProvider(pause=self._demo_pause)
            self._demo.base_url = await self._provider.start()
        if translated:
            await self._litellm.start(translated)

    async def close(self) -> None:
        """Close every connection, also those in use, and stop the demo provider."""
        await self.line.close()
        if self._provider is not None:
            await self._provider.close()
            self._provider = None

    async def send(self, request: SealedRequest) -> UpstreamResponse:
        """Send and return once the head of the answer is there. Raises ``anbieter_fehler``, ``anbieter_zeit``."""
        adapter = self._adapters.get(request.model.adapter)
        if adapter is None:
            raise failures.misconfigured(f"model {request.model.id}: adapter must be openai, litellm or demo")
        try:
            response = await bridged.send(adapter, request)
        except GatewayError as error:
            if error.status >= 500:
                self.pulse.failed(request.model.id, error.code)
            raise
        if response.status < 500:
            self.pulse.answered(request.model.id)
        else:
            self.pulse.failed(request.model.id, "anbieter_fehler")
        return response
