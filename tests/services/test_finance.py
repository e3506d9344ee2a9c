"""Programs' accounts at any instant, from sums and moves: what a fold of all journals says."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal_api.domain import ledger
from portal_api.domain.deals import Deal
from portal_api.domain.finance import Accounts, Move, MoveSum, accounts_of
from portal_api.domain.holdings import Column
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.programs import shards_of
from portal_api.domain.statements import month_of
from portal_api.services import deal_changes, finance, payouts
from portal_api.services.finance import accounts, close_days
from portal_api.services.store import Many, of_shard
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.steps import TRAINING, define
from tests.services.stores import (
    CountingEngine,
    FaultyStore,
    Killed,
    first,
    killed_after,
    killed_before,
)
from tests.services.world import DAY, MILESTONES, World

SEEDS = range(4)
TICK = timedelta(microseconds=1)
PAUSES = (timedelta(0), TICK, timedelta(hours=1), timedelta(hours=7), DAY, 40 * DAY)
Books = dict[str, dict[str, Accounts]]


class History:
    """Random deals, trainings and payouts of two companies in two programs."""

    def __init__(self, world: World, seed: int, steps: int = 30) -> None:
        self.world, self.chance = world, random.Random(seed)
        define(world)
        deals = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False))
        budget = {"USD": 40_000_000, "POINTS": 100_000}
        self.programs = [world.program(deals, TRAINING, budget=budget) for _ in range(2)]
        self.companies = [world.company(reps=2) for _ in range(2)]
        for company in self.companies:
            for program in self.programs:
                world.consent(company, program)
                world.enroll(company, program)
        self.open: list[str] = []
        self.won: list[str] = []
        self.asked: list[str] = []
        for number in range(steps):
            self._step(number)
            world.now += self.chance.choice(PAUSES)

    @property
    def wallets(self) -> list[str]:
        return [*self.programs, *(one for company in self.companies for one in company.parties)]

    def _step(self, number: int) -> None:
        world, chance = self.world, self.chance
        company, program = chance.choice(self.companies), chance.choice(self.programs)
        match chance.randrange(6):
            case 0:
                amount = chance.randrange(1, 9_000_000)
                deal = world.register(company, program, amount, rep=chance.choice(company.reps))
                self.open.append(world.approve(deal).deal.id)
            case 1 if self.open:
                deal_id = self.open.pop(chance.randrange(len(self.open)))
                self._end(deal_id)
            case 2 if self.won:
                deal_id = self.won.pop()
                deal_changes.return_deal(
                    world.portal, world.manage(), deal_id=deal_id, occurred_at=None
                )
            case 3:
                self._pay(chance.choice(company.reps))
            case 4 if self.asked:
                payouts.resolve_payout(
                    world.portal,
                    world.manage(),
                    payout_id=self.asked.pop(),
                    paid=chance.random() < 0.7,
                    reference="bank",
                )
            case _:
                rep = chance.choice(company.reps)
                world.record(company, program, "TRAINING", f"course {number}", rep=rep)

    def _end(self, deal_id: str) -> None:
        world = self.world
        deal = world.load(Deal, deal_id)
        assert deal is not None
        if self.chance.random() < 0.3:
            world.lose(deal)
        else:
            world.win(deal, self.chance.randrange(1, 9_000_000))
            self.won.append(deal_id)

    def _pay(self, rep: str) -> None:
        available = self.world.balance(rep).available
        if available:
            amount = self.chance.randint(1, available)
            self.asked.append(self.world.pay_out(rep, amount).payout.id)

    def instants(self, most: int) -> list[datetime]:
        """Some of the instants of all journals, just around each, and of the midnights between."""
        recorded = {one.recorded_at for wallet in self.wallets for one in self._journals(wallet)}
        midnight = min(recorded).replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight + n * DAY for n in range((max(recorded) - midnight).days + 2)]
        around = [one + step for one in recorded for step in (-TICK, timedelta(0), TICK)]
        found = sorted({*around, *days, *(day - TICK for day in days)})
        return self.chance.sample(found, min(most, len(found)))

    def _journals(self, wallet: str) -> list[ledger.Journal]:
        return self.world.journals(wallet)

    def folded(self, as_of: datetime) -> Books:
        """The accounts of each program, by folding every journal up to an instant."""
        parts: dict[str, Counter[str]] = {program: Counter() for program in self.programs}
        for wallet in self.wallets:
            holdings = Wallet(wallet).holdings
            for journal in self._journals(wallet):
                if journal.recorded_at <= as_of:
                    month = month_of(journal.recorded_at)
                    holdings, moves = ledger.after(holdings, journal.kind, journal.transfers, month)
                    for (program, column), amount in moves.items():
                        parts[program][column] += amount
        return {program: accounts_of([amounts]) for program, amounts in parts.items()}

    def read(self, as_of: datetime) -> Books:
        return {program: accounts(self.world.store, program, as_of) for program in self.programs}


def _shown(books: Books) -> dict[tuple[str, str, str], int]:
    """Every column that is not zero, with the two that follow from the others."""
    found: dict[tuple[str, str, str], int] = {}
    for program, by_asset in books.items():
        for asset, one in by_asset.items():
            found |= {(program, asset, column): one.sum(column) for column in Column}
            found[program, asset, "budget"] = one.budget_minor
            found[program, asset, "liability"] = one.liability_minor
    return {name: amount for name, amount in found.items() if amount}


def _equal(history: History, most: int = 40) -> None:
    for instant in history.instants(most):
        assert _shown(history.folded(instant)) == _shown(history.read(instant)), instant


def _sums(world: World, program: str) -> list[MoveSum]:
    wants = [Many(MoveSum, of_shard(shard)) for shard in shards_of(program)]
    found = world.store.read(wants)
    return [one for want in wants for one in found[want].records]


def _days_of_moves(world: World, program: str) -> set[datetime]:
    """The ends of all days on which something was recorded."""
    wants = [Many(Move, of_shard(shard)) for shard in shards_of(program)]
    found = world.store.read(wants)
    starts = {
        move.at.replace(hour=0, minute=0, second=0, microsecond=0)
        for want in wants
        for move in found[want].records
    }
    return {start + DAY for start in starts}


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_are_the_fold_of_all_journals_before_and_after_days_are_closed(
    quick_world: World, seed: int
) -> None:
    """At random instants, on the very instants of journals, at midnights, and around each."""
    history = History(quick_world, seed)
    _equal(history)
    closed = close_days(quick_world.portal)
    _equal(history)

    over = quick_world.now - timedelta(hours=1)
    days = [_days_of_moves(quick_world, program) for program in history.programs]
    due = sum(1 for ends in days for end in ends if end <= over)
    assert (due, 0) == (closed, close_days(quick_world.portal))


def test_accounts_are_those_of_the_journals_on_each_engine(world: World) -> None:
    """Ranges of keys mean the same to both."""
    history = History(world, 7, steps=14)
    close_days(world.portal)
    history._step(100)
    _equal(history)


def test_liability_and_budget_of_all_programs_are_what_the_wallets_hold(quick_world: World) -> None:
    """Control from another side: balances of the parties, and the counters of the budgets."""
    history = History(quick_world, 11)
    books = history.read(quick_world.now)
    for asset in ("USD", "POINTS"):
        parties = [one for one in history.wallets if one not in history.programs]
        held = sum(quick_world.balance(party, asset).total for party in parties)
        left = [sum(quick_world.budget(program, asset)) for program in history.programs]
        shown = [books[program].get(asset, Accounts()) for program in history.programs]
        assert held == sum(one.liability_minor for one in shown)
        assert left == [one.budget_minor for one in shown]


def test_what_is_recorded_at_midnight_belongs_to_the_day_that_begins(quick_world: World) -> None:
    """A sum is of what is strictly before its instant; the instant itself counts as of it."""
    world = quick_world
    midnight = datetime(2026, 2, 1, tzinfo=UTC)
    program = world.program(budget={})
    for instant, amount in ((midnight - TICK, 1), (midnight, 10), (midnight + TICK, 100)):
        world.now = instant
        world.fund(program, amount)
    world.now = midnight + timedelta(hours=1)
    assert 1 == close_days(world.portal)

    def funded(as_of: datetime) -> int:
        found = accounts(world.store, program, as_of).get("USD", Accounts())
        return found.sum(Column.FUNDED)

    instants = [midnight + step * TICK for step in (-2, -1, 0, 1)]
    assert [0, 1, 11, 111] == [funded(instant) for instant in instants]
    assert [(midnight, {"FUNDED:USD": 1})] == [
        (one.before, one.amounts) for one in _sums(world, program)
    ]


def test_a_day_is_closed_an_hour_after_its_end_and_not_before(quick_world: World) -> None:
    """What was recorded in its last moments may be committed a little later."""
    world = quick_world
    program = world.program()
    world.now = datetime(2026, 1, 6, 1, tzinfo=UTC) - TICK
    assert (0, []) == (close_days(world.portal), _sums(world, program))
    world.now += TICK
    assert 1 == close_days(world.portal)


@pytest.mark.parametrize("fault", [killed_before, killed_after])
def test_closing_can_be_killed_at_any_transaction_and_run_again(
    quick_world: World, fault: Callable[[Callable[[], None]], None]
) -> None:
    """Each day of a program is one transaction; the next run goes on with what is left."""
    history = History(quick_world, 3)
    quick_world.wait(2)
    killed = 0
    while True:
        store = FaultyStore(quick_world.store, lambda commit: commit(), fault)
        try:
            close_days(quick_world.on(store))
        except Killed:
            killed += 1
        else:
            break
        _equal(history, 6)

    _equal(history)
    assert killed > 5
    for program in history.programs:
        assert _days_of_moves(quick_world, program) == {
            one.before for one in _sums(quick_world, program)
        }
    assert 0 == close_days(quick_world.portal)


def test_two_that_close_the_same_day_make_one_sum(quick_world: World) -> None:
    """The second one finds it made, and does nothing."""
    world = quick_world
    program = world.program()
    world.wait(2)
    other = FaultyStore(world.store, first(lambda: close_days(world.portal)))

    assert (0, 1) == (close_days(world.on(other)), other.commits)
    assert 1 == len(_sums(world, program))
    assert 10_000_000 == accounts(world.store, program, world.now)["USD"].budget_minor


def test_the_cost_does_not_grow_with_what_has_happened(sqlite_engine: Engine) -> None:
    """Two waves; and once days are closed, no move before the last midnight is read."""
    counting = CountingEngine(sqlite_engine)
    world = World(TableStore(counting))
    program = world.program()
    for _ in range(30):
        world.fund(program, 1)
        world.wait()
    close_days(world.portal)
    world.fund(program, 1)
    counting.forget()
    found = accounts(world.store, program, world.now)

    assert ("RR", 10_000_031) == (counting.waves, found["USD"].budget_minor)
    page = finance._moves_from(shards_of(program)[0], world.now - DAY, "9", None)
    assert len(world.store.read([page])[page].records) <= 2


def test_more_moves_than_a_page_are_read_to_the_end(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of two: each part goes on until it is complete."""
    monkeypatch.setattr(finance, "_MOVES_AT_ONCE", 2)
    program = quick_world.program(budget={})
    for _ in range(7):
        quick_world.fund(program, 5)
    assert 35 == accounts(quick_world.store, program, quick_world.now)["USD"].budget_minor
    quick_world.wait(2)
    assert 1 == close_days(quick_world.portal)
    assert 35 == accounts(quick_world.store, program, quick_world.now)["USD"].budget_minor
