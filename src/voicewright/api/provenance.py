"""`/provenance`: what is known about a file of sound, and the certificate that manifests are checked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from anyio import Semaphore
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.rate_limits import per_window
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.multipart import FormLimits
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, upload_folder
from voicewright.provenance.views import VerificationView

if TYPE_CHECKING:
    from pathlib import Path

router = APIRouter(prefix="/provenance", tags=["provenance"])

_MIB: Final = 1 << 20
_FORM_BYTES: Final = 64 << 10
"""What a form has besides its file."""
_HOUR_S: Final = 3600
_AT_ONCE: Final = 2
"""Files that are looked at: each takes a processor for a while. The others wait, without a thread."""
_TURNS: Final[RunVar[Semaphore]] = RunVar("voicewright_verifications")
_PEM: Final = "application/x-pem-file"
_EXAMPLE: Final = "-----BEGIN CERTIFICATE-----\nMIIBuTCCAV+gAwIBAgIU...\n-----END CERTIFICATE-----\n"
Reader = Annotated[Caller, Depends(calling(Scope.VOICES_READ))]


class PemText(PlainTextResponse):
    """A certificate."""

    media_type = _PEM


_FORM: Final = form_document(
    {"file": {"type": "string", "format": "binary", "description": "Sound in any format."}}, ["file"]
)


@router.post(
    "/verify", summary="Verify where a file comes from", responses=refusals(429, 507), openapi_extra=_FORM
)
@streams_body
async def verify(request: Request, services: Wired, caller: Reader) -> VerificationView:
    """Look for a signed manifest, for the watermark, and for speech that this instance made.

    What is found is certain to different degrees, which the answer says; that nothing is found proves
    nothing. The file is not kept. An account may have so many files verified in an hour, 60 by default, and
    those that are refused count; more are answered with 429 and `Retry-After`.
    """
    settings = services.settings
    most = settings.max_verify_mb * _MIB
    per_hour = per_window("verify", settings.verifications_per_hour, _HOUR_S)
    limits = FormLimits(
        body_bytes=most + _FORM_BYTES, file_bytes=most, files=1, reserve_mb=settings.min_free_disk_mb
    )
    who = str(caller.user_id)
    await in_upload_thread(lambda: services.accounts.rate_limits.hit(per_hour, who, what="files to verify"))
    async with upload_folder(services.samples) as folder:
        form = await receive_form(request, folder, limits, files={"file"})
        path = form.require_file("file").path
        async with _turns():
            return await in_upload_thread(_look, services, caller, path)


@router.get(
    "/certificate",
    summary="Get the certificate of this instance",
    response_class=PemText,
    responses={
        200: {"content": {_PEM: {"schema": {"type": "string"}, "example": _EXAMPLE}}, "description": "PEM"}
    },
)
def certificate(services: Wired) -> PemText:
    """Of the authority that the manifests of this instance go back to, in PEM.

    Whoever trusts it can check them with any program that reads C2PA, without asking this instance.
    """
    return PemText(services.provenance.certificates.authority_pem())


def _look(services: Wired, caller: Caller, path: Path) -> VerificationView:
    return VerificationView.of(services.provenance.verify(caller, path))


def _turns() -> Semaphore:
    """Of this event loop."""
    try:
        return _TURNS.get()
    except LookupError:
        turns = Semaphore(_AT_ONCE)
        _TURNS.set(turns)
        return turns
