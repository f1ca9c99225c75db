"""`voicewright say`: a registered voice speaks a text into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.owners import how_to_get_one
from voicewright.cli.speaking import speak
from voicewright.speech.order import Choose  # noqa: TC001 - typer looks at it

if TYPE_CHECKING:
    from voicewright.speech.say import SayResult


@command
def say(
    *,
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    out: Annotated[Path, typer.Option(help="Where to: .wav, .flac, .mp3, .opus, .ogg, .aac, .m4a, .webm.")],
    voice: Annotated[
        str | None,
        typer.Option(help="Name or id of the voice, which may be a shared one; the active one by default."),
    ] = None,
    version: Annotated[int | None, typer.Option(help="Of the voice; the newest by default.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="Who speaks: the e-mail address of an account of the service.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the text; the voice's own by default.")] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4.0, help="1 is the speaker's own pace.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same speech.")] = 0,
    choose: Annotated[
        Choose | None,
        typer.Option(
            help="Which of one person's voices speaks, where several engines made one: the named, "
            "the best judged, the cheapest, or the first to sound."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Speak a text with one of your voices, into an audio file."""
    from voicewright.speech.order import SpeechOrder
    from voicewright.speech.say import check_output
    from voicewright.text.sentences import require_sentences
    from voicewright.voices.errors import NoActiveVoice, VoiceNotFound

    if text == "-":
        text = sys.stdin.read()
    if version is not None and voice is None:
        raise typer.BadParameter("--version needs --voice: whose version?")
    require_sentences(text)
    check_output(out)
    application: Application = ctx.obj
    user_id = voices_of(application, owner).owner_id
    order = SpeechOrder(
        text,
        voice=voice,
        version=version,
        language=language,
        speed=speed,
        seed=seed,
        choose=choose,
        check="before",
        source="command",
    )
    try:
        spoken = speak(application, user_id, order, out)
    except NoActiveVoice:
        raise VoiceNotFound("No voice is active: name one with --voice. " + how_to_get_one(owner)) from None
    answer = _to_json(spoken)
    if not as_json:
        from voicewright.cli.report import spoken_words

        print(spoken_words(spoken))
    return answer


def _to_json(spoken: SayResult) -> dict[str, Any]:
    return {
        "voice_id": str(spoken.voice.id),
        "engine": spoken.voice.engine,
        "output": str(spoken.output),
        "output_seconds": round(spoken.output_s, 3),
        "sentences": spoken.sentences,
        "synthesis_rtf": round(spoken.real_time_factor, 4),
        "first_audio_seconds": round(spoken.first_audio_s, 4),
    }
