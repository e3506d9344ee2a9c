"""The store on any engine: typed reads to keys, asked-for truths to the five writes."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from portal_api.domain.ledger import Journal
from portal_api.domain.writes import (
    Absent,
    Count,
    Create,
    Delist,
    Enlist,
    Release,
    Reserve,
    Save,
    Unchanged,
    Versioned,
    Write,
)
from portal_api.services.store import (
    Found,
    Holder,
    Listed,
    Many,
    One,
    OutcomeUnknown,
    RawJournal,
    References,
    Slice,
    StoredItem,
    StoredSlice,
    StoreUnavailable,
    TooLarge,
    Unreadable,
    Want,
    WriteConflict,
)
from portal_api.storage import keys, table
from portal_api.storage.items import COUNTER, item_of, record_of
from portal_api.storage.table import Engine, Item, Key, Page, Query

_JOURNALS_AT_ONCE = 200


class TableStore:
    """``services.store.Store`` on a table engine."""

    def __init__(self, engine: Engine) -> None:
        """A store on ``engine``, whose table exists."""
        self._engine = engine

    def prepare(self) -> None:
        """Loads what the first request would; see ``Engine.prepare``."""
        self._engine.prepare()

    def read(self, wants: Sequence[Want[object]]) -> Found:
        """Everything asked for in one wave."""
        items, pages = self._wave(wants)
        answers: dict[object, object] = {
            want: _single(want, key, item) for want, (key, item) in items.items()
        }
        for want, (query, page) in pages.items():
            answers[want] = _several(want, query, page)
        return Found(answers)

    def stored(self, wants: Sequence[Want[object]]) -> Mapping[object, StoredSlice]:
        """Everything asked for in one wave, as it is stored."""
        items, pages = self._wave(wants)
        slices: dict[object, StoredSlice] = {}
        for want, (key, item) in items.items():
            rows = () if item is None else ((key, item),)
            slices[want] = _as_stored("", rows, more=False)
        for many, (query, page) in pages.items():
            slices[many] = _as_stored(query.prefix, page.rows, more=page.more)
        return slices

    def _wave(
        self, wants: Sequence[Want[object]]
    ) -> tuple[
        dict[One[Any] | Holder, tuple[Key, Item | None]],
        dict[Many[Any] | Listed, tuple[Query, Page]],
    ]:
        """What is stored of everything asked for."""
        asked = list(dict.fromkeys(wants))
        gets = {want: _key_of(want) for want in asked if isinstance(want, One | Holder)}
        queries = {want: _query_of(want) for want in asked if isinstance(want, Many | Listed)}
        try:
            with _translated():
                items, pages = self._engine.read(list(gets.values()), list(queries.values()))
        except table.Corrupt as damage:
            raise _unreadable(damage.key, queries.values()) from damage
        got = {one: (gets[one], item) for one, item in zip(gets, items, strict=True)}
        return got, {many: (queries[many], page) for many, page in zip(queries, pages, strict=True)}

    def commit(self, writes: Sequence[Write]) -> None:
        """All of it in one transaction, or nothing."""
        try:
            with _translated():
                self._engine.write([_operation(write) for write in writes])
        except table.ConditionFailed as failure:
            raise WriteConflict([writes[index] for index in failure.indexes]) from failure

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Group commit, where the engine has it; raises as ``commit`` does."""
        with _translated(), self._engine.group():
            yield

    def journals(self, wallet_id: str, after: str | None = None) -> Iterator[RawJournal]:
        """A wallet's journals as stored, a page at a time, in the order of their keys."""
        partition, prefix = keys.journals_of(wallet_id)
        after = None if after is None else prefix + after
        damaged: str | None = None
        while True:
            # What is before a damaged one comes first, then its place alone, then what is behind.
            high = damaged and f"{damaged[:-1]}{chr(max(0, ord(damaged[-1]) - 1))}{table.LAST}"
            query = Query(partition, prefix, None, high, limit=_JOURNALS_AT_ONCE, after=after)
            try:
                with _translated():
                    _, (page,) = self._engine.read([], [query])
            except table.Corrupt as damage:
                damaged = damage.key.sk
                continue
            for key, item in page.rows:
                yield _raw_journal(key, item)
                after = key.sk
            if page.more:
                continue
            if damaged is None:
                return
            yield RawJournal(damaged)
            after, damaged = damaged, None

    def close(self) -> None:
        """Gives connections and threads back; the store is not used afterwards."""
        self._engine.close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The engine's failures as those of ``services.store``."""
    try:
        yield
    except table.Unavailable as failure:
        raise StoreUnavailable(str(failure)) from failure
    except table.OutcomeUnknown as failure:
        raise OutcomeUnknown(str(failure)) from failure
    except (table.ItemTooLarge, table.TransactionTooLarge) as failure:
        raise TooLarge(str(failure)) from failure


