"""Other digits for digits and other letters for letters, the same ones whenever they come again. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b, shake_256

SUBSCRIBER = 7
"""So many digits at the end of a number are replaced; what is before them (country, area, trunk prefix) stays.

Thus the same subscriber stays the same in every spelling of his number, and a number of a country stays one of it.
"""

ROUNDS = 8
CACHED = 50_000

POOLS = {1: "abcdefghijklmnopqrstuvwxyz", 2: "áéíóúñãõçàâêôü", 3: "一二三四五六七八", 4: "𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇"}
"""Letters by the bytes that each takes in UTF-8; the first two rows exist in Latin-1 too."""

WORD = re.compile(r"[^\W\d_]{2,}")
"""Letters in a row."""


class Disguise:
    """One consistent replacement of all numbers and names; without the key (any bytes, up to 64) it cannot be undone.

    Different numbers of one length stay different: it is a permutation (a Feistel network over decimal digits).
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._permuted = lru_cache(CACHED)(self._permute)
        self.word = lru_cache(CACHED)(self._word)

    def digits(self, number: str) -> str:
        """As many other digits; those before the last seven stay."""
        return number[:-SUBSCRIBER] + self._permuted(number[-SUBSCRIBER:])

    def _permute(self, digits: str) -> str:
        half = len(digits) // 2
        left, right = int(digits[:half] or "0"), int(digits[half:])
        for turn in range(0, ROUNDS, 2):
            left = (left + self._noise(turn, len(digits), right)) % 10**half
            right = (right + self._noise(turn + 1, len(digits), left)) % 10 ** (len(digits) - half)
        return f"{left:0{half}}"[:half] + f"{right:0{len(digits) - half}}"

    def _noise(self, turn: int, length: int, value: int) -> int:
        return int.from_bytes(blake2b(b"%d.%d.%d" % (turn, length, value), key=self._key, digest_size=8).digest())

    def _word(self, word: str) -> str:
        """As many other letters, in capitals where they were, each as many bytes long in UTF-8."""
        noise = shake_256(self._key + word.lower().encode()).digest(2 * len(word))
        numbers = [int.from_bytes(noise[at : at + 2]) for at in range(0, len(noise), 2)]
        return "".join(_letter(char, number) for char, number in zip(word, numbers, strict=True))


def _letter(char: str, number: int) -> str:
    """Another letter than this one."""
    pool = [other for other in POOLS[len(char.encode())] if other != char.lower()]
    other = pool[number % len(pool)]
    return other.upper() if char.isupper() else other
