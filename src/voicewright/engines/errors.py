"""Every error of the engine layer: of finding engines, of the host process, and of the engines themselves.

    AppError
    ├── EngineError               base of what an engine raises: the message says why and what to do
    │   ├── TooLittleSpeech       names how much is needed
    │   ├── LanguageUnsupported   names those that may have been meant
    │   ├── TextUnspeakable       nothing in the text can be said
    │   ├── ArtefactInvalid       not a voice of this engine, damaged, or of a version it does not read
    │   ├── OptionsInvalid        names each option and what it may be
    │   ├── EngineOutOfMemory     it ran out of memory
    │   ├── EngineDiskFull        it ran out of disk space
    │   ├── GpuUnavailable        it needs a GPU and there is none free
    │   ├── StockVoiceNotFound    it has no voice of its own of that name
    │   └── ProviderError         the company that does an engine's work says no, or nothing
    │       ├── ProviderKeyRefused      wrong, expired, or not allowed to do this
    │       ├── ProviderQuotaExceeded   the account there has no money or no room left
    │       ├── ProviderRateLimited     too often; later it will do
    │       ├── ProviderUnavailable     down, out of reach, or too slow
    │       ├── ProviderAnswerInvalid   it answered something else than it documents
    │       ├── ProviderOutcomeUnknown  it may have made something or not, and can't be asked
    │       ├── ProviderRefused         it does not want this recording, text or voice
    │       ├── ProviderConsentRequired the recorded consent that it demands is not there
    │       └── ProviderVoiceGone       it does not have the voice any more
    ├── EngineNotFound            no engine has that id
    ├── EngineNotInstalled        it is known, but its packages are not there
    ├── WeightsMissing            its packages are there, and its weights are not
    ├── WeightsDamaged            its weights are not what they have to be
    ├── ProviderKeyMissing        nobody has set the key of the company that does its work
    ├── LicenceNotAccepted        its weights have a licence that nobody has accepted here
    ├── PythonUnsuitable          its packages do not exist for this Python
    ├── InstallFailed             pip could not install its packages
    ├── DownloadFailed            a file of its weights can't be fetched
    ├── EngineBusy                another process installs or removes it
    ├── EnginePluginBroken        its entry point can't be loaded
    ├── EngineFailed              an exception of the engine that is not one of these
    ├── EngineContractBroken      it answered something that the port does not allow
    ├── HostDied, HostHung        the process ended, or gave no sign of life; it was removed
    ├── HostStartFailed           the process could not be started
    ├── HostTimedOut              alive, but not done in the time that the caller allowed
    ├── HostClosed                the caller closed it
    ├── StreamStalled             the reader of a stream stopped reading
    └── Cancelled                 the caller asked for it

Standard library only: engines in environments of their own import this module.
"""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class EngineError(AppError):
    """The engine refuses what was asked; the message says why and what to do.

    Engines raise this or a subclass with a `code` of its own. A subclass keeps this constructor: only
    the code, the kind, the message and `retryable` travel from the host process to the caller.
    """

    code: ClassVar[str] = "ENGINE_ERROR"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TooLittleSpeech(EngineError):
    """There is less speech than the engine needs; the message names both amounts."""

    code: ClassVar[str] = "TOO_LITTLE_SPEECH"


class LanguageUnsupported(EngineError):
    """The engine does not speak this language; the message names those that may have been meant."""

    code: ClassVar[str] = "LANGUAGE_UNSUPPORTED"


class TextUnspeakable(EngineError):
    """The text has nothing in it that the engine can say."""

    code: ClassVar[str] = "TEXT_UNSPEAKABLE"


class ArtefactInvalid(EngineError):
    """The files are not a voice of this engine, are damaged, or have a version that it does not read."""

    code: ClassVar[str] = "ARTEFACT_INVALID"


class OptionsInvalid(EngineError):
    """One or more options are unknown or out of range; the message names each of them."""

    code: ClassVar[str] = "OPTIONS_INVALID"


class EngineOutOfMemory(EngineError):
    """The engine ran out of memory; a smaller batch may do."""

    code: ClassVar[str] = "ENGINE_OUT_OF_MEMORY"
    kind: ClassVar[ErrorKind] = ErrorKind.NO_SPACE
    default_retryable: ClassVar[bool] = True


class EngineDiskFull(EngineError):
    """The engine ran out of disk space."""

    code: ClassVar[str] = "ENGINE_DISK_FULL"
    kind: ClassVar[ErrorKind] = ErrorKind.NO_SPACE
    default_retryable: ClassVar[bool] = True


class GpuUnavailable(EngineError):
    """The engine needs a GPU, and there is none, or none with enough free memory."""

    code: ClassVar[str] = "GPU_UNAVAILABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class StockVoiceNotFound(EngineError):
    """The engine has no voice of its own of that name; the message names those that may have been meant."""

    code: ClassVar[str] = "STOCK_VOICE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ProviderError(EngineError):
    """The company that does an engine's work says no, or nothing; the message names it and what to do."""

    code: ClassVar[str] = "PROVIDER_ERROR"


