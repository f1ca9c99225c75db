from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.text.legible import legible
from voicewright.text.sentences import split_sentences


def texts(text: str, **kwargs: int) -> list[str]:
    return [sentence.text for sentence in split_sentences(text, **kwargs)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("No mark at the end", ["No mark at the end"]),
        ("Dr. Smith met Mr. Jones. They talked.", ["Dr. Smith met Mr. Jones.", "They talked."]),
        ("J. R. R. Tolkien wrote it. I read it.", ["J. R. R. Tolkien wrote it.", "I read it."]),
        ("It is, e.g. Bread, or i.e. Butter.", ["It is, e.g. Bread, or i.e. Butter."]),
        ("Pens, paper, etc. are sold here.", ["Pens, paper, etc. are sold here."]),
        ("Pens, paper, etc. The shop is open.", ["Pens, paper, etc.", "The shop is open."]),
        ("He came at 5 p.m. The shop was shut.", ["He came at 5 p.m.", "The shop was shut."]),
        ("The U.S. Senate met. It voted.", ["The U.S. Senate met.", "It voted."]),
        ("Pi is 3.14159. It goes on.", ["Pi is 3.14159.", "It goes on."]),
        ("See No. 5 on p. 7.", ["See No. 5 on p. 7."]),
        ("Am 3. Mai kam er. Danach ging er.", ["Am 3. Mai kam er.", "Danach ging er."]),
        ("It ended in 1999. Then came peace.", ["It ended in 1999.", "Then came peace."]),
        ("It is I. You know me.", ["It is I.", "You know me."]),
        ("Wait... what? Really?!", ["Wait... what?", "Really?!"]),
        ("Visit example.com. It is free.", ["Visit example.com.", "It is free."]),
    ],
)
def test_ends_sentences_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Stop!" he said. "Now."', ['"Stop!" he said.', '"Now."']),
        ("“Who is it?” she asked.", ["“Who is it?” she asked."]),
        ("He left (it was late.) She stayed.", ["He left (it was late.)", "She stayed."]),
        ("»Komm!« Er lief los.", ["»Komm!«", "Er lief los."]),
        ("¿Qué pasa? ¡Nada!", ["¿Qué pasa?", "¡Nada!"]),
    ],
)
def test_keeps_quotes_with_their_sentence(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_cuts_scripts_that_put_no_space_after_the_mark() -> None:
    assert texts("你好。今天天气很好！我们走吧？") == ["你好。", "今天天气很好！", "我们走吧？"]
    assert texts("यह पहला है। यह दूसरा है।") == ["यह पहला है।", "यह दूसरा है।"]


def test_an_empty_line_ends_a_paragraph_and_a_line_break_does_not() -> None:
    sentences = split_sentences("A line\nthat goes on. Second.\n \nThird.")

    assert [(s.text, s.ends_paragraph) for s in sentences] == [
        ("A line that goes on.", False),
        ("Second.", True),
        ("Third.", True),
    ]


@pytest.mark.parametrize("text", ["", "  \n\n ", "...", "* * *", "—!?", "\u200b"])
def test_nothing_to_say_gives_no_sentence(text: str) -> None:
    assert split_sentences(text) == ()


def test_long_sentences_are_cut_where_a_reader_would_breathe() -> None:
    text = "This clause is here; this one, which is longer, follows it and does not seem to stop at all"

    assert texts(text, longest=40) == [
        "This clause is here;",
        "this one, which is longer,",
        "follows it and does not seem to stop at",
        "all",
    ]


def test_a_word_longer_than_the_limit_is_cut() -> None:
    assert texts("a" * 25, longest=10) == ["a" * 10, "a" * 10, "a" * 5]


@given(st.text(max_size=400))
def test_loses_no_letter_and_keeps_the_limit(text: str) -> None:
    sentences = texts(text, longest=50)

    assert all(len(sentence) <= 50 for sentence in sentences)
    kept = "".join("".join(sentences).split())
    spoken = [letter for letter in legible(text) if letter.isalnum()]
    assert [letter for letter in kept if letter.isalnum()] == spoken


@pytest.mark.parametrize(
    "text", ["." * 50_000 + "a", "e.g. " * 10_000, "a.b" * 10_000, ".'" * 25_000 + "a", "\n " * 25_000]
)
def test_a_flood_of_marks_takes_no_longer_than_its_length(text: str) -> None:
    assert sum(map(len, texts(text))) <= len(text)
