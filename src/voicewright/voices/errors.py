"""What can go wrong with voices."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class VoiceNotFound(AppError):
    """There is no such voice, or not in that version; the message names those that come close."""

    code = "VOICE_MODEL_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceNameInvalid(AppError):
    """The name is empty, too long, or has characters that a name can't have."""

    code = "VOICE_NAME_INVALID"
    kind = ErrorKind.INVALID


class VoiceDataInvalid(AppError):
    """A figure, the options or the evaluation can't be kept, or what is said of the files is not so."""

    code = "VOICE_DATA_INVALID"
    kind = ErrorKind.INVALID


class VoiceMetadataInvalid(AppError):
    """The metadata is too large, nested too deeply, or no JSON that can be kept."""

    code = "VOICE_METADATA_INVALID"
    kind = ErrorKind.INVALID


class VoiceProviderUnknown(AppError):
    """No engine of that id is known here; the message names those that are."""

    code = "VOICE_PROVIDER_UNKNOWN"
    kind = ErrorKind.INVALID


class ModelPathRefused(AppError):
    """The path is no voice or upload of this user in the configured store."""

    code = "MODEL_PATH_REFUSED"
    kind = ErrorKind.INVALID


class ProviderArtefactRefused(AppError):
    """The files name a voice at a provider that this installation did not have made."""

    code = "PROVIDER_ARTEFACT_REFUSED"
    kind = ErrorKind.FORBIDDEN


class VoiceModelExists(AppError):
    """The training job has a voice already; the message names it."""

    code = "VOICE_MODEL_EXISTS"
    kind = ErrorKind.CONFLICT


class VoiceFilesDamaged(AppError):
    """The voice is there, and files of it are missing or were changed; trying again does not help."""

    code = "VOICE_FILES_DAMAGED"
    kind = ErrorKind.CONFLICT


class VoiceFilesGone(AppError):
    """The voice, or what a training kept, was deleted together with its files."""

    code = "VOICE_FILES_GONE"
    kind = ErrorKind.CONFLICT


class EngineNotReady(AppError):
    """The engine whose own voices are asked for can't run here now; the message says what it lacks."""

    code = "ENGINE_NOT_READY"
    kind = ErrorKind.CONFLICT


class VoiceNameTaken(AppError):
    """Another voice of the same owner has the name, or had it before it was deleted."""

    code = "VOICE_NAME_TAKEN"
    kind = ErrorKind.CONFLICT


class VoiceAlreadyActive(AppError):
    """The voice that is to be activated is the active one."""

    code = "VOICE_MODEL_ALREADY_ACTIVE"
    kind = ErrorKind.CONFLICT


class VoiceNotActive(AppError):
    """The voice that is to be deactivated is not the active one."""

    code = "VOICE_MODEL_NOT_ACTIVE"
    kind = ErrorKind.CONFLICT


class NoActiveVoice(AppError):
    """The user has no active voice."""

    code = "NO_ACTIVE_VOICE_MODEL"
    kind = ErrorKind.NOT_FOUND


class VoiceIsCurrent(AppError):
    """The version that is to be rolled back to is the newest one already."""

    code = "VOICE_MODEL_IS_CURRENT"
    kind = ErrorKind.CONFLICT


class VoicesUnrelated(AppError):
    """The two voices that are to be compared as versions are none of one voice."""

    code = "VOICE_MODELS_UNRELATED"
    kind = ErrorKind.INVALID


class VoiceChanged(AppError):
    """The voice is no longer as `If-Match` says; read it again."""

    code = "VOICE_MODEL_CHANGED"
    kind = ErrorKind.PRECONDITION
