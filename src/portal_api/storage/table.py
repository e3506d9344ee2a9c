"""The narrow seam between this program and a database: keys, five writes, two reads, the errors.

A table is a set of partitions (``pk``), each a list of items ordered by ``sk`` in the order of its
UTF-8 bytes, which is also the order of Python's strings. An item is a mapping of attributes. Every
write is one transaction of at most 100 operations on different items, all or nothing; every read is
one *wave*: all that is asked for, in one round trip, strongly consistent.

::

    StorageFailure
    ├── ConditionFailed      some condition did not hold; nothing was written
    ├── Unavailable          not to be had before the deadline; nothing was written; try again
    ├── OutcomeUnknown       the answer was lost; look whether it was written
    ├── Corrupt              what is stored under a key cannot be read
    ├── ItemTooLarge         refused before sending
    └── TransactionTooLarge  refused before sending

A mistake of the caller (two operations on one item, a key that is empty, a float) is a ValueError
or TypeError, before anything is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

Value: TypeAlias = str | int | bool | list["Value"] | dict[str, "Value"] | None
Item: TypeAlias = Mapping[str, Value]  # The attributes, without the key.

OPERATIONS_MAX = 100  # DynamoDB's limit for one transaction.
TRANSACTION_BYTES_MAX = 3_900_000  # DynamoDB refuses 4 MB.
ITEM_BYTES_MAX = 390_000  # DynamoDB refuses 400 KB (409,600 bytes); an Add may still grow an item.
PK_BYTES_MAX = 2_048
SK_BYTES_MAX = 1_020  # DynamoDB's 1,024, less the character that ends the range of a prefix.
INTEGER_MAX = 2**63 - 1
DEPTH_MAX = 32  # DynamoDB's limit for lists and maps in each other.

FIRST = "\x00"  # No sk is below it.
LAST = "\U0010ffff"  # No sk contains it, so `prefix + LAST` is above all that start with prefix.

_INTEGER_BYTES = 12  # At most: DynamoDB takes a byte for two digits, and one.
_NESTED_BYTES = 3


class Key(NamedTuple):
    """Where an item is: its partition, and its place in the partition."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class PutIfAbsent:
    """Store a new item; fails when the key is taken. An attribute of None is not stored."""

    key: Key
    item: Item


@dataclass(frozen=True, slots=True)
class PutIfVersion:
    """Change an item whose stored attribute ``version`` still equals ``version``.

    ``item`` holds the new ``version``. Its attributes are set, those of None are removed, and what
    is stored beside them is kept: it may belong to a newer release of this program.
    """

    key: Key
    item: Item
    version: int


@dataclass(frozen=True, slots=True)
class Add:
    """Add integers to top-level attributes; a missing item or attribute starts from 0.

    ``floors`` are the least values that attributes may have afterwards. ``seen`` are values that
    attributes must have before; an expected 0 or None is also met by absence.
    """

    key: Key
    deltas: Mapping[str, int]
    floors: Mapping[str, int] = field(default_factory=dict)
    seen: Item = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing; fail unless the item is absent, or exists with the values ``seen``.

    An expected 0 or None is also met by the absence of the attribute, as in ``Add``.
    """

    key: Key
    seen: Item | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item, whether or not it is there."""

    key: Key


Write: TypeAlias = PutIfAbsent | PutIfVersion | Add | Check | Delete