def _key_of(want: One[Any] | Holder) -> Key:
    return (
        keys.key_of_name(want.name) if isinstance(want, Holder) else keys.key_of(want.kind, want.id)
    )


def _query_of(want: Many[Any] | Listed) -> Query:
    if isinstance(want, Listed):
        partition, prefix = keys.list_of(want.name), ""
    else:
        partition, prefix = keys.collection_of(want.kind, want.of)
    after = None if want.after is None else prefix + want.after
    low = high = None
    if isinstance(want, Many):
        low = None if want.low is None else prefix + want.low
        high = None if want.high is None else prefix + want.high
    return Query(partition, prefix, low, high, want.newest_first, want.first, after)


def _single(want: One[Any] | Holder, key: Key, item: Item | None) -> object:
    if item is None:
        return None
    if isinstance(want, Holder):
        return _text(key, item, "holder")
    record = _record(want.kind, key, {"id": want.id, **item})
    # An id whose middle was changed leads to the same place; it is not this record's id.
    return record if record.id == want.id else None


def _several(want: Many[Any] | Listed, query: Query, page: Page) -> Slice[Any] | References:
    cursors = tuple(key.sk.removeprefix(query.prefix) for key, _ in page.rows)
    if isinstance(want, Listed):
        return References(
            tuple(_text(key, item, "ref") for key, item in page.rows), cursors, page.more
        )
    records = tuple(_record(want.kind, key, item, query) for key, item in page.rows)
    return Slice(records, cursors, page.more)


def _as_stored(prefix: str, rows: Sequence[tuple[Key, Item]], *, more: bool) -> StoredSlice:
    items = tuple(StoredItem(key.pk, key.sk, item) for key, item in rows)
    return StoredSlice(items, tuple(key.sk.removeprefix(prefix) for key, _ in rows), more)


def _record(kind: type[Any], key: Key, item: Item, query: Query | None = None) -> Any:
    id_of = keys.ID_OF_KEY.get(kind)
    if id_of is not None:
        item = {"id": id_of(key), **item}
    try:
        return record_of(kind, item)
    except msgspec.ValidationError as damage:
        raise _unreadable(key, [query] if query else ()) from damage


def _text(key: Key, item: Item, attribute: str) -> str:
    value = item.get(attribute)
    if not isinstance(value, str):
        raise _unreadable(key)
    return value


def _unreadable(key: Key, queries: Iterable[Query] = ()) -> Unreadable:
    """The error of a damaged item, with the mark behind which its query goes on."""
    prefix = next((query.prefix for query in queries if query.pk == key.pk), "")
    return Unreadable(f"{key.pk} {key.sk}", key.sk.removeprefix(prefix))


def _raw_journal(key: Key, item: Item) -> RawJournal:
    try:
        journal = record_of(Journal, item)
    except msgspec.ValidationError:
        return RawJournal(key.sk, item)
    return RawJournal(key.sk, item, journal, misplaced=keys.key_of_journal(journal) != key)


def _operation(write: Write) -> table.Write:
    """One asked-for truth as one of the five writes."""
    match write:
        case Create(Journal() as journal):
            return table.PutIfAbsent(keys.key_of_journal(journal), item_of(journal))
        case Create(record):
            return table.PutIfAbsent(keys.key_of(type(record), record.id), item_of(record))
        case Save(record):
            return _save(record)
        case Unchanged(record):
            return table.Check(keys.key_of(type(record), record.id), {"version": record.version})
        case Absent(kind, record_id):
            return table.Check(keys.key_of(kind, record_id), absent=True)
        case Reserve(name, holder):
            return table.PutIfAbsent(keys.key_of_name(name), {"holder": holder})
        case Release(name):
            return table.Delete(keys.key_of_name(name))
        case Count():
            return _count(write)
        case Enlist(name, sort, ref):
            return table.PutIfAbsent(Key(keys.list_of(name), sort), {"ref": ref})
        case Delist(name, sort):
            return table.Delete(Key(keys.list_of(name), sort))


def _save(record: Versioned) -> table.Write:
    key, item = keys.key_of(type(record), record.id), item_of(record)
    item["version"] = record.version + 1
    if record.version == 0:
        return table.PutIfAbsent(key, item)
    return table.PutIfVersion(key, item, record.version)


def _count(write: Count) -> table.Write:
    key = keys.key_of(type(write.record), write.record.id)
    seen: dict[str, table.Value] = dict(_attributes(write.seen))
    if write.same_version:
        seen["version"] = write.record.version
    if not write.added:
        return table.Check(key, seen)
    floors = {COUNTER + counter: 0 for counter in write.floored}
    return table.Add(key, _attributes(write.added), floors, seen)


def _attributes(counters: Mapping[str, int]) -> dict[str, int]:
    return {COUNTER + counter: amount for counter, amount in counters.items()}
