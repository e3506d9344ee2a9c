"""Any sequence of transactions does on an engine what it does on a plain dict."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.table import (
    Add,
    Check,
    ConditionFailed,
    Delete,
    Engine,
    Item,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Value,
    Write,
)
from tests.storage.conftest import BOTH

PARTITIONS = count()
SORT_KEYS = ["A", "é"]
NUMBERS = ["n", "m"]

small = st.integers(-3, 3)
# A few values that are easily taken for each other: drawing freely takes longer and meets less.
value: st.SearchStrategy[Value] = st.sampled_from(
    [None, False, True, 0, 1, -1, 2**62, 2**62 + 1, "", "0", "a", [], {}, [0], [None], [{"x": 1}]]
)
attributes = st.dictionaries(st.sampled_from(["a", "b", "expires_at"]), value, max_size=2)
numbers = st.dictionaries(st.sampled_from(NUMBERS), small, max_size=2)
item = st.builds(lambda a, b: {**a, **b}, attributes, numbers)
seen = st.dictionaries(st.sampled_from(["a", "version", *NUMBERS]), value, max_size=1)


def writes(sk: str) -> st.SearchStrategy[Write]:
    key = st.just(Key("", sk))
    versions = st.sampled_from([1, 1, 2])  # Often the right one, so that much succeeds.
    return st.one_of(
        st.builds(PutIfAbsent, key, st.builds(lambda i, v: {**i, "version": v}, item, versions)),
        st.builds(
            PutIfVersion, key, st.builds(lambda i, v: {**i, "version": v}, item, versions), versions
        ),
        st.builds(
            Add,
            key,
            st.dictionaries(st.sampled_from(NUMBERS), small, min_size=1, max_size=2),
            st.dictionaries(st.sampled_from(NUMBERS), st.integers(-6, 1), max_size=1),
            seen,
        ),
        st.builds(Check, key, st.none() | seen),
        st.builds(Check, key, absent=st.just(value=True)),
        st.builds(Delete, key),
    )


@st.composite
def transactions(draw: st.DrawFn) -> list[Write]:
    keys = draw(st.lists(st.sampled_from(SORT_KEYS), min_size=1, max_size=2, unique=True))
    return [draw(writes(sk)) for sk in keys]


class Model:
    """The seam's contract in as few words as possible."""

    def __init__(self) -> None:
        self.items: dict[Key, dict[str, Value]] = {}

    def write(self, ops: Sequence[Write]) -> frozenset[int]:
        failed = frozenset(at for at, op in enumerate(ops) if not self._holds(op))
        if not failed:
            for op in ops:
                self._apply(op)
        return failed

    def _holds(self, op: Write) -> bool:
        found = self.items.get(op.key)
        match op:
            case PutIfAbsent() | Check(absent=True):
                return found is None
            case PutIfVersion():
                return found is not None and _same(found.get("version"), op.version)
            case Check():
                return found is not None and _meets(found, op.seen or {})
            case Add():
                after = {**(found or {}), **self._sums(op)}
                enough = all(
                    isinstance(after.get(name, 0), int) and int(str(after.get(name, 0))) >= least
                    for name, least in op.floors.items()
                )
                return enough and _meets(found or {}, op.seen)
            case Delete():
                return True

    def _sums(self, op: Add) -> dict[str, int]:
        found = self.items.get(op.key, {})
        return {name: int(str(found.get(name, 0))) + delta for name, delta in op.deltas.items()}

    def _apply(self, op: Write) -> None:
        match op:
            case PutIfAbsent() | PutIfVersion():
                merged = {**self.items.get(op.key, {}), **op.item}
                self.items[op.key] = {k: v for k, v in merged.items() if v is not None}
            case Add():
                self.items[op.key] = {**self.items.get(op.key, {}), **self._sums(op)}
            case Delete():
                self.items.pop(op.key, None)
            case Check():
                pass


def _same(left: Value, right: Value) -> bool:
    return repr(left) == repr(right)


def _meets(found: Item, expected: Item) -> bool:
    return all(
        _same(found.get(name), value) or (name not in found and _same(value, 0))
        for name, value in expected.items()
    )


def _in_partition(op: Write, pk: str) -> Write:
    key = Key(pk, op.key.sk)
    match op:
        case PutIfAbsent():
            return PutIfAbsent(key, op.item)
        case PutIfVersion():
            return PutIfVersion(key, op.item, op.version)
        case Add():
            return Add(key, op.deltas, op.floors, op.seen)
        case Check():
            return Check(key, op.seen, op.absent)
        case Delete():
            return Delete(key)


def _same_everywhere(engine: Engine, history: list[list[Write]]) -> None:
    pk = f"P{next(PARTITIONS)}"
    model = Model()
    for transaction in history:
        ops = [_in_partition(op, pk) for op in transaction]
        assert model.write(ops) == _failures(engine, ops)
        _, (page,) = engine.read([], [Query(pk)])
        assert repr(_sorted(model.items)) == repr(_sorted(dict(page.rows)))


def _failures(engine: Engine, ops: Sequence[Write]) -> frozenset[int]:
    try:
        engine.write(ops)
    except ConditionFailed as failure:
        return failure.indexes
    return frozenset()


def _sorted(items: Mapping[Key, Item]) -> Value:
    """Give the items as text would show them, for in Python True equals 1."""
    return [[*key, _ordered(dict(items[key]))] for key in sorted(items)]


def _ordered(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module", params=BOTH)
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Give one table for all examples, each of which has a partition of its own."""
    if request.param != "sqlite":
        yield request.getfixturevalue("ministack_engine")
        return
    sqlite = SqliteEngine(tmp_path_factory.mktemp("random") / "table.db", durable=False)
    sqlite.create()
    yield sqlite
    sqlite.close()


def test_an_engine_does_what_a_dict_would(lasting: Engine) -> None:
    """More examples on SQLite than on Ministack, whose every request takes milliseconds."""
    examples = 100 if isinstance(lasting, SqliteEngine) else 40

    @settings(max_examples=examples, deadline=None)
    @given(st.lists(transactions(), min_size=3, max_size=10))
    def check(history: list[list[Write]]) -> None:
        start: list[Write] = [PutIfAbsent(Key("", sk), {"version": 1}) for sk in SORT_KEYS]
        _same_everywhere(lasting, [start, *history])

    check()
