"""What it costs to use a wallet, with few journals in it and with many: counted, and timed.

``compare`` makes two reps of one company, fills the wallet of each, and does everything for one and
then for the other. ``table`` shows what came out. Tests assert on it; ``make bench`` prints it.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal_api.domain import ledger, payouts
from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Transfer
from portal_api.domain.ledger import JournalKind, Posting, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.payouts import Payout
from portal_api.domain.plans import Rule
from portal_api.domain.programs import shard_of
from portal_api.domain.writes import Save, Write
from portal_api.services import programs
from portal_api.services.postings import posting
from portal_api.storage.store import TableStore
from portal_api.storage.table import Add, Check, Delete, Engine
from tests.api import body_of, entry_of, event_of
from tests.services.stores import CountingEngine
from tests.services.world import START, Company, World

MONTHS = 2
LEFT = 50
"""What a month leaves in the wallet; all else of it is paid."""
FIRST = "award, the first of a month"
_AT_ONCE = 20
_TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))
_AMOUNT = "{ money { amount } points }"
_BALANCE = f"assetCode available {_AMOUNT} pending {_AMOUNT} held {_AMOUNT} owed {_AMOUNT}"
_LINES = f"""lines {{ assetCode earned {_AMOUNT} released {_AMOUNT} reversed {_AMOUNT}
    adjusted {_AMOUNT} paid {_AMOUNT} expired {_AMOUNT}
    opening {{ {_BALANCE} }} closing {{ {_BALANCE} }} }}"""
_ENTRY = f"sequence kind recordedAt hash transfers {{ text debit credit amount {_AMOUNT} }}"
READS = {
    "balance": f"balances {{ {_BALANCE} }}",
    "earnings, a page of 5": f"""earnings(first: 5) {{ edges {{ node {{
        amount {_AMOUNT} status because occurredAt program {{ name }} }} }} }}""",
    "statement, the running month": f'statement(month: "2026-03") {{ month {_LINES} }}',
    "statement, a month of the past": f'statement(month: "2026-01") {{ month {_LINES} }}',
    "statements, all months": f"statements(first: 9) {{ edges {{ node {{ month {_LINES} }} }} }}",
    "statement, a page of 3 entries": f"""statement(month: "2026-02") {{
        entries(first: 3) {{ edges {{ node {{ {_ENTRY} }} }} }} }}""",
    "balance as of an instant": f"""balancesAsOf(asOf: "2026-02-07T12:00:00Z") {{ {_BALANCE} }}""",
}
"""What a person asks of itself."""


@dataclass(frozen=True)
class Cost:
    """What one use has cost: waves, keys and queries asked for, items and bytes each way."""

    waves: str
    asked: int
    items_read: int
    bytes_read: int
    items_written: int
    bytes_written: int
    seconds: float

    @property
    def counts(self) -> tuple[str, int, int, int]:
        """What is to be the same whatever is in the wallet."""
        return self.waves, self.asked, self.items_read, self.items_written

    @property
    def bytes_moved(self) -> int:
        """The bytes read and written."""
        return self.bytes_read + self.bytes_written


@dataclass(frozen=True)
class Compared:
    """One use: its cost with few journals and with many, and how long each takes, in the median."""

    use: str
    few: Cost
    many: Cost
    few_seconds: float
    many_seconds: float


class Bench:
    """A company with two reps, one of them with few journals and the other with many."""

    def __init__(self, engine: Engine, few: int, many: int) -> None:
        self.engine = CountingEngine(engine)
        self.world = World(TableStore(self.engine))
        self.sizes = few, many
        self.company, self.program = _opened(self.world)
        self.few, self.many = _two(self.company, self.program)
        for rep, journals in ((self.few, few), (self.many, many)):
            self._filled(rep, journals)
        self.world.now = START + 60 * timedelta(days=1)
        self._entry = entry_of(self.world.portal)
        self._events = iter(range(10**9))

    def compared(self, rounds: int, reads: Mapping[str, str]) -> Iterator[Compared]:
        """Every use, first for the one and then for the other, again and again."""
        for use, do in self._uses(reads):
            first = use == FIRST  # There is only one: it stores what the month before has come to.
            costs: dict[str, list[Cost]] = {self.few: [], self.many: []}
            for _ in range(1 if first else rounds):
                for rep, found in costs.items():
                    found.append(self._cost_of(do, rep))
            few, many = costs[self.few], costs[self.many]
            seconds = [statistics.median(one.seconds for one in each) for each in (few, many)]
            yield Compared(use, few[-1], many[-1], *seconds)

    def _uses(self, reads: Mapping[str, str]) -> Iterator[tuple[str, Callable[[str], object]]]:
        yield FIRST, self._award
        yield "award", self._award
        yield "payout request", lambda rep: self.world.pay_out(rep, 1)
        for use, selection in reads.items():
            yield use, lambda rep, selection=selection: self._asked(rep, selection)  # type: ignore[misc]

    def _award(self, rep: str) -> None:
        event = f"{next(self._events):09}"
        self.world.record(self.company, self.program, "TRAINING", event, rep=rep)

    def _asked(self, rep: str, selection: str) -> object:
        event = event_of(rep, f"{{ viewer {{ individual {{ {selection} }} }} }}")
        answer = body_of(self._entry(event))
        assert "errors" not in answer, answer
        return answer

    def _cost_of(self, do: Callable[[str], object], rep: str) -> Cost:
        counting = self.engine
        counting.forget()
        start = time.perf_counter()
        do(rep)
        seconds = time.perf_counter() - start
        written = [op for ops in counting.written for op in ops]
        return Cost(
            waves=counting.waves,
            asked=counting.asked,
            items_read=len(counting.found),
            bytes_read=sum(_bytes(item) for item in counting.found),
            items_written=len(written),
            bytes_written=sum(map(_bytes_of, written)),
            seconds=seconds,
        )

    def _filled(self, rep: str, journals: int) -> None:
        """A wallet with so many journals: the same months, each with awards and one payout."""
        world = self.world
        recorded = world.record(self.company, self.program, "TRAINING", f"first-{rep}", rep=rep)
        earning = world.load(Earning, recorded.activity.outcomes[0].earning_id or "")
        wallet = world.load(Wallet, rep)
        assert earning is not None
        assert wallet is not None
        with world.store.group():
            _Filling(world, wallet, earning.trace).fill(journals)
        filled = world.load(Wallet, rep)
        assert filled is not None
        assert journals == filled.sequence


@dataclass
class _Filling:
    """A wallet while journals are added to it, and what is not yet written of them."""

    world: World
    wallet: Wallet
    trace: Trace
    writes: list[Write]
    posted: int

    def __init__(self, world: World, wallet: Wallet, trace: Trace) -> None:
        self.world, self.wallet, self.trace = world, wallet, trace
        self.writes, self.posted = [], 0

    def fill(self, journals: int) -> None:
        for month in range(MONTHS):
            at = (START + month * timedelta(days=31)).replace(hour=10)
            count = journals // MONTHS - (1 if month == 0 else 0)  # One is there already.
            pause = timedelta(days=10) / count
            for number in range(count - 2):
                self._award(at + number * pause)
            self._pay_out(at + timedelta(days=11))
        self._write()

    def _award(self, now: datetime) -> None:
        trace = replace(self.trace, earning_id=f"{self.wallet.id}.{self.world.new_id()}")
        transfers = ledger.award_transfers(self.wallet, trace, now)
        self._post(JournalKind.REWARD, transfers, now, (trace,))
        lot = transfers[0].lot
        assert lot is not None
        end = self.wallet.holding("USD").lot(lot).received
        earning = Earning(trace.earning_id, self.wallet.id, trace, now, lot=lot, lot_end=end)
        self.writes.append(Save(earning))

    def _pay_out(self, now: datetime) -> None:
        amount = self.wallet.balance("USD").available - LEFT
        own = f"{self.wallet.id}.{self.world.new_id()}"
        payout = Payout(own, self.wallet.id, None, "USD", amount, now)
        self._post(JournalKind.PAYOUT_HELD, payouts.hold_transfers(payout), now)
        settled, kind, transfers = payouts.resolve(payout, self.wallet, True, "bank", now)
        self._post(kind, transfers, now)
        self.writes.append(Save(settled))

    def _post(
        self,
        kind: JournalKind,
        transfers: tuple[Transfer, ...],
        now: datetime,
        traces: tuple[Trace, ...] = (),
    ) -> None:
        cause = {"actor": self.world.admin, "request": "filling", "event": "vendor.filling"}
        made: Posting = ledger.post(self.wallet, kind, transfers, cause, now, traces)
        self.wallet = made.wallet
        # The wallet is saved as it is after some of them: the last version alone is kept anyway.
        self.writes += [one for one in posting(made) if one != Save(made.wallet)]
        self.posted += 1
        if self.posted % _AT_ONCE == 0:
            self._write()

    def _write(self) -> None:
        self.world.store.commit([Save(self.wallet), *self.writes])
        self.wallet = replace(self.wallet, version=self.wallet.version + 1)
        self.writes = []


def compare(
    engine: Engine, few: int, many: int, rounds: int, reads: Mapping[str, str] = READS
) -> list[Compared]:
    """The cost of every use with few journals in the wallet, and with many."""
    return list(Bench(engine, few, many).compared(rounds, reads))


def shown(found: list[Compared], few: int, many: int) -> str:
    """The costs as a table in Markdown: with few, and with many, and the ratio of both."""
    lines = [
        f"| use | | {few:,} journals | {many:,} journals | ratio |",
        "|---|---|---:|---:|---:|",
    ]
    for one in found:
        rows = [
            ("waves", one.few.waves, one.many.waves, ""),
            ("keys and queries", one.few.asked, one.many.asked, ""),
            ("items read", one.few.items_read, one.many.items_read, ""),
            ("bytes read", one.few.bytes_read, one.many.bytes_read, "ratio"),
            ("items written", one.few.items_written, one.many.items_written, ""),
            ("bytes written", one.few.bytes_written, one.many.bytes_written, "ratio"),
            ("ms, median", 1000 * one.few_seconds, 1000 * one.many_seconds, "ratio"),
        ]
        use = one.use
        for name, few_is, many_is, ratio in rows:
            if few_is or many_is:
                cells = [_cell(few_is), _cell(many_is), _ratio(few_is, many_is) if ratio else ""]
                lines.append(f"| {use} | {name} | {' | '.join(cells)} |")
                use = ""
    return "\n".join(lines) + "\n"


def _opened(world: World) -> tuple[Company, str]:
    """A company with enough reps to choose two from, in a program that pays for trainings."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    company = world.company(reps=6)
    program = world.program(_TRAINING, budget={"USD": 10**12})
    world.consent(company, program)
    world.enroll(company, program)
    return company, program


def _two(company: Company, program: str) -> tuple[str, str]:
    """Two reps whose budget is in another part than their company's: one item more for each."""
    own = shard_of(program, company.id)
    found = [rep for rep in company.reps if shard_of(program, rep) != own]
    return found[0], found[1]


def _bytes(item: object) -> int:
    return len(json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode())


def _bytes_of(op: object) -> int:
    """What a write carries: an item, an addition, or nothing but its conditions."""
    match op:
        case Add():
            return _bytes(op.deltas)
        case Check() | Delete():
            return 0
        case _:
            return _bytes(getattr(op, "item", {}))


def _cell(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def _ratio(few: object, many: object) -> str:
    assert isinstance(few, int | float)
    assert isinstance(many, int | float)
    return f"{many / few:.3f}" if few else "-"
