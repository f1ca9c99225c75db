"""The companies that do the work of cloud engines: the keys, and where they are asked."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class ProviderSettings(BaseModel):
    """The companies that do the work of cloud engines: the keys, and where they are asked."""

    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="OPENAI_API_KEY",
        description="Key for the engine `openai-tts`.",
    )
    openai_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        validation_alias="OPENAI_BASE_URL",
        description="Where OpenAI is asked, if not at its own address.",
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
    google_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        validation_alias="VOICEWRIGHT_GOOGLE_ENDPOINT",
        description="Where Google Cloud Text-to-Speech is asked, if not at `https://texttospeech.googleapis.com`.",
    )
    elevenlabs_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="ELEVENLABS_API_KEY",
        description="Key for the engine `elevenlabs`.",
    )
    elevenlabs_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        validation_alias="ELEVENLABS_BASE_URL",
        description="Where ElevenLabs is asked, if not at its own address.",
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
