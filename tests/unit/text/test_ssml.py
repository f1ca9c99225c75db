from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.text.errors import SsmlInvalid, SsmlUnsupported, TextEmpty
from voicewright.text.reading import read_script
from voicewright.text.script import Manner, Script


def read(inner: str, language: str = "en-us", **kwargs) -> Script:
    return read_script(f"<speak>{inner}</speak>", language=language, markup="ssml", **kwargs)


def spoken(inner: str, language: str = "en-us") -> str:
    return " | ".join(one.spoken for one in read(inner, language).pieces)


def test_breaks_are_as_long_as_they_say() -> None:
    script = read(
        '<break time="1s"/><break strength="weak"/>Hello<break time="500ms"/> world. <break/>Again.'
        '<break time="1.5s"/><break time=".5s"/>'
    )

    assert script.lead_in_s == pytest.approx(1.2)
    assert [(one.text, one.pause_after_s) for one in script.pieces] == [
        ("Hello", 0.5), ("world.", 0.4), ("Again.", 2.0),
    ]  # fmt: skip


def test_paragraphs_and_sentences() -> None:
    script = read("<p>One. Two</p><p><s>Three</s><s>Four</s></p>Five")

    assert [(one.text, one.paragraph, one.ends_paragraph, one.pause_after_s) for one in script.pieces] == [
        ("One.", 0, False, None),
        ("Two", 0, True, None),
        ("Three", 1, False, None),
        ("Four", 1, True, None),
        ("Five", 2, True, None),
    ]


def test_prosody_multiplies_adds_and_ends_where_engines_end() -> None:
    script = read(
        'So <prosody rate="50%" pitch="+3st">slow <prosody rate="slow" pitch="-1st">slower</prosody>'
        '</prosody> and <prosody rate="4" pitch="+100%"><prosody rate="+50%" pitch="high">fast.</prosody>'
        "</prosody>"
    )

    assert [(one.text, one.manner) for one in script.pieces] == [
        ("So", Manner()),
        ("slow", Manner(0.5, 3.0)),
        ("slower", Manner(0.375, 2.0)),
        ("and", Manner()),
        ("fast.", Manner(4.0, 12.0)),
    ]
    # within a sentence there is no pause
    assert [one.pause_after_s for one in script.pieces] == [0.0, 0.0, 0.0, 0.0, None]


def test_a_sentence_ends_with_its_element_whatever_stands_within() -> None:
    first, *_ = read('<s><prosody rate="fast">One</prosody></s><s>Two</s>').pieces

    assert first.pause_after_s is None


@pytest.mark.parametrize(
    ("rate", "speed"),
    [("x-slow", 0.5), ("default", 1), ("80%", 0.8), ("+10%", 1.1), ("-25%", 0.75), ("1.5", 1.5), ("900%", 4)],
)
def test_rates(rate: str, speed: float) -> None:
    assert read(f'<prosody rate="{rate}">a</prosody>').pieces[0].manner.speed == pytest.approx(speed)


@pytest.mark.parametrize(
    ("pitch", "semitones"),
    [("x-low", -5), ("medium", 0), ("+2st", 2), ("-1.5st", -1.5), ("200%", 12), ("-50%", -12), ("+99st", 12)],
)
def test_pitches(pitch: str, semitones: float) -> None:
    manner = read(f'<prosody pitch="{pitch}" volume="medium">a</prosody>').pieces[0].manner
    assert manner.pitch_semitones == pytest.approx(semitones)


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        ("characters", "AB-1", "A B dash one"),
        ("spell-out", "w3c", "W three C"),
        ("digits", "2026", "two zero two six"),
        ("cardinal", "2026", "two thousand twenty-six"),
        ("number", "-3.5", "minus three point five"),
        ("ordinal", "3", "third"),
        ("ordinal", "21st", "twenty-first"),
        ("fraction", "3/4", "three quarters"),
        ("telephone", "+1 555-0199", "plus one, five five five, zero one nine nine"),
        ("time", "14:30", "fourteen thirty"),
        ("currency", "$12.50", "twelve dollars and fifty cents"),
        ("date", "2026-11-21", "November twenty-first, twenty twenty-six"),
        ("date", "Nov 21, 2026", "November twenty-first, twenty twenty-six"),
    ],
)
def test_say_as(kind: str, written: str, said: str) -> None:
    assert spoken(f'<say-as interpret-as="{kind}">{written}</say-as>') == said


