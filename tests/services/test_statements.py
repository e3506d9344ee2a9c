"""Statements add up, are final once their month has ended, and the past can be read at any time."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal_api.domain.holdings import Balance, Column, columns_of
from portal_api.domain.ledger import GENESIS, JournalKind, Wallet
from portal_api.domain.statements import Statement, closing_total
from portal_api.services import deal_changes, payouts, statements
from portal_api.services.finance import CLOSED_AFTER
from portal_api.services.maturing import expire_due, release_due
from portal_api.services.statements import NoMonth, Shown
from portal_api.services.store import One, Store
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.steps import TRAINING, define
from tests.services.stores import CountingEngine, FaultyStore, first
from tests.services.world import MILESTONES, Company, World

TICK = timedelta(microseconds=1)
JANUARY, FEBRUARY, MARCH = "2026-01", "2026-02", "2026-03"


def day(month: int, number: int, hour: int = 9) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def shown(world: World, party: str, month: str, store: Store | None = None) -> Shown:
    """A party's statement as the services answer it."""
    reader, want = store or world.store, One(Wallet, party)
    wallet = reader.read([want])[want]
    found = None
    if statements.is_stored(wallet, month):
        last = statements.last_until(party, month)
        found = reader.read([last])[last]
    return statements.statement_in(wallet, party, month, found, world.now)


def at(world: World, party: str, instant: datetime) -> Balance:
    """A party's US dollars at an instant."""
    want = statements.last_at(party, instant)
    return statements.balances_at(world.store.read([want])[want]).get("USD", Balance())


def sums(one: Shown, asset: str = "USD") -> dict[Column, int]:
    return dict(one.statement.sums.get(asset, {}))


def resolve(world: World, payout_id: str, *, paid: bool) -> None:
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout_id, paid=paid, reference="bank"
    )


def a_half_year(world: World) -> tuple[Company, str]:
    """Money and points: earned, held, released, paid out, failed, taken back, expired.

    January to June, but for April, in which nothing moves.
    """
    define(world)
    company = world.company()
    program = world.program(
        MILESTONES,
        replace(TRAINING, hold_days=20),
        budget={"USD": 1_000_000, "POINTS": 1_000},
        expire_months=1,
    )
    world.consent(company, program)
    world.enroll(company, program)
    deal = world.approved(company, program)
    world.record(company, program, "TRAINING", "first")
    world.now = day(1, 30)
    release_due(world.portal)
    world.now = day(2, 3)
    world.win(deal)
    resolve(world, world.pay_out(company.rep, 80_000).payout.id, paid=True)
    world.record(company, program, "TRAINING", "second")
    world.now = day(3, 2)
    expire_due(world.portal)
    release_due(world.portal)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    world.now = day(5, 1, hour=0)
    expire_due(world.portal)
    world.approved(company, program, 30_000_000)
    failing = world.pay_out(company.rep, 5_000).payout
    world.now = day(6, 9)
    resolve(world, failing.id, paid=False)
    return company, program


def test_a_month_adds_up_column_by_column(world: World) -> None:
    """Each column is told apart; the totals of every asset follow from them, in every month."""
    company, _ = a_half_year(world)

    told = {
        month: shown(world, company.rep, f"2026-{month:02}") for month in range(1, 7) if month != 4
    }

    money = {month: sums(one) for month, one in told.items()}
    points = {month: sums(one, "POINTS") for month, one in told.items()}
    earned, released, reversed_ = Column.EARNED, Column.RELEASED, Column.REVERSED
    assert {
        1: {earned: 15_000},
        2: {earned: 75_000, Column.PAID: 80_000},
        3: {reversed_: 75_000},
        5: {earned: 150_000},
        6: {},
    } == money
    assert {
        1: {earned: 50, released: 50},
        2: {earned: 50},
        3: {released: 50, Column.EXPIRED: 50},
        5: {Column.EXPIRED: 50},
        6: {},
    } == points
    opening: dict[str, Balance] = {}
    for one in told.values():
        statement = one.statement
        assert opening == statement.opening
        for asset in statements.assets_of(statement):
            assert statement.closing[asset].total == closing_total(
                statement.opening.get(asset, Balance()), statement.sums.get(asset, {})
            ), (statement.month, asset)
        opening = dict(statement.closing)
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    assert wallet.balances == opening


def test_a_statement_is_what_its_journals_say(quick_world: World) -> None:
    """The columns, numbers and hash of every month, folded from the journals alone."""
    company, _ = a_half_year(quick_world)
    journals = quick_world.journals(company.rep)
    for month in (1, 2, 3, 5, 6):
        name = f"2026-{month:02}"
        own = [one for one in journals if f"{one.recorded_at:%Y-%m}" == name]
        folded: Counter[tuple[str, Column]] = Counter()
        for journal in own:
            for transfer in journal.transfers:
                for column, amount in columns_of(transfer).items():
                    folded[transfer.asset, column] += amount

        statement = shown(quick_world, company.rep, name).statement

        assert dict(folded) == {
            (asset, column): amount
            for asset, columns in statement.sums.items()
            for column, amount in columns.items()
        }
        assert (own[0].sequence, own[-1].sequence, own[-1].hash) == (
            statement.first_sequence,
            statement.last_sequence,
            statement.head_hash,
        )
        assert own[-1].balance_after == statement.closing


