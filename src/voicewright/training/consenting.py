"""What a speaker has to agree to before their recordings leave this machine for a provider.

Two things, both before anything is uploaded: somebody recorded that the speaker agrees to the upload
(`ConsentScope.PROVIDER_UPLOAD`), in development too; and where the provider demands it, there is a recording
of the speaker agreeing, which is sent along.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.audio.mono import convert
from voicewright.engines.errors import ProviderConsentRequired
from voicewright.engines.languages import match_language
from voicewright.engines.port import ConsentRecording
from voicewright.privacy.policies import ConsentScope
from voicewright.recordings.agreeing import language_of, recording_of
from voicewright.recordings.names import safe_suffix
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo, Provider
    from voicewright.privacy.models import Consent
    from voicewright.privacy.service import ConsentService
    from voicewright.recordings.models import Sample
    from voicewright.storage.vault import Vault

_FILE: Final = "consent.wav"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A speaker, recorded agreeing; a request for a voice lays it out when it is needed (`VoiceRequest`)."""

    sample: Sample
    language: str
    statement: str
    samples: Vault

    def __call__(self, folder: Path) -> ConsentRecording:
        """Write the recording, as engines take it, into a folder, which is made.

        Raises:
            BlobNotFound, BlobCorrupt: it is missing or damaged.
            AudioError: it can't be read any more.
            StorageFull, StorageReadOnly: it can't be written.
        """
        with clear_errors("lay out a recorded consent", str(folder)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            original = folder / f"original{safe_suffix(self.sample.filename)}"
            try:
                self.samples.of(self.sample.owner_id).fetch_file(self.sample.digest, original)
                convert(original, folder / _FILE)
            finally:
                original.unlink(missing_ok=True)
        return ConsentRecording(folder / _FILE, self.sample.speaker, self.language, self.statement)


def require_agreement(
    session: Session,
    consents: ConsentService,
    info: EngineInfo,
    *,
    owner_id: uuid.UUID,
    speaker: str,
    language: str,
    samples: Vault | None = None,
) -> Agreement | None:
    """Demand what has to be there before recordings of a speaker are uploaded.

    Args:
        session: the caller's unit of work.
        consents: of all owners.
        info: the engine; for one that asks no provider nothing is demanded.
        owner_id: whose recordings they are.
        speaker: who is heard.
        language: of the voice; of several recorded consents one in it is taken, then the newest.
        samples: where the recordings lie; None: it is only asked whether there is one.

    Returns:
        What may be sent along, where there is a recording and `samples` was given: some providers take one
        that they do not demand.

    Raises:
        ProviderConsentRequired: the provider demands a recording, and there is none; says what to record.
        ConsentRequired: nobody recorded that the speaker agrees to the upload, or it ended.
    """
    provider = info.provider
    if provider is None:
        return None
    found = _find(session, consents.recorded(session, owner_id, speaker), language)
    if found is None and provider.consent:
        raise ProviderConsentRequired(_ask_for(provider, speaker, language))
    consents.require(session, owner_id, speaker, ConsentScope.PROVIDER_UPLOAD)
    if found is None or samples is None:
        return None
    consent, sample = found
    spoken = language_of(consent.evidence)
    statement = sample.transcript or _statement(provider, spoken) or consent.statement
    return Agreement(sample, spoken, statement, samples)


def _find(session: Session, consents: list[Consent], language: str) -> tuple[Consent, Sample] | None:
    """The newest one in the language, or else the newest, whose recording is there."""
    found = [(one, sample) for one in consents if (sample := recording_of(session, one)) is not None]
    fitting = [pair for pair in found if match_language(language_of(pair[0].evidence), (language,))]
    return next(iter(fitting or found), None)


def _statement(provider: Provider, language: str) -> str | None:
    statements = dict(provider.consent_statements)
    fitting = match_language(language, tuple(statements))
    return None if fitting is None else statements[fitting]


def _ask_for(provider: Provider, speaker: str, language: str) -> str:
    words = _statement(provider, language)
    say = "that they agree" if words is None else f"this, word for word: “{words}”"
    scope = [ConsentScope.PROVIDER_UPLOAD.value, ConsentScope.VOICE_CLONING.value]
    example = json.dumps(
        {"speaker": speaker, "scope": scope, "recording_sample_id": "…", "language": language},
        ensure_ascii=False,
    )
    name = json.dumps(speaker, ensure_ascii=False)
    return (
        f"{provider.name} demands a recording of {speaker} agreeing, and there is none; nothing was uploaded."
        f" Record {speaker} saying {say}. Upload it as a sample of {speaker}, and give it: POST /consents "
        f"with {example}; or `voicewright consents add {name} --recording FILE --language {language} --scope "
        f"{scope[0]} --scope {scope[1]}` for voices made from the command line."
    )
