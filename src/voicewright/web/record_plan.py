"""What somebody who records has before them: who speaks, what they have read and what to read next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.languages import match_language
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.policies import ConsentScope
from voicewright.privacy.speakers import clean_speaker
from voicewright.recordings.entering import Place
from voicewright.recordings.errors import DatasetNameInvalid, DatasetNotFound
from voicewright.recordings.names import clean_dataset_name, clean_language
from voicewright.recordings.prompts.catalogue import Prompt, catalogue_for, languages, sentence_key
from voicewright.recordings.prompts.choosing import in_order
from voicewright.recordings.report import Verdict
from voicewright.web.enough import GOOD_S
from voicewright.web.language_titles import LANGUAGES, language_title
from voicewright.web.record_consents import Statement, statements_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from voicewright.api.services import Services
    from voicewright.privacy.models import Consent
    from voicewright.recordings.datasets import Summary, Take

DEFAULT_LANGUAGE: Final = "en-us"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One speaker who records into one dataset."""

    dataset: str
    speaker: str
    language: str
    summary: Summary | None
    """None: the first recording makes the dataset."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the speaker agreed to, and what they could say to agree."""

    consent: Consent | None
    refused: str
    """Why there is none that counts."""
    statements: list[Statement]
    """The first is our own."""


def begin(services: Services, owner_id: UUID, dataset: str, speaker: str, language: str) -> Sitting:
    """Who records into which dataset; one that is there says itself whose it is.

    Args:
        services: of the application.
        owner_id: whose dataset it is.
        dataset: its name.
        speaker: whose voice; empty: the dataset's.
        language: what is spoken; empty: the dataset's.

    Raises:
        DatasetNameInvalid, SpeakerInvalid, LanguageInvalid, DatasetMismatch: say what to change.
    """
    name = clean_dataset_name(dataset)
    try:
        summary = services.datasets.summary(owner_id, name)
    except DatasetNotFound:
        speaker = clean_speaker(speaker or name)
        return Sitting(name, speaker, clean_language(language or DEFAULT_LANGUAGE), None)
    place = Place.for_dataset(owner_id, name, speaker=speaker or None, language=language or None)
    services.samples.require_place(place)
    found = summary.dataset
    return Sitting(found.name, found.speaker, found.language, summary)


def dataset_name(speaker: str) -> str:
    """What the recordings of somebody are called, until they call them something else."""
    try:
        return clean_dataset_name(f"{speaker} reading")
    except DatasetNameInvalid:
        return ""


def agreement(services: Services, owner_id: UUID, sitting: Sitting) -> Agreed:
    """Whether the speaker's consent is on record."""
    engines = services.stock.engines
    ready = (info for info in engines.known() if engines.is_ready(info))
    statements = statements_for(sitting.language, sitting.speaker, ready)
    try:
        consent = services.consents.require(None, owner_id, sitting.speaker, ConsentScope.VOICE_CLONING)
    except ConsentRequired:
        earlier, _ = services.consents.list_consents(owner_id, speaker=sitting.speaker, limit=1)
        refused = "The consent that was recorded has expired or was taken back." if earlier else ""
        return Agreed(None, refused, statements)
    return Agreed(consent, "", statements)


def plan(services: Services, owner_id: UUID, sitting: Sitting) -> dict[str, Any]:
    """What the page's script works with; the samples on the server say what was read already."""
    samples: Sequence[Take] = ()
    if sitting.summary is not None:
        samples = services.datasets.takes_of(owner_id, sitting.dataset)
    catalogue = catalogue_for(sitting.language)
    by_key = catalogue.by_key if catalogue else {}
    prompts = catalogue.prompts if catalogue else ()
    by_use = sorted(samples, key=lambda one: one.verdict != Verdict.REJECTED)
    read = {sentence_key(one.transcript or ""): one for one in by_use}  # of several one that can be used
    counts = [
        prompt for key, prompt in by_key.items() if key in read and read[key].verdict != Verdict.REJECTED
    ]
    known = set(counts)
    left = [prompt for prompt in prompts if prompt not in known]
    others = [one for one in samples if by_key.get(sentence_key(one.transcript or "")) not in known]
    return {
        "dataset": sitting.dataset,
        "speaker": sitting.speaker,
        "language": sitting.language,
        "prompts": [
            {**_shown(prompt), **_replaces(read.get(sentence_key(prompt.text)))}
            for prompt in in_order(left, counts)
        ],
        "taken": [_taken(prompt, read[sentence_key(prompt.text)]) for prompt in counts],
        "good_seconds": GOOD_S,
        "others": {"seconds": round(sum(one.speech_s for one in others), 2)},
    }


def language_choices() -> list[tuple[str, str]]:
    """Languages by name; those that there are sentences for come first."""
    titles = {tag: language_title(tag) for tag in LANGUAGES}
    known = set(languages())
    served = [tag for tag in titles if match_language(tag, tuple(known)) is not None]
    rest = sorted((tag for tag in titles if tag not in served), key=titles.__getitem__)
    return [(tag, titles[tag]) for tag in [*served, *rest]]


def _shown(prompt: Prompt) -> dict[str, Any]:
    return {"text": prompt.text, "sounds": " ".join(prompt.sounds)}


def _replaces(sample: Take | None) -> dict[str, str]:
    """The recording of a sentence that can't be used: the next one takes its place."""
    return {} if sample is None else {"replaces": str(sample.id)}


def _taken(prompt: Prompt, sample: Take) -> dict[str, Any]:
    return {
        **_shown(prompt),
        "id": str(sample.id),
        "verdict": sample.verdict,
        "reasons": sample.reasons,
        "seconds": round(sample.speech_s, 2),
    }