@dataclass(frozen=True, slots=True)
class Query:
    """The items of one partition whose sk starts with ``prefix`` and is within ``low``..``high``.

    Both bounds are inclusive. ``after`` is the sk behind which to go on, in the query's direction
    and without it. ``limit`` None is the whole range.
    """

    pk: str
    prefix: str = ""
    low: str | None = None
    high: str | None = None
    descending: bool = False
    limit: int | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a query found, in its order; ``more`` says whether the limit cut something off."""

    rows: tuple[tuple[Key, Item], ...]
    more: bool


class StorageFailure(Exception):
    """Why a read or write of the table did not succeed."""


class ConditionFailed(StorageFailure):
    """Conditions did not hold and nothing was written; ``indexes`` are positions in the writes."""

    def __init__(self, indexes: frozenset[int]) -> None:
        super().__init__(indexes)
        self.indexes = indexes


class Unavailable(StorageFailure):
    """The store was busy, unreachable or missing until the deadline; nothing was written."""


class OutcomeUnknown(StorageFailure):
    """The answer to a write was lost until the deadline: it may have been written, or not."""


class Corrupt(StorageFailure):
    """What is stored under ``key`` is not an item."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class ItemTooLarge(StorageFailure):
    """The item at ``key`` would come near DynamoDB's 400 KB."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class TransactionTooLarge(StorageFailure):
    """More than 100 operations, or more bytes than a transaction takes."""


class Engine(Protocol):
    """A database behind the seam; safe to use from several threads at once."""

    def create(self) -> None:
        """Make the table or file unless it exists."""
        ...

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        """Read one wave.

        Returns:
            One item or None for each of ``gets``, and one page for each of ``queries``, in order.

        Raises:
            Unavailable: Not to be had before the deadline.
            Corrupt: One of the items cannot be read.
        """
        ...

    def write(self, ops: Sequence[Write]) -> None:
        """Execute one transaction: all of ``ops``, or none.

        Raises:
            ConditionFailed: Nothing was written.
            Unavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
            Corrupt: An item to change cannot be read; nothing was written.
            ItemTooLarge: Nothing was written.
            TransactionTooLarge: Nothing was written.
        """
        ...

    def group(self) -> AbstractContextManager[None]:
        """Commit many writes of this thread together, where the engine gains from that.

        Each write still succeeds or fails alone, and its effect is read at once in the group. All
        become durable, and visible to others, when the group ends; if it ends by an exception or
        the process dies, none may have been. Without effect on DynamoDB.
        """
        ...

    def prepare(self) -> None:
        """Load what the first request would, without network, credentials, threads or ids.

        It runs before a snapshot of this process's memory, of which many copies may then run.
        """
        ...

    def close(self) -> None:
        """Give back connections and threads; the engine is not used afterwards."""
        ...


def check_writes(ops: Sequence[Write]) -> None:
    """Refuse what no engine takes, before anything is sent.

    Raises:
        TransactionTooLarge: Over ``OPERATIONS_MAX`` or ``TRANSACTION_BYTES_MAX``.
        ItemTooLarge: Over ``ITEM_BYTES_MAX``.
        ValueError: Two operations on one item, or keys, names and numbers out of their limits.
        TypeError: A value that is not a ``Value``.
    """
    if len(ops) > OPERATIONS_MAX:
        raise TransactionTooLarge(f"{len(ops)} operations, of at most {OPERATIONS_MAX}")
    if len({op.key for op in ops}) < len(ops):
        raise ValueError("two operations on one item in one transaction")
    if sum(map(_check_write, ops)) > TRANSACTION_BYTES_MAX:
        raise TransactionTooLarge(f"more than {TRANSACTION_BYTES_MAX} bytes")


def check_reads(gets: Iterable[Key], queries: Iterable[Query]) -> None:
    """Refuse what no engine can look up, with ValueError."""
    for key in gets:
        _check_key(key)
    for query in queries:
        _check_key(Key(query.pk, "-"))
        for bound in (query.prefix, query.low, query.high, query.after):
            if bound is not None and _bytes(bound) > SK_BYTES_MAX:
                raise ValueError("a bound is longer than any sort key")
        if query.limit is not None and query.limit < 1:
            raise ValueError("a limit below 1")


def bounds(query: Query) -> tuple[str, str]:
    """Give the least and greatest sk of a query, both inclusive and ``after`` aside.

    Prefix, low and high become one range because DynamoDB takes one condition on a sort key. It is
    empty when the least is above the greatest.
    """
    low = max(query.prefix, query.low or "", FIRST)
    last = query.prefix + LAST
    return low, last if query.high is None else min(query.high, last)


def check_item(key: Key, item: Item) -> int:
    """Give the size of an item in bytes, at most a little above what DynamoDB counts.

    Raises:
        ItemTooLarge: Over ``ITEM_BYTES_MAX``.
        ValueError: Names or numbers out of their limits.
        TypeError: A value that is not a ``Value``.
    """
    size = _check_key(key) + _check_attributes(item)
    if size > ITEM_BYTES_MAX:
        raise ItemTooLarge(key)
    return size


def _check_write(op: Write) -> int:
    match op:
        case PutIfAbsent():
            return check_item(op.key, op.item)
        case PutIfVersion():
            if type(op.item.get("version")) is not int:
                raise ValueError("a versioned put without its new version")
            return check_item(op.key, op.item)
        case Add():
            if not op.deltas:
                raise ValueError("an addition of nothing")
            parts = (op.deltas, op.floors, op.seen)
            return _check_key(op.key) + sum(map(_check_attributes, parts))
        case Check():
            if op.absent and op.seen is not None:
                raise ValueError("an absent item cannot be seen")
            return check_item(op.key, op.seen or {})
        case Delete():
            return _check_key(op.key)


def _check_key(key: Key) -> int:
    pk_bytes, sk_bytes = _bytes(key.pk), _bytes(key.sk)
    if not (0 < pk_bytes <= PK_BYTES_MAX and 0 < sk_bytes <= SK_BYTES_MAX) or LAST in key.sk:
        raise ValueError("a key is empty, too long or ends the alphabet")
    return pk_bytes + sk_bytes + len("pksk")


def _check_attributes(item: Item) -> int:
    if "pk" in item or "sk" in item:
        raise ValueError("an attribute is named like the key")
    return _map_size(item, 0)


def _map_size(mapping: Item, depth: int) -> int:
    if "" in mapping:
        raise ValueError("an attribute without a name")
    return _bytes("".join(mapping)) + _size(mapping.values(), len(mapping), depth)


def _size(parts: Iterable[Value], count: int, depth: int) -> int:
    """Add up bytes as DynamoDB does, refusing on the way what it would not keep exactly.

    One loop and not a call for each value: all that is ever written passes through it.
    """
    if depth > DEPTH_MAX:
        raise ValueError(f"lists and maps nested more than {DEPTH_MAX} deep")
    size = _NESTED_BYTES + count
    for part in parts:
        if isinstance(part, str):
            size += len(part) if part.isascii() else len(part.encode())
        elif isinstance(part, int):
            if not -INTEGER_MAX <= part <= INTEGER_MAX:
                raise ValueError("an integer beyond 63 bits")
            size += _INTEGER_BYTES
        elif isinstance(part, dict):
            size += _map_size(part, depth + 1)
        elif isinstance(part, list):
            size += _size(part, len(part), depth + 1)
        elif part is not None:
            raise TypeError(f"{type(part).__name__} cannot be stored")
    return size


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
