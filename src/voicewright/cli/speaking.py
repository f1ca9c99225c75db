"""How commands have a voice speak: into a file, with a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.cli.application import Application
    from voicewright.engines.client import EngineClient
    from voicewright.speech.say import SayRequest, SayResult
    from voicewright.voices.figures.usage import Use


def speak(
    application: Application,
    client: EngineClient,
    request: SayRequest,
    *,
    permit: Callable[[], None] | None = None,
    on_end: Callable[[Use], None],
) -> SayResult:
    """Speak, showing how many of the sentences are spoken; errors as `speech.say.say`."""
    from voicewright.speech.say import say
    from voicewright.training.progress import Stages

    with progress_bar() as on_progress:
        stages = Stages({"speaking": 1.0}, on_progress)
        stages.step("speaking", 0.0)
        return say(
            request,
            client,
            on_sentence=lambda done, total: stages.step("speaking", done / total),
            permit=permit,
            on_end=on_end,
            cancel=application.interruption.cancel,
        )
