"""An engine whose provider counts what it says."""

from __future__ import annotations

from voicewright.engines.testing import ToneEngine


class MeteredEngine(ToneEngine):
    def synthesize(self, request, context):
        context.metric("provider_characters", len(request.text), step=0)
        yield from super().synthesize(request, context)
        context.metric("provider_dollars", 0.002 * len(request.text), step=0)