@pytest.mark.parametrize(
    ("form", "written", "said"),
    [
        ("dmy", "3/4/2026", "April third, twenty twenty-six"),
        ("mdy", "3/4/26", "March fourth, twenty twenty-six"),
        ("ymd", "20261121", "November twenty-first, twenty twenty-six"),
        ("md", "11-21", "November twenty-first"),
        ("my", "11/2026", "November twenty twenty-six"),
        ("y", "1999", "nineteen ninety-nine"),
    ],
)
def test_dates_have_formats(form: str, written: str, said: str) -> None:
    assert spoken(f'<say-as interpret-as="date" format="{form}">{written}</say-as>') == said


def test_say_as_and_sub_stand_within_their_sentence() -> None:
    (one,) = read(
        'Call <say-as interpret-as="telephone">555-1234</say-as>, the <sub alias="World Wide Web">WWW</sub>.'
    ).pieces

    assert one.text == "Call 555-1234, the WWW."
    assert one.spoken == "Call five five five, one two three four, the World Wide Web."


def test_say_as_holds_without_normalisation_and_in_languages_without_words() -> None:
    (one,) = read('<say-as interpret-as="digits">12</say-as> 5', normalise=False).pieces
    assert one.spoken == "one two 5"
    spelt = '<say-as interpret-as="characters">ab</say-as> <say-as interpret-as="date">5</say-as>'
    assert spoken(spelt, "el") == "A B 5"


def test_the_usual_head_of_a_document_is_taken() -> None:
    document = (
        '\ufeff<?xml version="1.0" encoding="UTF-16"?>\n<!-- a note -->\n<speak version="1.1" '
        'xmlns="http://www.w3.org/2001/10/synthesis" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="a b" xml:lang="en-GB">Hi &amp; bye &lt;3.</speak>'
    )
    (one,) = read_script(document, language="en-us", markup="ssml").pieces

    assert (one.text, one.spoken) == ("Hi & bye <3.", "Hi and bye less than three.")


UNSUPPORTED = [
    ("<voice name='x'>a</voice>", "the element <voice>"),
    ("<audio src='http://x/y.mp3'/>", "the element <audio>"),
    ("<emphasis>a</emphasis>", "speak, p, s, break, prosody, say-as, sub"),
    ("<phoneme alphabet='ipa' ph='a'>a</phoneme>", "<phoneme>"),
    ("<lang xml:lang='fr'>a</lang>", "<lang>"),
    ("<mark name='a'/>", "<mark>"),
    ("<speak>a</speak>", "<speak>"),
    ("<p foo='1'>a</p>", "'foo' of <p>"),
    ("<p xml:lang='de'>a</p>", "'de' in a text that is spoken in 'en-us'"),
    ("<prosody pitch='120Hz'>a</prosody>", "in Hz"),
    ("<prosody volume='loud'>a</prosody>", "volume"),
    ("<prosody range='high'>a</prosody>", "'range' of <prosody>"),
    ("<prosody contour='(0%,+2st)'>a</prosody>", "'contour'"),
    ("<say-as interpret-as='expletive'>a</say-as>", "expletive"),
    ("<say-as>a</say-as>", "It may be: characters"),
    ("<say-as interpret-as='date' format='dym'>1</say-as>", "'dym'"),
    ("<sub alias='a'><break/></sub>", "<break> within <sub>"),
    ("<amazon:effect name='whispered'>a</amazon:effect>", "<amazon:effect>"),
]
INVALID = [
    ("<p>a", "mismatched tag"),
    ("a &nbsp; b", "undefined entity"),
    ("a & b", "not well-formed"),
    ("<break time='20s'/>", "longer than 10 s"),
    ("<break time='fast'/>", "500ms or 1.5s"),
    ("<break strength='hard'/>", "x-weak"),
    ("<break time='10s'/>" * 31, "more than 300 s"),
    ("<break>a</break>", "empty element"),
    ("<prosody rate='banana'>a</prosody>", "'banana'"),
    ("<prosody rate='0%'>a</prosody>", "nothing would ever be said"),
    ("<prosody rate='+3'>a</prosody>", r"'\+3'"),
    ("<prosody pitch='5'>a</prosody>", r"\+2st"),
    ("<prosody pitch='-100%'>a</prosody>", "no pitch"),
    ("<sub>a</sub>", "no alias"),
    ("<say-as interpret-as='cardinal'>abc</say-as>", "'abc' is no number"),
    ("<say-as interpret-as='ordinal'>abc</say-as>", "'abc' is no number"),
    ("<say-as interpret-as='digits'>abc</say-as>", "no digits"),
    ("<say-as interpret-as='date' format='dmy'>40/1/2000</say-as>", "no date"),
    ("<say-as interpret-as='date' format='dmy'>1/2000</say-as>", "no date"),
    (f"<say-as interpret-as='characters'>{'a' * 1001}</say-as>", "more than 1,000 characters"),
    ("<p>" * 40 + "</p>" * 40, "32 deep"),
    ("<s>a</s>" * 5_000, "more than 5,000 elements"),
]


