"""Comparing what two sides say of any number of records, in memory that does not grow.

One side adds, the other subtracts: what is said of a record is a number, and is multiplied by a
keyed hash of whose it is. The products are summed in a fixed number of buckets. Where both sides
say the same of everybody, all buckets are zero; where they do not, a bucket is not (but by a chance
of one in 2^120). A second walk over the same records that looks at those buckets alone names who.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

BUCKETS: Final = 4_096
_PRIME: Final = 2**127 - 1
_BYTES: Final = 16
"""Of one sum: below the prime."""
_NAMED_AT_MOST: Final = 64
"""So many buckets are looked into at most."""
_KEPT_AT_MOST: Final = 10_000
"""So many records, about, are told apart in a second walk."""


@dataclass
class Differences:
    """What was added less what was subtracted, of each record; ``only``: in these buckets."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    only: frozenset[int] | None = None
    told: int = 0
    _sums: bytearray = field(default_factory=lambda: bytearray(BUCKETS * _BYTES))
    _exact: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, what: str, whose: str, amount: int) -> None:
        """Adds to what is said of ``whose``, in the matter of ``what``; negative: subtracts."""
        if not amount:
            return
        text = f"{what}\0{whose}".encode(errors="surrogatepass")
        digest = hashlib.blake2b(text, digest_size=18, key=self.key).digest()
        bucket = int.from_bytes(digest[:2], "big") % BUCKETS
        if self.only is not None:
            if bucket in self.only:
                self._exact[what, whose] += amount
            return
        self.told += 1
        place = slice(bucket * _BYTES, (bucket + 1) * _BYTES)
        product = int.from_bytes(digest[2:], "big") * amount
        total = (int.from_bytes(self._sums[place], "big") + product) % _PRIME
        self._sums[place] = total.to_bytes(_BYTES, "big")

    def unequal(self) -> bool:
        """Whether the two sides differ anywhere."""
        return any(self._sums)

    def narrowed(self) -> "Differences":
        """What a second walk fills to name the records: as many buckets as it can tell apart."""
        buckets = self._unequal()
        fit = max(1, _KEPT_AT_MOST * BUCKETS // max(self.told, 1))
        return Differences(self.key, frozenset(buckets[: min(fit, _NAMED_AT_MOST)]))

    def left_out(self, narrowed: "Differences") -> int:
        """How many buckets differ that the second walk did not look into."""
        return len(self._unequal()) - len(narrowed.only or ())

    def named(self) -> Iterator[tuple[str, str, int]]:
        """After a second walk: in what matter, whose, and by how much they differ."""
        for (what, whose), amount in sorted(self._exact.items()):
            if amount:
                yield what, whose, amount

    def _unequal(self) -> list[int]:
        """The buckets in which the two sides differ."""
        sums = self._sums
        return [
            bucket
            for bucket in range(BUCKETS)
            if any(sums[bucket * _BYTES : (bucket + 1) * _BYTES])
        ]
