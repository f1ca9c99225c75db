"""What is known about a file, as it is answered."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.answers import UtcMoment  # noqa: TC001 - pydantic reads these when the program runs
from voicewright.provenance.listener import WatermarkState  # noqa: TC001 - the same
from voicewright.provenance.manifests import ManifestState  # noqa: TC001 - the same

if TYPE_CHECKING:
    from voicewright.provenance.verification import Verification


class ManifestView(BaseModel):
    """What the signed manifest (C2PA) of the file says."""

    state: ManifestState = Field(
        description="`trusted`: signed by this instance, and the file is as it was then. `valid`: the same, "
        "by somebody else. `invalid`: one of the two was changed. `unsupported`: the format has none."
    )
    generator: str | None = Field(description="The program, as it says.", examples=["Voicewright 0.1.0"])
    signer: str | None = Field(description="Whose certificate it is.")
    made_at: str | None = Field(description="When the sound was made, as it says.")
    says_generated: bool = Field(description="Whether it says that a machine made the sound.")
    speech: dict[str, str] = Field(
        description="What this program writes: ids of speech, instance and voice, its version, the engine."
    )
    problems: list[str] = Field(description="What is wrong with it, in the codes of C2PA.")


class PassageView(BaseModel):
    """A stretch of the file."""

    start_s: float
    end_s: float


class WatermarkView(BaseModel):
    """What was heard of the watermark."""

    state: WatermarkState
    confidence: float | None = Field(
        description="0 to 1, where there is most of it; from 0.7 on it is found. Null: it can't be told."
    )
    passages: list[PassageView] = Field(description="Where it is, to about a second and a half.")
    heard_s: float = Field(description="Of so many seconds it could be told.")
    reason: str | None = Field(description="Why it can't be told.")


class MatchView(BaseModel):
    """A speech of this instance in the file. Who neither spoke it nor has the voice learns the day."""

    made_on: date
    start_s: float = Field(description="Where it begins in the file.")
    end_s: float
    confidence: float = Field(description="0.5 to 1.")
    speed: float = Field(description="How much faster it is in the file than it was spoken.")
    synthesis_id: UUID | None
    made_at: UtcMoment | None
    voice_model_id: UUID | None
    voice_model_version: int | None
    engine: str | None
    user_id: UUID | None = Field(description="Who had it spoken.")


class VerificationView(BaseModel):
    """What is known about a file."""

    duration_s: float
    made_here: bool | None = Field(
        description="True: this instance made it, or a part of it. Null: it can't be told. Never false."
    )
    conclusion: str = Field(description="All of it in words.")
    manifest: ManifestView
    watermark: WatermarkView
    matches: list[MatchView] = Field(description="The longest first.")

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Show a verification."""
        return cls.model_validate(asdict(verification))
