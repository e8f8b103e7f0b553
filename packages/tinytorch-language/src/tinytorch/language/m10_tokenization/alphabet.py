"""A printable character for each of the 256 bytes, as GPT-2's files write them."""

from __future__ import annotations


def byte_characters() -> list[str]:
    """Return 256 characters: the one that stands for byte b at index b.

    The printable characters of Latin-1 stand for themselves. The other 68 bytes (control characters, the
    space, the soft hyphen) get the characters from U+0100 on, in their order: so the space, byte 32, is
    written U+0120, a G with a dot. Thus tokens can be stored as text, one a line, whatever their bytes.

    Source: Radford et al., "Language models are unsupervised multitask learners", 2019 (`bytes_to_unicode`).
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


CHARACTERS = byte_characters()
BYTES = {character: byte for byte, character in enumerate(CHARACTERS)}
ALPHABET = sorted(CHARACTERS)  # the order of the first 256 tokens, in GPT-2's vocabulary and in new ones


def spell(data: bytes) -> str:
    """Return the characters that stand for some bytes."""
    return "".join(map(CHARACTERS.__getitem__, data))


def unspell(token: str) -> bytes | None:
    """Return the bytes that a token's characters stand for; None if one of them stands for no byte."""
    try:
        return bytes(map(BYTES.__getitem__, token))
    except KeyError:
        return None
