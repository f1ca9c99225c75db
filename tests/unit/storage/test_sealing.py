"""The sealed form: what it hides, what it notices, what it costs."""

from __future__ import annotations

import os

import pytest

from voicewright.storage.errors import SealBroken
from voicewright.storage.sealing import Cipher

MIB = 1 << 20


@pytest.fixture(scope="module")
def cipher():
    return Cipher(Cipher.new_secret())


def seal(cipher, content, name="a"):
    return b"".join(cipher.seal([content[i : i + 100_000] for i in range(0, len(content), 100_000)], name))


def opened(cipher, sealed, name="a"):
    return b"".join(cipher.open([sealed[i : i + 77_777] for i in range(0, len(sealed), 77_777)], name))


@pytest.mark.parametrize("size", [0, 1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])
@pytest.mark.parametrize("kind", ["noise", "words"])
def test_what_was_sealed_comes_out_again(cipher, size, kind):
    content = os.urandom(size) if kind == "noise" else (b"the birch canoe slid " * (size // 20 + 1))[:size]
    assert opened(cipher, seal(cipher, content)) == content


def test_what_is_sealed_is_compressed_where_that_pays_and_never_grows_much(cipher):
    words, noise = b"the birch canoe slid on the smooth planks " * 10_000, os.urandom(400_000)
    assert len(seal(cipher, words)) < len(words) / 50
    assert len(seal(cipher, noise)) < len(noise) + 100


def test_nothing_of_the_content_can_be_seen(cipher):
    content = b"RIFF" + os.urandom(40) * 20
    sealed = seal(cipher, content)
    assert b"RIFF" not in sealed
    assert content[4:20] not in sealed
    assert seal(cipher, content) != sealed


@pytest.mark.parametrize("size", [500, 2 * MIB + 10])
def test_every_change_is_noticed(cipher, size):
    sealed = seal(cipher, os.urandom(size))
    for place in (0, 20, 45, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken, match="changed"):
            opened(cipher, bytes(changed))
    for cut in (b"", sealed[:10], sealed[:-1], sealed[: len(sealed) // 2], sealed + b"x"):
        with pytest.raises(SealBroken):
            opened(cipher, cut)


def test_it_opens_with_its_key_and_under_its_name_alone(cipher):
    sealed = seal(cipher, b"content", "ann/one")
    with pytest.raises(SealBroken):
        opened(cipher, sealed, "ann/two")
    with pytest.raises(SealBroken):
        opened(Cipher(Cipher.new_secret()), sealed, "ann/one")
    assert opened(cipher, sealed, "ann/one") == b"content"


def test_what_goes_wrong_below_is_told_as_it_is(cipher):
    def broken():
        yield seal(cipher, os.urandom(3 * MIB))[: 2 * MIB]
        raise KeyError("the store is away")

    with pytest.raises(KeyError, match="away"):
        b"".join(cipher.open(broken(), "a"))
    with pytest.raises(KeyError, match="away"):
        b"".join(cipher.seal(broken(), "a"))