def test_a_month_is_frozen_once_it_has_ended_and_stays_as_it_is(world: World) -> None:
    """Once an hour is over, or the next journal has stored it, which changes nothing of it."""
    company, program = world.ready()
    world.approved(company, program)
    open_ = shown(world, company.rep, JANUARY)
    world.now = datetime(2026, 2, 1, tzinfo=UTC) - TICK
    last = shown(world, company.rep, JANUARY)
    world.now += CLOSED_AFTER
    ending = shown(world, company.rep, JANUARY)
    world.now += TICK
    ended = shown(world, company.rep, JANUARY)
    unstored = world.load(Statement, f"{company.rep}.{JANUARY}")
    world.approved(company, program)
    stored = shown(world, company.rep, JANUARY)

    found = (open_, last, ending, ended, stored)
    assert [False, False, False, True, True] == [one.frozen for one in found]
    assert unstored is None
    assert stored.statement == world.load(Statement, f"{company.rep}.{JANUARY}")
    assert open_.statement == last.statement == ended.statement == stored.statement


def test_a_later_correction_lands_in_the_month_in_which_it_is_recorded(world: World) -> None:
    """Domain rule 6.6: a deal of January is returned, as of January, in March."""
    company, program = world.ready()
    deal = world.win(world.approved(company, program)).deal
    won_at = world.now
    world.now = day(3, 5)
    before = shown(world, company.rep, JANUARY)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=won_at)

    assert before == shown(world, company.rep, JANUARY)
    assert {Column.EARNED: 90_000} == sums(before)
    march = shown(world, company.rep, MARCH)
    assert {Column.REVERSED: 75_000} == sums(march)
    assert (Balance(available=90_000), Balance(available=15_000)) == (
        march.statement.opening["USD"],
        march.statement.closing["USD"],
    )


def test_a_month_in_which_nothing_moves_is_as_the_last_one_before_it_has_ended(
    world: World,
) -> None:
    """Between months, behind the last, before the first, and of a wallet that there is not."""
    company, program = world.ready()
    world.approved(company, program)
    world.now = day(3, 5)
    world.approved(company, program)
    world.now = day(5, 5)
    first = world.journals(company.rep)[0]
    before, between, behind, now, nobody = (
        shown(world, party, month)
        for party, month in (
            (company.rep, "2025-12"),
            (company.rep, FEBRUARY),
            (company.rep, "2026-04"),
            (company.rep, "2026-05"),
            (company.id, JANUARY),
        )
    )

    for idle in (before, between, behind, now, nobody):
        assert not idle.moved
        assert idle.statement.opening == idle.statement.closing
        assert {} == idle.statement.sums
    assert [True, True, True, False, True] == [
        one.frozen for one in (before, between, behind, now, nobody)
    ]
    assert {"USD": Balance(available=15_000)} == between.statement.closing
    assert (1, first.hash) == (between.statement.last_sequence, between.statement.head_hash)
    for later in (behind, now):
        assert {"USD": Balance(available=30_000)} == later.statement.opening
    for nothing in (before, nobody):
        assert ({}, GENESIS) == (nothing.statement.closing, nothing.statement.head_hash)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-00",
        "2026-13",
        "2026-1",
        "26-01",
        "2026-01-01",
        "2026-01\n",
        "\u0662026-01",
    ],
)
def test_what_names_no_month_is_refused(text: str) -> None:
    """Only YYYY-MM, in ASCII."""
    with pytest.raises(NoMonth, match="named like"):
        statements.month_named(text, day(3, 1))


def test_a_month_can_be_asked_for_from_its_first_instant_on(quick_world: World) -> None:
    """In UTC, wherever it is asked from."""
    begins = datetime(2026, 3, 1, tzinfo=UTC)
    east = timezone(timedelta(hours=12))
    assert MARCH == statements.month_named(MARCH, begins)
    for instant in (begins - TICK, (begins - TICK).astimezone(east)):
        with pytest.raises(NoMonth, match="to come"):
            statements.month_named(MARCH, instant)