@pytest.mark.parametrize(("inner", "message"), UNSUPPORTED)
def test_what_is_not_spoken_is_named_with_its_place(inner: str, message: str) -> None:
    with pytest.raises(SsmlUnsupported, match=message) as caught:
        read(f"Hello.\n\n  {inner}")
    assert "(line 3, column " in caught.value.message


@pytest.mark.parametrize(("inner", "message"), INVALID)
def test_what_is_broken_is_refused_with_its_place(inner: str, message: str) -> None:
    with pytest.raises(SsmlInvalid, match=message) as caught:
        read(inner)
    assert "(line 1, column " in caught.value.message


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE speak><speak>a</speak>",
        '<!DOCTYPE speak SYSTEM "http://127.0.0.1/x.dtd"><speak>a</speak>',
        '<!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><speak>&b;</speak>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><speak>&x;</speak>',
    ],
)
def test_no_document_declares_anything(document: str) -> None:
    with pytest.raises(SsmlInvalid, match="declarations"):
        read_script(document, language="en-us", markup="ssml")


@pytest.mark.parametrize(
    "document", ["", "just text", "<p>a</p>", "<speak>a</speak><speak/>", "\x00", "<speak>"]
)
def test_a_document_is_one_speak_element(document: str) -> None:
    with pytest.raises(SsmlInvalid, match=r"\(line 1, column "):
        read_script(document, language="en-us", markup="ssml")


@pytest.mark.parametrize(
    "inner", ["", "<break time='1s'/>", "<p/>...", "😀", "<say-as interpret-as='date'> </say-as>"]
)
def test_a_document_without_words_is_empty(inner: str) -> None:
    with pytest.raises(TextEmpty):
        read(inner)


def test_many_things_in_one_document() -> None:
    many = "<sub alias='five'>5</sub> and " * 2_000 + "<prosody rate='fast'>x</prosody>" * 500
    script = read(many)

    assert sum(one.text.count("5") for one in script.pieces) == 2_000
    assert sum(one.spoken.count("five") for one in script.pieces) == 2_000
    assert max(len(one.spoken) for one in script.pieces) <= 300


TAGS = (
    "<p> </p> <s> </s> <break/> <break_time='1s'/> <prosody_rate='2'> </prosody> <sub_alias='b'> </sub> "
    "<say-as_interpret-as='digits'> </say-as> 1 &amp; &#65;"
)
markup = st.lists(
    st.one_of(st.text(max_size=8), st.sampled_from([tag.replace("_", " ") for tag in TAGS.split()])),
    max_size=12,
)


@settings(deadline=None)
@given(markup)
def test_any_markup_is_read_or_refused(parts: list[str]) -> None:
    with contextlib.suppress(SsmlInvalid, SsmlUnsupported, TextEmpty):
        assert all(one.spoken.strip() for one in read("".join(parts)).pieces)
