"""The description of Google Cloud Text-to-Speech; importing it imports nothing heavy."""

from __future__ import annotations

from typing import Final

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast, Provider
from voicewright.plugins.google_cloud_tts.consents import LANGUAGES, STATEMENTS
from voicewright.plugins.google_cloud_tts.options import GoogleCloudTTSOptions

PROVIDER: Final = Provider(
    name="Google Cloud",
    needs=("GOOGLE_APPLICATION_CREDENTIALS",),
    takes=("GOOGLE_CLOUD_PROJECT", "VOICEWRIGHT_GOOGLE_ENDPOINT", "VOICEWRIGHT_PROVIDER_TIMEOUT_S"),
    consent=True,
    consent_statements=STATEMENTS,
    keeps_voices=False,  # the voice is a key, and whoever has it keeps it: the artefact is all there is
)

ENGINE = EngineInfo(
    id="google-cloud-tts",
    title="Google Cloud Text-to-Speech",
    licence="Google Cloud Platform Terms of Service",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=False,  # what Google trained of half an hour it does no more: a voice is made of one sample
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=False,
        minimum_speech_s=10.0,
        ideal_speech_s=1800.0,  # what is advised: of so much, the best 10 s are sent
        needs_gpu=False,
        deterministic=False,
        has_stock_voices=True,
    ),
    options=GoogleCloudTTSOptions,
    billing="google",
    # instant custom voices: $60 for a million characters; Chirp 3 HD's own cost half of it
    # (cloud.google.com/text-to-speech/pricing, November 2026)
    dollars_per_1000_characters=0.06,
    forecast=Forecast(fixed_s=20.0, per_speech_s=0.0, memory_mb=200, artefact_mb=0.2),
    factory="voicewright.plugins.google_cloud_tts.engine:GoogleCloudTTSEngine",
    requires=("google.cloud.texttospeech_v1beta1", "grpc", "requests"),
    install_hint="voicewright engines install google-cloud-tts",
    environment=EngineEnvironment(requirements="voicewright.plugins.google_cloud_tts:requirements.txt"),
    provider=PROVIDER,
)