class ProviderKeyRefused(ProviderError):
    """The provider does not take the key: wrong, expired, or without the right for this."""

    code: ClassVar[str] = "PROVIDER_KEY_REFUSED"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class ProviderQuotaExceeded(ProviderError):
    """The account at the provider has no money, no characters or no room for voices left."""

    code: ClassVar[str] = "PROVIDER_QUOTA_EXCEEDED"
    kind: ClassVar[ErrorKind] = ErrorKind.OVER_BUDGET


class ProviderRateLimited(ProviderError):
    """The provider was asked too often; the same succeeds later."""

    code: ClassVar[str] = "PROVIDER_RATE_LIMITED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class ProviderUnavailable(ProviderError):
    """The provider is down, out of reach, or did not answer in time."""

    code: ClassVar[str] = "PROVIDER_UNAVAILABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class ProviderAnswerInvalid(ProviderError):
    """The provider answered something else than it documents: cut off, empty, of another form."""

    code: ClassVar[str] = "PROVIDER_ANSWER_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class ProviderOutcomeUnknown(ProviderError):
    """The provider may have made a voice or not, and only people can look; trying again may make another."""

    code: ClassVar[str] = "PROVIDER_OUTCOME_UNKNOWN"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ProviderRefused(ProviderError):
    """The provider does not want this recording, this text or this voice; the message has its reason."""

    code: ClassVar[str] = "PROVIDER_REFUSED"


class ProviderConsentRequired(ProviderError):
    """The provider demands the speaker's recorded consent, and there is none; nothing was uploaded."""

    code: ClassVar[str] = "PROVIDER_CONSENT_REQUIRED"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class ProviderVoiceGone(ProviderError):
    """The provider does not have this voice any more; it has to be made again."""

    code: ClassVar[str] = "PROVIDER_VOICE_GONE"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class EngineNotFound(AppError):
    """No engine has this id; the message names those there are."""

    code: ClassVar[str] = "ENGINE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class EngineNotInstalled(AppError):
    """The engine is known, but packages that it needs are missing; the message says how to get them."""

    code: ClassVar[str] = "ENGINE_NOT_INSTALLED"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class WeightsMissing(EngineNotInstalled):
    """The engine's weights are not there; the message says how to get them."""

    code: ClassVar[str] = "WEIGHTS_MISSING"


class WeightsDamaged(EngineNotInstalled):
    """A file of the engine's weights is not what it has to be; the message names it and how to replace it."""

    code: ClassVar[str] = "WEIGHTS_DAMAGED"


class ProviderKeyMissing(EngineNotInstalled):
    """Nobody has set what the engine's provider asks for; the message names the setting."""

    code: ClassVar[str] = "PROVIDER_KEY_MISSING"


class LicenceNotAccepted(AppError):
    """The engine's weights have a licence that has to be accepted first; the message has it."""

    code: ClassVar[str] = "LICENCE_NOT_ACCEPTED"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class PythonUnsuitable(AppError):
    """The engine's packages do not exist for this Python; the message names those that they exist for."""

    code: ClassVar[str] = "PYTHON_UNSUITABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class InstallFailed(AppError):
    """The engine's environment can't be made; the message has pip's last words."""

    code: ClassVar[str] = "INSTALL_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class DownloadFailed(AppError):
    """A file of the engine's weights can't be fetched; what came of it is kept for the next time."""

    code: ClassVar[str] = "DOWNLOAD_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class EngineBusy(AppError):
    """Another process installs or removes the engine now."""

    code: ClassVar[str] = "ENGINE_BUSY"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
    default_retryable: ClassVar[bool] = True


class EnginePluginBroken(AppError):
    """The entry point of an engine can't be loaded; the other engines are not affected."""

    code: ClassVar[str] = "ENGINE_PLUGIN_BROKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class EngineFailed(AppError):
    """An exception in the engine that it did not foresee; its traceback is in the log lines."""

    code: ClassVar[str] = "ENGINE_FAILED"


class EngineContractBroken(AppError):
    """The engine, or another service in a host process, answered what its port does not allow."""

    code: ClassVar[str] = "ENGINE_CONTRACT_BROKEN"


class HostDied(AppError):
    """The host process ended in the middle of a request; the message has its last lines."""

    code: ClassVar[str] = "HOST_DIED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class HostHung(AppError):
    """The host process gave no sign of life for too long and was removed."""

    code: ClassVar[str] = "HOST_HUNG"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class HostStartFailed(AppError):
    """The host process could not be started, or was not ready in the time allowed."""

    code: ClassVar[str] = "HOST_START_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class HostTimedOut(AppError):
    """The host process was alive, but had not answered in the time that the caller allowed."""

    code: ClassVar[str] = "HOST_TIMED_OUT"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class HostClosed(AppError):
    """The host process was closed by its owner, before or during the request."""

    code: ClassVar[str] = "HOST_CLOSED"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED


class StreamStalled(AppError):
    """Whoever asked for a stream stopped reading it, so the work was cancelled and the host freed."""

    code: ClassVar[str] = "STREAM_STALLED"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED


class Cancelled(AppError):
    """The caller asked to stop."""

    code: ClassVar[str] = "CANCELLED"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED
