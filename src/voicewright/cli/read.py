"""`voicewright read`: a voice reads a text as long as a chapter, which may be stopped and gone on with."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.owners import how_to_get_one
from voicewright.cli.progress import progress_bar
from voicewright.cli.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from voicewright.speech.long.bodies import LongTextBody
    from voicewright.speech.long.handing_out import Subtitles
    from voicewright.speech.long.showing import Shown
    from voicewright.training.progress import Progress


class SoundFormat(StrEnum):
    """Of the files of paragraphs."""

    MP3 = "mp3"
    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"
    AAC = "aac"


class SubtitleFormat(StrEnum):
    """Of the file that says when each word is said."""

    VTT = "vtt"
    SRT = "srt"
    JSON = "json"


@command
def read(
    *,
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The text; an empty line ends a paragraph. - reads standard input.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="Where to: .mp3, .wav, .flac, .opus, .ogg, .aac; with --by-paragraph a folder."),
    ],
    voice: Annotated[
        str | None,
        typer.Option(help="Name or id of the voice, which may be a shared one; the active one by default."),
    ] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Of the voice; the newest by default.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="Who speaks: the e-mail address of an account of the service.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the text; the voice's own by default.")] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4.0, help="1 is the speaker's own pace.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same speech.")] = 0,
    ssml: Annotated[bool, typer.Option("--ssml", help="The text is SSML.")] = False,
    by_paragraph: Annotated[
        bool, typer.Option("--by-paragraph", help="Write a file for each paragraph into the folder --out.")
    ] = False,
    sound: Annotated[
        SoundFormat, typer.Option("--format", help="Of the files that --by-paragraph writes.")
    ] = SoundFormat.MP3,
    subtitles: Annotated[
        SubtitleFormat | None, typer.Option(help="Write beside each file when its words are said.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Have a voice read a long text into a file; Ctrl-C pauses it, the same command goes on with it."""
    from voicewright.speech.long.handing_out import write_paragraphs, write_whole

    application: Application = ctx.obj
    title, text = ("", sys.stdin.read()) if str(file) == "-" else (file.stem, _text_of(file))
    body = _body(
        application.settings.long_characters,
        text=text,
        title=title,
        voice=voice,
        version=version,
        language=language,
        speed=speed,
        seed=seed,
        ssml=ssml,
        paragraphs=by_paragraph,
        output_format=sound.value if by_paragraph else _format_of(out),
    )
    _check(out, is_folder=by_paragraph)
    user_id = voices_of(application, owner).owner_id
    begun, shown = _read(application, user_id, body, owner)
    write = write_paragraphs if by_paragraph else write_whole
    if by_paragraph:
        out.mkdir(exist_ok=True)
    service = application.reader.service
    written = write(service, user_id, shown.speech.id, out, cast("Subtitles | None", subtitles))
    if not as_json:
        print(_in_words(shown, begun, out))
    return _to_json(shown, begun, [str(path) for path in written])


def _text_of(path: Path) -> str:
    from voicewright.text.errors import TextUnreadable

    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextUnreadable(f"{path}: is no text in UTF-8. Save it as plain text in UTF-8.") from error
    except OSError as error:
        raise TextUnreadable(f"{path}: can't be read ({error.strerror}).") from error


def _format_of(path: Path) -> str:
    from typing import get_args

    from voicewright.audio.encode import format_of
    from voicewright.audio.errors import AudioFormatUnknown
    from voicewright.speech.long.bodies import OutputFormat

    found = format_of(path)
    if found not in get_args(OutputFormat):
        raise AudioFormatUnknown(f"{path}: long texts are written as .mp3, .wav, .flac, .opus, .ogg or .aac.")
    return found


def _check(out: Path, *, is_folder: bool) -> None:
    """Refuse a place that can't be written to, before any work is done."""
    from voicewright.audio.errors import AudioNotWritten
    from voicewright.speech.say import check_output

    if not is_folder:
        check_output(out)
    elif out.exists() and not out.is_dir():
        raise AudioNotWritten(f"{out}: is a file. With --by-paragraph, --out is a folder.")
    else:
        if not out.is_dir() and _is_sound(out):
            raise AudioNotWritten(
                f"{out}: is the name of a file. With --by-paragraph, --out is a folder: for example "
                f"{out.with_suffix('')}, and --format says what is written into it."
            )
        check_output((out if out.is_dir() else out.absolute().parent) / "001.mp3")


def _is_sound(path: Path) -> bool:
    from voicewright.audio.encode import format_of
    from voicewright.audio.errors import AudioFormatUnknown

    try:
        format_of(path)
    except AudioFormatUnknown:
        return False
    return True


def _body(most_characters: int, **said: object) -> LongTextBody:
    from pydantic import ValidationError

    from voicewright.speech.long.bodies import LongTextBody
    from voicewright.speech.long.errors import long_text_too_long
    from voicewright.text.errors import TextEmpty

    if said.get("version") is not None and said.get("voice") is None:
        raise typer.BadParameter("--version needs --voice: whose version?")
    text = str(said["text"])
    if not text.strip():
        raise TextEmpty("There is nothing to read in it.")
    if len(text) > most_characters:
        raise long_text_too_long(len(text), most_characters)
    try:
        return LongTextBody.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"--{first['loc'][0]}: {first['msg']}") from None


def _read(
    application: Application, user_id: UUID, body: LongTextBody, owner: str | None
) -> tuple[Shown, Shown]:
    """How far it was before, and how it ended."""
    from voicewright.voices.errors import NoActiveVoice, VoiceNotFound

    reader = application.reader
    try:
        begun = reader.take_up(user_id, body)
    except NoActiveVoice:
        raise VoiceNotFound("No voice is active: name one with --voice. " + how_to_get_one(owner)) from None
    goes_on = "What is spoken is kept: the same command goes on with the rest."
    facts = {"speech_id": str(begun.speech.id)}
    application.standing = Standing(goes_on, goes_on, facts, is_pause=True)
    with progress_bar() as draw:
        ended = reader.speak(
            user_id,
            begun.speech.id,
            on_progress=_teller(draw),
            cancel=application.interruption.cancel,
        )
    application.standing = Standing(facts=facts)
    return begun, ended


def _teller(draw: Callable[[Progress], None]) -> Callable[[Shown], None]:
    from voicewright.training.progress import Progress

    began_s = time.monotonic()

    def tell(shown: Shown) -> None:
        progress = shown.progress
        stage = "speaking" if progress.spoken < progress.chunks else "joining"
        draw(Progress(stage, progress.share, time.monotonic() - began_s, progress.left_s))

    return tell


def _in_words(shown: Shown, begun: Shown, out: Path) -> str:
    chunks, before = shown.progress.chunks, begun.progress.spoken
    kept = ""
    if before:
        kept = ", all of it spoken before" if before == chunks else f", {before} of {chunks} chunks before"
    return f"{out}: {shown.speech.audio_s or 0.0:.1f} s{kept}"


def _to_json(shown: Shown, begun: Shown, written: list[str]) -> dict[str, Any]:
    speech, progress, part = shown.speech, shown.progress, shown.parts[0]
    return {
        "speech_id": str(speech.id),
        "voice_id": str(part.voice_model_id),
        "engine": part.engine,
        "output": written,
        "output_seconds": round(speech.audio_s or 0.0, 3),
        "characters": speech.characters,
        "chunks": progress.chunks,
        "chunks_spoken_before": begun.progress.spoken,
        "chunk_seconds": round(progress.took_s, 3),
    }
