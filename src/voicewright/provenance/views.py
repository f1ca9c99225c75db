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
    signer: str | None = Field(
        description="Whose certificate it is.", examples=["Speech of instance 2e0d9f3c-…"]
    )
    made_at: str | None = Field(
        description="When the sound was made, as it says.", examples=["2025-01-15T10:30:00+00:00"]
    )
    says_generated: bool = Field(
        description="Whether it says that a machine made the sound.", examples=[True]
    )
    speech: dict[str, str] = Field(
        description="What this program writes: ids of speech, instance and voice, its version, the engine.",
        examples=[{"synthesis_id": "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11", "engine": "builtin"}],
    )
    problems: list[str] = Field(description="What is wrong with it, in the codes of C2PA.", examples=[[]])


class PassageView(BaseModel):
    """A stretch of the file."""

    start_s: float = Field(examples=[0.0])
    end_s: float = Field(examples=[4.5])


class WatermarkView(BaseModel):
    """What was heard of the watermark."""

    state: WatermarkState
    confidence: float | None = Field(
        description="0 to 1, where there is most of it; from 0.7 on it is found. Null: it can't be told.",
        examples=[0.998],
    )
    passages: list[PassageView] = Field(description="Where it is, to about a second and a half.")
    heard_s: float = Field(description="Of so many seconds it could be told.", examples=[4.5])
    reason: str | None = Field(description="Why it can't be told.", examples=[None])


class MatchView(BaseModel):
    """A speech of this instance in the file. Who neither spoke it nor has the voice learns the day."""

    made_on: date
    start_s: float = Field(description="Where it begins in the file.", examples=[0.0])
    end_s: float = Field(examples=[4.5])
    confidence: float = Field(description="0.5 to 1.", examples=[0.97])
    speed: float = Field(description="How much faster it is in the file than it was spoken.")
    synthesis_id: UUID | None
    part: int | None = Field(
        description="Number of the item of a batch, or of the paragraph of a text that was not completed.",
        examples=[None],
    )
    made_at: UtcMoment | None
    voice_model_id: UUID | None = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    voice_name: str | None = Field(
        description="As it is called now; null where it is gone.", examples=["Ann"]
    )
    voice_model_version: int | None
    engine: str | None = Field(examples=["builtin"])
    user_id: UUID | None = Field(description="Who had it spoken.")


class VerificationView(BaseModel):
    """What is known about a file."""

    duration_s: float = Field(examples=[4.5])
    made_here: bool | None = Field(
        description="True: this instance made it, or a part of it. Null: it can't be told. Never false.",
        examples=[True],
    )
    conclusion: str = Field(
        description="All of it in words.",
        examples=["From 0.0 s to 4.5 s it is surely speech that this instance made on 2025-01-15."],
    )
    manifest: ManifestView
    watermark: WatermarkView
    matches: list[MatchView] = Field(description="The longest first.")

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Show a verification."""
        return cls.model_validate(asdict(verification))
