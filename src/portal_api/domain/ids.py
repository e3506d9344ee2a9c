"""The form of the ids that the portal makes: they sort by the instant at which they were made.

Outside, an id is opaque text that names a type as well, the same in the API and in messages.
"""

import base64
from datetime import datetime
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case, which sorts as its values do."""
_CHARACTERS: Final = 20
_INSTANT_BITS: Final = 48
MORE_BITS: Final = 52
"""What tells ids of one millisecond apart."""


def characters(number: int) -> str:
    """A number of 100 bits in 20 characters, in an order that is the numbers'."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_CHARACTERS)))


def timed(instant: datetime, more: int) -> str:
    """An id of an instant: 48 bits of its milliseconds since 1970, and 52 more.

    What is before 1970 is taken for its first millisecond.
    """
    milliseconds = min(max(0, int(instant.timestamp() * 1000)), (1 << _INSTANT_BITS) - 1)
    return characters(milliseconds << MORE_BITS | more)


def first_of(instant: datetime) -> str:
    """The least id that an instant can have."""
    return timed(instant, 0)


def last_of(instant: datetime) -> str:
    """The greatest id that an instant can have."""
    return timed(instant, (1 << MORE_BITS) - 1)


def global_id(kind: str, record_id: str) -> str:
    """An id as it is told outside; it has no full stop."""
    return base64.b64encode(f"{kind}:{record_id}".encode()).decode()


def from_global_id(text: str, kind: str) -> str | None:
    """The id inside of what was told outside; none where it is none of that kind."""
    try:
        named, _, record_id = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return None
    return record_id if named == kind else None
