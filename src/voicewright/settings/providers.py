"""The companies that do the work of cloud engines: the keys, and where they are asked."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field, SecretStr

_SEALED: Final = re.compile(r"https://\S+")
_AT_HOME: Final = re.compile(r"http://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/\S*)?")


def _keeps_keys(url: str) -> str:
    if not _SEALED.fullmatch(url) and not _AT_HOME.fullmatch(url):
        raise ValueError(
            "has to be https://..., as a key, recordings and texts are sent there; http:// only to this "
            "machine (localhost, 127.0.0.1, [::1])"
        )
    return url


ProviderUrl = Annotated[str, AfterValidator(_keeps_keys)]
"""Where a provider is asked; nobody on the way can read along."""


class ProviderSettings(BaseModel):
    """The companies that do the work of cloud engines: the keys, and where they are asked."""

    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="OPENAI_API_KEY",
        description="Key for the engine `openai-tts`.",
    )
    openai_base_url: ProviderUrl | None = Field(
        default=None,
        validation_alias="OPENAI_BASE_URL",
        description="Where OpenAI is asked, if not at its own address; `https`, or this machine.",
    )
    openai_organization: str | None = Field(
        default=None,
        validation_alias="OPENAI_ORG_ID",
        description="Organization there that pays.",
    )
    google_credentials: str | None = Field(
        default=None,
        validation_alias="GOOGLE_APPLICATION_CREDENTIALS",
        description="File with the credentials of a service account, for the engine `google-cloud-tts`.",
    )
    google_project: str | None = Field(
        default=None,
        validation_alias="GOOGLE_CLOUD_PROJECT",
        description="Project there that pays.",
    )
    google_endpoint: ProviderUrl | None = Field(
        default=None,
        validation_alias="VOICEWRIGHT_GOOGLE_ENDPOINT",
        description="Where Google Cloud Text-to-Speech is asked, if not at "
        "`https://texttospeech.googleapis.com`; `https`, or this machine.",
    )
    elevenlabs_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="ELEVENLABS_API_KEY",
        description="Key for the engine `elevenlabs`.",
    )
    elevenlabs_base_url: ProviderUrl | None = Field(
        default=None,
        validation_alias="ELEVENLABS_BASE_URL",
        description="Where ElevenLabs is asked, if not at its own address; `https`, or this machine.",
    )
    provider_timeout_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        validation_alias="VOICEWRIGHT_PROVIDER_TIMEOUT_S",
        description="Seconds that a provider may take for one answer.",
    )

    def provider_values(self) -> dict[str, str]:
        """What is set of these, by the names of the variables. Secret."""
        values: dict[str, str] = {}
        for name, field in ProviderSettings.model_fields.items():
            value = getattr(self, name)
            if value is not None:
                shown = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                values[str(field.validation_alias)] = shown
        return values