def test_the_journals_of_a_month_are_those_recorded_from_its_first_instant_to_its_last(
    world: World,
) -> None:
    """Page by page, oldest first; the first instant of the next month is the next month's."""
    company, program = world.ready()
    begins, ends = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    for instant in (begins - TICK, begins, begins, ends - TICK, ends):
        world.now = instant
        world.approved(company, program)

    want = statements.journals_in(company.rep, FEBRUARY, 2, None)
    page = world.store.read([want])[want]
    behind = statements.journals_in(company.rep, FEBRUARY, 2, page.cursors[-1])
    rest = world.store.read([behind])[behind]

    assert ([2, 3], True) == ([one.sequence for one in page.records], page.more)
    assert ([4], False) == ([one.sequence for one in rest.records], rest.more)
    empty = statements.journals_in(company.rep, "2025-12", 9, None)
    assert () == world.store.read([empty])[empty].records


def test_a_balance_of_the_past_is_that_after_the_last_journal_until_then(world: World) -> None:
    """To the microsecond; of several journals of one instant it is the last one's."""
    company, program = world.ready()
    first = world.now
    world.approved(company, program)
    world.now = second = day(2, 3)
    world.approved(company, program)
    world.pay_out(company.rep, 1_000)
    world.wait(100)

    assert Balance() == at(world, company.rep, datetime(1970, 1, 1, tzinfo=UTC))
    assert Balance() == at(world, company.rep, first - TICK)
    assert Balance(available=15_000) == at(world, company.rep, first)
    assert Balance(available=15_000) == at(world, company.rep, second - TICK)
    both = Balance(available=29_000, held=1_000)
    west = timezone(timedelta(hours=-8))
    assert [both] * 3 == [
        at(world, company.rep, instant) for instant in (second, second.astimezone(west), world.now)
    ]
    assert Balance() == at(world, company.id, world.now)


def test_a_balance_of_the_past_is_the_fold_of_the_journals_until_then(quick_world: World) -> None:
    """At every journal's instant, and between them."""
    company, _ = a_half_year(quick_world)
    journals = quick_world.journals(company.rep)
    for step in (-TICK, timedelta(), TICK):
        for journal in journals:
            instant = journal.recorded_at + step
            folded: Counter[str] = Counter()
            for one in journals:
                for transfer in one.transfers if one.recorded_at <= instant else ():
                    if transfer.asset == "USD":
                        folded[transfer.debit] -= transfer.amount_minor
                        folded[transfer.credit] += transfer.amount_minor
            expected = Balance(*(folded[account] for account in Balance.__slots__))
            assert expected == at(quick_world, company.rep, instant)


def test_no_statement_costs_more_for_a_longer_ledger(quick_world: World, engine: Engine) -> None:
    """Two waves of one item for a month that is over, one for the month that runs and the past."""
    counting = CountingEngine(engine)
    world = World(TableStore(counting))
    company, program = world.ready()
    waves = []
    for months in (1, 5):
        for _ in range(months):
            world.approved(company, program)
            world.now += timedelta(days=31)
        world.approved(company, program)
        counting.forget()
        shown(world, company.rep, JANUARY)
        shown(world, company.rep, f"{world.now:%Y-%m}")
        at(world, company.rep, day(1, 20))
        waves.append(counting.waves)

    assert ["RRRR", "RRRR"] == waves
    assert 1 == statements.last_until(company.rep, JANUARY).first
    assert 1 == statements.last_at(company.rep, day(1, 20)).first


def test_what_moves_no_money_of_a_total_is_in_no_column_of_it(quick_world: World) -> None:
    """Held, failed and repaid: the accounts change, the total does not."""
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    world.now = day(2, 3)
    payout = world.pay_out(company.rep, 15_000).payout
    held = shown(world, company.rep, FEBRUARY)
    resolve(world, payout.id, paid=False)
    failed = shown(world, company.rep, FEBRUARY)

    assert Balance(held=15_000) == held.statement.closing["USD"]
    assert Balance(available=15_000) == failed.statement.closing["USD"]
    assert {} == sums(held) == sums(failed)
    assert [JournalKind.PAYOUT_HELD, JournalKind.PAYOUT_RELEASED] == [
        one.kind for one in world.journals(company.rep)[1:]
    ]


def test_what_was_decided_before_midnight_and_committed_behind_it_changes_nothing_frozen(
    quick_world: World,
) -> None:
    """A month without the journal is shown as open; a month that is stored is frozen at once."""
    world = quick_world
    define(world)
    company, program = world.ready(replace(TRAINING, asset="USD"))
    world.record(company, program, "TRAINING", "first")
    world.now = datetime(2026, 2, 1, tzinfo=UTC) - TICK
    seen: list[Shown] = []

    def late() -> None:
        world.now += timedelta(minutes=1)
        seen.append(shown(world, company.rep, JANUARY))

    slow = world.on(FaultyStore(world.store, first(late)))
    world.record(company, program, "TRAINING", "second", portal=slow)
    came = shown(world, company.rep, JANUARY)
    world.record(company, program, "TRAINING", "third")
    stored = shown(world, company.rep, JANUARY)

    assert [False, False, True] == [one.frozen for one in (*seen, came, stored)]
    assert [50, 100, 100] == [sums(one)[Column.EARNED] for one in (*seen, came, stored)]
