"""Takes a text as it comes, and gives whole sentences as soon as there are any."""

from __future__ import annotations

from voicewright.text.sentences import split_sentences


class SentenceFeed:
    """What a text of which more is to come has said so far."""

    def __init__(self) -> None:
        self._held = ""

    def add(self, text: str) -> str:
        """Give more of the text; answers the sentences that are complete with it, or nothing.

        The last one is held back, as it may go on: nobody knows whether "Dr." ends a sentence before the next
        word has come.
        """
        self._held += text
        *done, last = split_sentences(self._held) or (None,)
        if last is None or not done:
            return ""
        white_space = self._held[len(self._held.rstrip()) :]
        self._held = last.text + white_space
        return "".join(one.text + ("\n\n" if one.ends_paragraph else " ") for one in done if one)

    def hold(self, text: str) -> None:
        """Give more of a text that is only said when it has ended."""
        self._held += text

    def rest(self) -> str:
        """What is left when the text has ended."""
        rest, self._held = self._held, ""
        return rest
