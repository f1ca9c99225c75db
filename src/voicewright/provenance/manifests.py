"""C2PA manifests: puts a signed one into a finished file of speech, and reads what is in a file.

Nothing is fetched from the net, neither time stamps nor manifests that lie elsewhere, whatever a file asks.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from voicewright import __version__
from voicewright.provenance.certificates import ORGANISATION
from voicewright.provenance.errors import ManifestNotWritten

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.provenance.certificates import Credentials
    from voicewright.provenance.claims import Told

ManifestState = Literal["trusted", "valid", "invalid", "absent", "unsupported"]

MEDIA_TYPES: Final = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "m4a": "audio/mp4"}
"""The formats that have a place for a manifest."""
ASSERTION: Final = "org.voicewright.speech"
_TRAINED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_OFFLINE: Final = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}
_MOST_TEXT: Final = 200
"""Characters that are repeated of what a file says about itself."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest of a file says, and whether that can be believed."""

    state: ManifestState
    """`trusted`: signed by this instance, and the file is as it was then; `valid`: the same by somebody else;
    `invalid`: changed since, or not what it claims; `unsupported`: the format has no place for one."""
    generator: str | None = None
    """The program that made it, as it says."""
    signer: str | None = None
    made_at: str | None = None
    says_generated: bool = False
    """Whether it says that a machine made the sound."""
    speech: dict[str, str] = field(default_factory=dict)
    """Of ours: synthesis, instance, voice, its version, engine."""
    problems: tuple[str, ...] = ()
    """The codes of what is wrong with it."""


def sign_file(path: Path, format_: str, claim: Told, credentials: Credentials) -> bool:
    """Put a signed manifest into a file; False: its format has no place for one.

    Raises:
        ManifestNotWritten: the file is as it was.
    """
    media_type = MEDIA_TYPES.get(format_)
    if media_type is None:
        return False
    import c2pa  # noqa: PLC0415 - a library of 30 MB, only where something is signed

    chain, key = credentials.chain_pem.encode(), credentials.key_pem
    aside = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(4)}.part")
    try:
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_definition(claim, credentials)) as builder,
            path.open("rb") as source,
            aside.open("x+b") as target,
        ):
            builder.sign(signer, media_type, source, target)
            target.flush()
            os.fsync(target.fileno())
        aside.replace(path)
    except (c2pa.C2paError, OSError) as error:
        raise ManifestNotWritten(f"{path.name}: the manifest could not be written ({error}).") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return True


def read_manifest(path: Path, container: str | None, anchors_pem: str) -> Manifest:
    """What the manifest of a file says.

    Args:
        path: the file.
        container: what it is by its content, a key of `audio.sniff.EXTENSIONS`.
        anchors_pem: the certificates of this instance's authorities.
    """
    media_type = MEDIA_TYPES.get("m4a" if container == "mp4" else container or "")
    if media_type is None:
        return Manifest("unsupported")
    import c2pa  # noqa: PLC0415 - as above

    settings: dict[str, Any] = {"verify": _OFFLINE}
    if anchors_pem:
        settings["trust"] = {"trust_anchors": anchors_pem}
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(settings)) as context,
            path.open("rb") as file,
            c2pa.Reader(media_type, file, context=context) as reader,
        ):
            state = reader.get_validation_state()
            return _manifest(json.loads(reader.json()), str(state))
    except c2pa.C2paError.ManifestNotFound:
        return Manifest("absent")
    except (c2pa.C2paError, ValueError) as error:
        return Manifest("invalid", problems=(type(error).__name__.removeprefix("_C2pa"),))


def _definition(claim: Told, credentials: Credentials) -> dict[str, Any]:
    when = claim.made_at.astimezone(UTC).isoformat(timespec="seconds")
    speech = {**claim.facts, "instance_id": str(credentials.instance_id)}
    created = {"action": "c2pa.created", "when": when, "digitalSourceType": _TRAINED}
    return {
        "claim_generator_info": [{"name": ORGANISATION, "version": __version__}],
        "title": claim.title,
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [created]}},
            {"label": ASSERTION, "data": speech},
        ],
    }


def _manifest(store: dict[str, Any], state: str) -> Manifest:
    """From what the library tells; all of it but the state is what somebody wrote."""
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    generators = active.get("claim_generator_info") or [{}]
    signature = active.get("signature_info") or {}
    assertions = {one.get("label"): one.get("data") for one in active.get("assertions", [])}
    names = [name for name in ("c2pa.actions.v2", "c2pa.actions") if name in assertions]
    actions: dict[str, Any] = assertions[names[0]] if names else {}
    created: dict[str, Any] = next(
        (one for one in actions.get("actions", []) if one.get("action") == "c2pa.created"), {}
    )
    failures = store.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    known: dict[str, ManifestState] = {"Trusted": "trusted", "Valid": "valid"}
    verdict = known.get(state, "invalid")
    problems = {str(one.get("code"))[:_MOST_TEXT] for one in failures}
    return Manifest(
        state=verdict,
        generator=_told(" ".join(str(generators[0].get(part, "")) for part in ("name", "version")).strip()),
        signer=_told(signature.get("common_name") or signature.get("issuer")),
        made_at=_told(created.get("when")),
        says_generated=created.get("digitalSourceType") == _TRAINED,
        speech={
            str(key): str(value)[:_MOST_TEXT] for key, value in (assertions.get(ASSERTION) or {}).items()
        },
        problems=() if verdict == "trusted" else tuple(sorted(problems - _UNTRUSTED)),
    )


_UNTRUSTED: Final = {"signingCredential.untrusted"}
"""No fault of the file: its signer is somebody else."""


def _told(value: Any) -> str | None:
    return str(value)[:_MOST_TEXT] if value else None


def moment_of(manifest: Manifest) -> datetime | None:
    """When it says that the speech was made."""
    with suppress(TypeError, ValueError):
        return datetime.fromisoformat(manifest.made_at or "")
    return None
