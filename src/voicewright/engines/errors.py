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
    │   └── GpuUnavailable        it needs a GPU and there is none free
    ├── EngineNotFound            no engine has that id
    ├── EngineNotInstalled        it is known, but its packages are not there
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


class EngineNotFound(AppError):
    """No engine has this id; the message names those there are."""

    code: ClassVar[str] = "ENGINE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class EngineNotInstalled(AppError):
    """The engine is known, but packages that it needs are missing; the message says how to get them."""

    code: ClassVar[str] = "ENGINE_NOT_INSTALLED"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


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
