"""`voicewright clone`: from a folder of recordings to a voice, and to a spoken sentence."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.progress import progress_bar
from voicewright.cli.speaking import speak
from voicewright.cli.standing import Standing
from voicewright.cli.terminal import open_console
from voicewright.training.methods import Method  # noqa: TC001 - typer looks at it

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import EngineInfo
    from voicewright.speech.order import Choose
    from voicewright.speech.say import SayResult
    from voicewright.training.clone import CloneResult, CloneTools
    from voicewright.training.making import VoiceRequest
    from voicewright.training.progress import Progress
    from voicewright.voices.models import VoiceModel

_ENGINE: Final = "builtin"


@command
def clone(
    *,
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The recordings of one person: a folder, or one file.")],
    name: Annotated[
        str | None, typer.Option(help="What the voice is called; the folder's name by default.")
    ] = None,
    speaker: Annotated[
        str | None,
        typer.Option(help="Who is heard, as their consent names them; by default as the voice."),
    ] = None,
    language: Annotated[str, typer.Option(help="What is spoken in the recordings.")] = "en-us",
    engine: Annotated[
        list[str] | None,
        typer.Option(
            help="What makes the voice, builtin by default; may be repeated, for a version of it by each."
        ),
    ] = None,
    method: Annotated[
        Method,
        typer.Option(
            help="How: cloned in seconds, trained on all there is, or trained where there is enough for it, "
            "and a GPU if it needs one."
        ),
    ] = "auto",
    consent: Annotated[
        Path | None,
        typer.Option(help="The speaker, heard agreeing that a provider makes the voice."),
    ] = None,
    say: Annotated[
        str | None,
        typer.Option(help="A text for the new voice to say; needs --out."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where it is said: .wav, .flac, .mp3, .opus, .ogg, .aac, .m4a, .webm."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="How often to go through the clips.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pieces of speech per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the optimiser.")] = None,
    validation_split: Annotated[
        float | None,
        typer.Option(help="Share of the clips that tells when to stop."),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Epochs without progress before it stops early."),
    ] = None,
    max_time: Annotated[float | None, typer.Option(help="Seconds of training at most.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Same seed, same machine: same voice."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Any other option of the engine; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Make a voice of recordings: take them in, train, judge, register, and speak if asked to."""
    from voicewright.cli.agreements import find_agreement, record_agreement
    from voicewright.cli.training_options import gather_options
    from voicewright.privacy.policies import ConsentScope
    from voicewright.recordings.errors import RecordingsNotFound
    from voicewright.speech.order import SpeechOrder
    from voicewright.training.clone import CloneTools
    from voicewright.training.making import VoiceRequest, checked_language
    from voicewright.voices.names import clean_name
    from voicewright.voices.schemas import LOCAL_USER_ID

    _check_speaking(say, out)
    if not folder.exists():
        raise RecordingsNotFound(f"{folder}: there is no such folder or file. Check the path.")
    application: Application = ctx.obj
    if engine and len(set(engine)) < len(engine):
        raise typer.BadParameter("each engine is named once", param_hint="--engine")
    clients = [application.engine(one) for one in engine or [_ENGINE]]
    named = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "validation_split": validation_split,
        "patience": patience,
        "max_time": max_time,
        "seed": seed,
    }
    name = _name_of(folder.resolve()) if name is None else name
    speaker = clean_name(name) if speaker is None else speaker
    if consent is not None:
        scope = [ConsentScope.VOICE_CLONING, ConsentScope.PROVIDER_UPLOAD]
        record_agreement(application, speaker, consent, language=language, scope=scope)
    wanted = [
        VoiceRequest(
            source=folder,
            name=name,
            language=language,
            options=gather_options(client.info, named, option or ()),
            speaker=speaker,
            method=method_here(client.info, method),
            consent=find_agreement(application, client.info, speaker, language),
        )
        for client in clients
    ]
    for client, request in zip(clients, wanted, strict=True):
        checked_language(client.info, request)
    application.consents.ensure(None, LOCAL_USER_ID, speaker, asserted_by=LOCAL_USER_ID)
    results: list[CloneResult] = []
    for client, request in zip(clients, wanted, strict=True):
        tools = CloneTools(
            engine=client,
            measurer=application.measurer,
            voices=application.voices,
            work_dir=application.work_dir,
            slots=application.settings.training_concurrency,
            reserve_mb=application.settings.min_free_disk_mb,
            provenance=application.provenance,
        )
        before = [result.voice for result in results]
        results.append(_make_voice(application, request, tools, before, speaks=say is not None))
        if not as_json:
            _print(results[-1])
    voice = results[-1].voice
    spoken = None
    if say is not None and out is not None:
        rule: Choose = "named" if len(results) == 1 else "best"
        order = SpeechOrder(say, voice=voice.id, check="before", choose=rule, source="command")
        spoken = speak(application, voice.owner_id, order, out)
    if not as_json:
        active = voice if voice.is_active else application.voices.get_active()
        _print_end(voice, spoken, active)
    if len(results) == 1:
        return {**_to_json(results[0]), **_spoken_json(spoken)}
    return {"voices": [_to_json(result) for result in results], **_spoken_json(spoken)}


def method_here(info: EngineInfo, wanted: Method) -> Method:
    """How an engine makes a voice on this machine: `auto` clones where it finds no GPU to train on."""
    from voicewright.engines.builds import find_accelerator
    from voicewright.training.methods import trains_on_a_gpu_only

    if wanted != "auto" or not trains_on_a_gpu_only(info) or find_accelerator() is not None:
        return wanted
    print(
        f"The engine {info.title} trains on a GPU, and there is none here: the voice is cloned. To have it "
        "trained all the same, where the engine has an option for that: --method train.",
        file=sys.stderr,
        flush=True,
    )
    return "clone"


def _check_speaking(say: str | None, out: Path | None) -> None:
    from voicewright.speech.say import check_output
    from voicewright.text.sentences import require_sentences

    if (say is None) != (out is None):
        raise typer.BadParameter("--say and --out belong together: what is said, and the file it goes to.")
    if say is not None and out is not None:
        require_sentences(say)
        check_output(out)


def _name_of(source: Path) -> str:
    """What is in a folder's name after a dot is no extension."""
    return source.name if source.is_dir() else source.stem


def _make_voice(
    application: Application,
    request: VoiceRequest,
    tools: CloneTools,
    before: Sequence[VoiceModel],
    *,
    speaks: bool,
) -> CloneResult:
    """Train and register, keeping in mind what is to be said if this ends early.

    Args:
        application: the program.
        request: what is wanted.
        tools: what it is made with.
        before: the voices that this command has made already.
        speaks: whether a voice is to say something when all are there.
    """
    from voicewright.training.clone import clone_voice

    def tell_waiting() -> None:
        print(
            f"Waiting for another training to end (TRAINING_CONCURRENCY={tools.slots}).",
            file=sys.stderr,
            flush=True,
        )

    def keep_in_mind(voice: VoiceModel) -> None:
        application.standing = _registered([*before, voice], speaks=speaks)

    unfinished = _registered(before, speaks=False) if before else Standing("Nothing was registered.")
    application.standing = unfinished
    with progress_bar(told_in_lines=True) as draw:

        def on_progress(progress: Progress) -> None:
            if progress.stage == "registering":
                # until it is known, nothing is claimed
                application.standing = replace(unfinished, when_stopped="")
            draw(progress)

        return clone_voice(
            request,
            tools,
            on_progress=on_progress,
            on_wait=tell_waiting,
            on_registered=keep_in_mind,
            cancel=application.interruption.cancel,
        )


def _registered(voices: Sequence[VoiceModel], *, speaks: bool) -> Standing:
    voice = voices[-1]
    labels = " and ".join(f"'{one.name}', version {one.version}," for one in voices)
    words = f"The voice {labels} is registered" if len(voices) == 1 else f"The voices {labels} are registered"
    return Standing(
        when_stopped=f"{words}; only speaking was stopped." if speaks else f"{words}.",
        when_failed=f"{words}; only speaking failed: `voicewright say` tries again."
        if speaks
        else f"{words}.",
        facts={"voice_id": str(voice.id), "name": voice.name, "version": voice.version},
    )


def _to_json(result: CloneResult) -> dict[str, Any]:
    from voicewright.cli.report import evaluation_json

    evaluation = None if result.evaluation is None else result.evaluation.to_json()
    return {
        "voice_id": str(result.voice.id),
        "name": result.voice.name,
        "version": result.voice.version,
        "engine": result.voice.engine,
        "language": result.voice.language,
        "active": result.voice.is_active,
        "speech_seconds": round(result.outcome.speech_s, 2),
        "train_seconds": round(result.outcome.train_s, 2),
        "total_seconds": round(result.wall_s, 2),
        "resumed": result.outcome.resumed,
        "artefact_bytes": result.voice.artefact_bytes,
        "peak_memory_bytes": result.peak_memory_bytes,
        "evaluation": evaluation_json(evaluation),
        "reasons": [] if evaluation is None else evaluation["reasons"],
        "clips": {"accepted": len(result.intake.accepted), "seen": len(result.intake.clips)},
        "refused": [
            {"path": str(one.path), "code": one.code, "reason": one.reason} for one in result.intake.refused
        ],
        "notes": list(result.notes),
    }


def _spoken_json(spoken: SayResult | None) -> dict[str, Any]:
    return {
        "output": None if spoken is None else str(spoken.output),
        "output_seconds": None if spoken is None else round(spoken.output_s, 3),
        "synthesis_rtf": None if spoken is None else round(spoken.real_time_factor, 4),
        "first_audio_seconds": None if spoken is None else round(spoken.first_audio_s, 4),
    }


def _print(result: CloneResult) -> None:
    from voicewright.cli.report import megabytes, print_evaluation, print_list

    console = open_console()
    voice, outcome, intake = result.voice, result.outcome, result.intake
    title = f"Voice '{voice.name}', version {voice.version}, by {voice.engine}"
    console.print(title, style="bold", markup=False)
    memory = f", {megabytes(result.peak_memory_bytes)} of memory" if result.peak_memory_bytes else ""
    console.print(
        f"  {outcome.speech_s:.0f} s of speech in {len(intake.accepted)} clips, trained in "
        f"{outcome.train_s:.0f} s{' (from a checkpoint)' if outcome.resumed else ''}{memory}; "
        f"{result.wall_s:.0f} s in all, "
        f"{megabytes(voice.artefact_bytes)} on disk",
        markup=False,
    )
    console.print()
    print_evaluation(console, None if result.evaluation is None else result.evaluation.to_json())
    left_out = [one.reason for one in intake.refused]
    left_out += [
        f"{clip.source}: {'; '.join(clip.reasons)}" for clip in intake.clips if clip.verdict == "rejected"
    ]
    print_list(console, f"\nNot used ({len(left_out)}):", left_out)
    print_list(console, "\nNotes:", result.notes)


def _print_end(voice: VoiceModel, spoken: SayResult | None, active: VoiceModel | None) -> None:
    from voicewright.cli.report import spoken_words

    console = open_console()
    if active is not None and active.id != voice.id:
        console.print(f"\n{_why_not_active(voice, active)}", markup=False, soft_wrap=True)
    if spoken is not None:
        console.print(f"\nSaid in {spoken_words(spoken)}", markup=False, soft_wrap=True)
    else:
        console.print(
            f'\nTry it: voicewright say "Hello." --voice "{voice.name}" --out hello.wav', markup=False
        )


def _why_not_active(voice: VoiceModel, active: VoiceModel) -> str:
    from voicewright.voices.policies import AUTO_ACTIVATION_SCORE

    score = voice.quality_score
    judged = "was not judged" if score is None else f"has {score:.2f}"
    return (
        f"The active voice, which speaks where none is named, stays '{active.name}', version "
        f"{active.version}: a new one takes over by itself where it is judged better than "
        f"{AUTO_ACTIVATION_SCORE:.2f}, and this one {judged}. To have it take over: voicewright voices use "
        f'"{voice.name}" --version {voice.version}'
    )
