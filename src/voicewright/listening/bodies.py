"""What requests about blind tests say: camelCase, and every value is checked."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, Strict, StringConstraints

from voicewright.voices.bodies import Body, Text

MOST_SIDES: Final = 4
MOST_SENTENCES: Final = 20
MOST_TRIALS: Final = 60
USUAL_SENTENCES: Final = 8

_ID: Final = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Stars = Annotated[int, Strict(), Field(ge=1, le=5)]
Choice = Literal["a", "b", "none"]


class SideBody(Body):
    """One of those who are compared."""

    model_id: UUID = Field(description="A voice that you may speak with.")
    recording: Annotated[bool, Strict()] = Field(
        default=False,
        description="Not the voice, but what its person said: recordings of yours that have a text.",
    )


class NewListeningTestBody(Body):
    """A blind test to make."""

    sides: list[SideBody] = Field(
        min_length=2,
        max_length=MOST_SIDES,
        description="Who is compared; each of them once.",
        examples=[[{"modelId": _ID}, {"modelId": _ID, "recording": True}]],
    )
    name: Text | None = Field(
        default=None, description="What it is called; made of the voices' names by default."
    )
    sentences: list[Sentence] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_SENTENCES,
        description="What they say: everyday sentences of the first voice's language by default. With "
        "recordings it is what was said in them.",
    )
    count: Annotated[int, Strict(), Field(ge=1, le=MOST_SENTENCES)] = Field(
        default=USUAL_SENTENCES,
        description="How many sentences, where none are given; there are eight of each language, and of more "
        "some are said once more.",
    )


class VoteBody(Body):
    """What somebody says of a trial."""

    choice: Choice = Field(description="Which was better; `none`: no difference.", examples=["a"])
    naturalness_a: Stars | None = Field(default=None, description="1 (artificial) to 5 (like a person).")
    naturalness_b: Stars | None = None
