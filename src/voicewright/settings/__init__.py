"""Every setting of the program, read once from the environment and passed on as one frozen object.

`bootstrap` calls `load_settings()`; nothing else reads the environment. The names are those of the operator's
world (`DATABASE_URL`, `TRAINING_CONCURRENCY`) where such a name exists, and `VOICEWRIGHT_*` otherwise.
`docs/settings.md` has one row for each field; a test compares the two.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicewright.errors import AppError, ErrorKind
from voicewright.settings.accounts import AccountSettings
from voicewright.settings.machine import MachineSettings
from voicewright.settings.models import ModelSettings
from voicewright.settings.onboarding import OnboardingSettings
from voicewright.settings.providers import ProviderSettings
from voicewright.settings.serving import ServingSettings
from voicewright.settings.speaking import SpeakingSettings
from voicewright.settings.storing import StoringSettings
from voicewright.settings.training import TrainingSettings


class SettingsInvalid(AppError):
    """An environment variable has a value that the program can't use."""

    code = "SETTINGS_INVALID"
    kind = ErrorKind.INVALID


class Settings(
    MachineSettings,
    StoringSettings,
    ServingSettings,
    AccountSettings,
    TrainingSettings,
    ModelSettings,
    SpeakingSettings,
    OnboardingSettings,
    ProviderSettings,
    BaseSettings,
):
    """The settings of one process; build it with `load_settings()`, or by field name in tests.

    An empty variable counts as one that is not set.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True,
        populate_by_name=True,
        # tests build settings by field name; the environment is to know the aliases alone, or `HOME` would be
        # taken for `home`. No variable can have a name with this prefix.
        env_prefix="=",
        env_ignore_empty=True,
        extra="ignore",
    )


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsInvalid: names each variable that can't be used, and why; values are not repeated, they may be
            secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            ": ".join(filter(None, (".".join(map(str, problem["loc"])), problem["msg"])))
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(f"Some settings can't be used. {problems}. See docs/settings.md.") from None
