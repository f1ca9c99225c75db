"""What requests for long texts and batches say."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Strict, StringConstraints

from voicewright.speech.naming import NamesVoice
from voicewright.speech.order import Choose  # noqa: TC001 - Pydantic looks at it

OutputFormat = Literal["mp3", "wav", "flac", "opus", "aac", "pcm"]
ITEM_CHARACTERS = 5000
MOST_CHARACTERS = 1_000_000
"""That a text can have whatever the settings say."""

_Pause = Annotated[float, Strict(), Field(ge=0, le=10)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Language = Annotated[str, StringConstraints(min_length=2, max_length=35)]
_Speed = Annotated[float, Strict(), Field(ge=0.25, le=4)]


class _Body(BaseModel):
    """Unknown fields are refused, not ignored, and so are NaN and infinity."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PausesBody(_Body):
    """Silences in seconds; those that are left out are the voice's own."""

    sentence_s: _Pause | None = Field(default=None, description="After a sentence.")
    paragraph_s: _Pause | None = Field(default=None, description="After a paragraph.")


class _Manner(_Body):
    """How all of it is spoken."""

    output_format: OutputFormat = Field(default="mp3", description="Of the files.")
    title: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="What you want to call it; file names begin with it."
    )
    pitch: Annotated[float, Strict(), Field(ge=-12, le=12)] = Field(
        default=0.0,
        description="Semitones.",
        validation_alias=AliasChoices("pitch", "pitch_semitones"),  # the second was its name once
    )
    seed: Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)] = Field(
        default=0, description="Another one is said otherwise, by engines that roll dice."
    )
    normalise: Annotated[bool, Strict()] = Field(
        default=True, description="Put numbers, dates, money and abbreviations into words."
    )
    check: Annotated[bool, Strict()] = Field(
        default=True, description="Listen to each piece, and speak it again where words are missing."
    )
    cache: Annotated[bool, Strict()] = Field(
        default=True, description="Whether what was spoken before may be taken."
    )
    fallback: Annotated[bool, Strict()] = Field(
        default=True,
        description="Whether another voice of the same person may speak in its place, from the beginning: "
        "once something is spoken, the same voice speaks the rest.",
    )
    choose: Choose | None = Field(
        default=None,
        description="Which of the voices that several engines made of one person speaks: `named`, `best`, "
        "`cost` or `latency`. It is chosen when the first sentence is spoken, and speaks all of a file. By "
        "default as your preferences say, where `fallback` is true.",
    )
    pauses: PausesBody = Field(default_factory=PausesBody)


class LongTextBody(NamesVoice, _Manner):
    """A text to be spoken, as long as a chapter."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)] = Field(
        description="An empty line ends a paragraph.", examples=["It was raining.\n\nNobody came."]
    )
    ssml: Annotated[bool, Strict()] = Field(default=False, description="The text is SSML.")
    language: _Language | None = Field(default=None, description="BCP 47 tag; the voice's own by default.")
    speed: _Speed = Field(default=1.0, description="1 is the speaker's own pace.")
    paragraphs: Annotated[bool, Strict()] = Field(
        default=False, description="Make a file of each paragraph as well."
    )


class BatchItem(NamesVoice, _Body):
    """One text of a batch."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=ITEM_CHARACTERS)]
    ssml: Annotated[bool, Strict()] = Field(default=False, description="The text is SSML.")
    language: _Language | None = Field(default=None, description="BCP 47 tag; the voice's own by default.")
    speed: _Speed = Field(default=1.0, description="1 is the speaker's own pace.")
    name: _Name | None = Field(default=None, description="Of its file in the archive, without extension.")


class BatchBody(_Manner):
    """Many short texts, each for a file of its own."""

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=10_000)]


class RetryBody(_Body):
    """What is to be spoken again."""

    chunks: Annotated[
        list[Annotated[int, Strict(), Field(ge=1, le=MOST_CHARACTERS)]], Field(min_length=1, max_length=1000)
    ] = Field(
        description="Numbers of chunks that are to be spoken otherwise than they are, see `poor`.",
        examples=[[3]],
    )
