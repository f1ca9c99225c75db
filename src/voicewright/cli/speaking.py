"""How commands have a voice speak: into a file, with a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.cli.progress import progress_bar

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from voicewright.cli.application import Application
    from voicewright.speech.order import SpeechOrder
    from voicewright.speech.say import SayResult


def speak(application: Application, user_id: uuid.UUID, order: SpeechOrder, output: Path) -> SayResult:
    """Speak, showing how many of the sentences are spoken; errors as `speech.say.say`."""
    from voicewright.speech.say import say
    from voicewright.training.progress import Stages

    with progress_bar() as on_progress:
        stages = Stages({"speaking": 1.0}, on_progress)
        stages.step("speaking", 0.0)
        return say(
            application.speech,
            user_id,
            order,
            output,
            sign=application.history.sign,
            on_piece=lambda done, total: stages.step("speaking", done / total),
            cancel=application.interruption.cancel,
        )
