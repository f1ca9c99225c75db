"""Records consents with the recording in which the speaker agrees, for voices made from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from voicewright.cli.application import Application
    from voicewright.engines.port import EngineInfo
    from voicewright.privacy.models import Consent
    from voicewright.training.consenting import Agreement


def record_agreement(
    application: Application,
    speaker: str,
    recording: Path,
    *,
    language: str | None,
    scope: Sequence[str],
    statement: str | None = None,
    expires_at: datetime | None = None,
) -> Consent:
    """Take the recording in as a sample of the speaker, and record the consent that it proves.

    Raises:
        RecordingsNotFound, SampleRefused: there is no such file, or it can't be used.
        SpeakerInvalid, LanguageInvalid, ConsentInvalid: with the reason; nothing was recorded.
    """
    from voicewright.privacy.speakers import clean_speaker
    from voicewright.recordings.agreeing import evidence_of, take_agreement
    from voicewright.recordings.errors import RecordingsNotFound
    from voicewright.recordings.samples import SampleService
    from voicewright.voices.schemas import LOCAL_USER_ID

    if not recording.is_file():
        raise RecordingsNotFound(f"{recording}: there is no such file. Check the path.")
    speaker = clean_speaker(speaker)
    samples = SampleService.open(application.settings, application.database, application.keys)
    try:
        longest_s = application.settings.max_voice_s
        sample = take_agreement(samples, LOCAL_USER_ID, speaker, recording, max_s=longest_s)
    finally:
        samples.close()
    return application.consents.assert_consent(
        LOCAL_USER_ID,
        speaker,
        asserted_by=LOCAL_USER_ID,
        scope=scope,
        statement=statement,
        expires_at=expires_at,
        recording=evidence_of(sample, speaker, language),
    )


def find_agreement(
    application: Application, info: EngineInfo, speaker: str, language: str
) -> Agreement | None:
    """What is sent along to an engine's provider, if it demands anything.

    Raises:
        ProviderConsentRequired, ConsentRequired: as `training.consenting.require_agreement`.
    """
    from voicewright.storage.vault import Vault
    from voicewright.training.consenting import require_agreement
    from voicewright.voices.schemas import LOCAL_USER_ID

    if info.provider is None:
        return None
    with application.database.session() as session:
        return require_agreement(
            session,
            application.consents,
            info,
            owner_id=LOCAL_USER_ID,
            speaker=speaker,
            language=language,
            samples=Vault.of_samples(application.settings, application.keys),
        )
