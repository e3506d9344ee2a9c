"""Holds end and points expire by themselves: on time, once, and whatever happens meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal_api.domain.earnings import Earning, EarningStatus
from portal_api.domain.errors import InsufficientBalance, NotFound
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance, Holding
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.money import LARGEST_AMOUNT_MINOR
from portal_api.domain.plans import Rule
from portal_api.domain.records import stamp
from portal_api.domain.writes import Enlist, Save, Write
from portal_api.services import consent, deal_changes, maturing, payouts, retrying
from portal_api.services.due_series import run_all
from portal_api.services.maturing import expire_due, release_due
from portal_api.services.postings import DUE, EXPIRING
from portal_api.services.store import (
    Listed,
    Many,
    OutcomeUnknown,
    Store,
    StoreUnavailable,
    TooLarge,
    of_wallet,
)
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.racing import Together
from tests.services.replaying import events
from tests.services.steps import TRAINING, define
from tests.services.stores import FaultyStore, Killed, in_parallel, killed_after
from tests.services.world import DAY, MILESTONES, Company, World

Fault = Callable[[Callable[[], None]], None]
HELD = replace(MILESTONES, hold_days=30)
PROOF = Rule("proof", "Proof", Level.INDIVIDUAL, "USD", Overlay("PROOF", 10_000, 90), hold_days=10)
SALE = Rule("sale", "Sale", Level.INDIVIDUAL, "POINTS", Flat("DEAL_WON", 100))
TICK = timedelta(microseconds=1)
PENDING, AVAILABLE = EarningStatus.PENDING, EarningStatus.AVAILABLE
PAID, EXPIRED = EarningStatus.PAID, EarningStatus.EXPIRED


def listed(world: World, name: str) -> int:
    """How many entries a list has."""
    want = Listed(name)
    return len(world.store.read([want])[want].ids)


def earnings(world: World, party: str) -> list[Earning]:
    """A party's earnings, oldest first."""
    want = Many(Earning, of_wallet(party))
    return list(world.store.read([want])[want].records)


def statuses(world: World, party: str) -> list[EarningStatus]:
    return [world.status(earning) for earning in earnings(world, party)]


def done(commit: Callable[[], None]) -> None:
    """No fault."""
    commit()


def refused(_: Callable[[], None]) -> None:
    """The store cannot do it now."""
    raise StoreUnavailable("busy")


def faults(number: int, last: Fault) -> list[Fault]:
    """The fault at the commit of that number."""
    return [done] * (number - 1) + [last]


def trained(
    world: World, *rules: Rule, reps: int = 1, time_zone: str = "UTC", months: int = 1
) -> tuple[Company, str]:
    """A company that earns points, which expire a month after that of their earning."""
    define(world)
    company = world.company(reps=reps)
    program = world.program(
        *(rules or (TRAINING,)),
        budget={"POINTS": 10_000},
        time_zone=time_zone,
        expire_months=months,
        days=3_000,
    )
    world.consent(company, program)
    world.enroll(company, program)
    return company, program


def resolve(world: World, payout_id: str, *, paid: bool) -> None:
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout_id, paid=paid, reference="bank"
    )


# Holds.


def test_what_is_held_becomes_available_at_the_end_of_its_hold_and_not_before(
    lonely_engine: Engine,
) -> None:
    """30 days from when it was earned, to the microsecond; the vendor's and the rep's event."""
    world = World(TableStore(lonely_engine))
    company, program = world.ready(HELD)
    earned_at = world.now
    world.approved(company, program)
    held = world.balance(company.rep)

    world.now = earned_at + 30 * DAY - TICK
    assert 0 == release_due(world.portal)
    before = statuses(world, company.rep)
    world.now += TICK
    assert 1 == release_due(world.portal)
    assert 0 == release_due(world.portal)

    assert Balance(pending=15_000) == held
    assert ([PENDING], [AVAILABLE]) == (before, statuses(world, company.rep))
    assert Balance(available=15_000) == world.balance(company.rep)
    assert {JournalKind.REWARD: 1, JournalKind.RELEASE: 1} == world.kinds(company.rep)
    (earning,) = earnings(world, company.rep)
    kind, subject, actor, _ = events(world, company.id)[-1]
    assert ("EarningReleased", earning.id, "system") == (kind, subject, actor)
    assert earning.id == world.journals(company.rep)[-1].cause["earning"]
    assert 0 == listed(world, DUE)
    assert [] == world.audit(program, company.parties)


def test_a_late_report_is_held_only_for_what_is_left_of_its_time(quick_world: World) -> None:
    """The hold runs from when it occurred: what is older than the hold is available at once."""
    world = quick_world
    define(world)
    company, program = world.ready(replace(TRAINING, hold_days=30, asset="USD"))
    occurred = world.now
    world.now += 20 * DAY
    world.record(company, program, "TRAINING", "late", occurred_at=occurred)
    world.now += 11 * DAY
    world.record(company, program, "TRAINING", "later", occurred_at=occurred)

    assert Balance(pending=50, available=50) == world.balance(company.rep)
    assert [occurred + 30 * DAY, None] == [one.due_at for one in earnings(world, company.rep)]
    assert 1 == release_due(world.portal)
    assert Balance(available=100) == world.balance(company.rep)


def test_what_waits_for_a_deal_is_held_from_when_the_deal_was_won(quick_world: World) -> None:
    """Pending without an end until then; lost, there is nothing to release."""
    world = quick_world
    define(world, "PROOF")
    company, program = world.ready(PROOF)
    won, lost = (world.approved(company, program) for _ in range(2))
    for deal in (won, lost):
        world.record(company, program, "PROOF", deal.id, deal_id=deal.id)
    waiting = [one.due_at for one in earnings(world, company.rep)]
    world.wait(40)
    assert 0 == release_due(world.portal)
    world.win(won)
    world.lose(lost)
    due = [one.due_at for one in earnings(world, company.rep)]
    world.wait(9)
    assert 0 == release_due(world.portal)
    world.wait(1)
    assert 1 == release_due(world.portal)

    assert [None, None] == waiting
    assert [world.now, None] == due
    assert [AVAILABLE, EarningStatus.CANCELLED] == statuses(world, company.rep)
    assert Balance(available=10_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_what_is_taken_back_while_it_is_held_is_never_released(quick_world: World) -> None:
    """In full it is cancelled and off the list; in part the rest is released."""
    world = quick_world
    losing = replace(HELD, mechanic=MilestoneSplit(300, keep_on_loss=False))
    company, program = world.ready(losing)
    lost, smaller = (world.approved(company, program) for _ in range(2))
    world.lose(lost)
    world.win(smaller, 300_000)
    assert 1 == listed(world, DUE)
    world.wait(31)
    assert 1 == release_due(world.portal)

    assert [EarningStatus.CANCELLED, AVAILABLE] == statuses(world, company.rep)
    assert Balance(available=9_000) == world.balance(company.rep)
    assert 0 == listed(world, DUE)
    assert [] == world.audit(program, company.parties)


def test_a_revoked_consent_lets_what_is_held_mature(quick_world: World) -> None:
    """Domain rule 2.6: revoking is forward only."""
    world = quick_world
    company, program = world.company(), world.program(HELD)
    given = world.consent(company, program)
    world.enroll(company, program)
    world.approved(company, program)
    consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    world.wait(30)

    assert 1 == release_due(world.portal)
    assert Balance(available=15_000) == world.balance(company.rep)


def test_what_is_released_repays_first_what_is_owed(quick_world: World) -> None:
    """Invariant L23: nothing is available while something is owed."""
    world = quick_world
    company, program = world.ready(HELD)
    deal = world.approved(company, program)
    world.wait(30)
    release_due(world.portal)
    resolve(world, world.pay_out(company.rep, 15_000).payout.id, paid=True)
    world.win(deal, 300_000)
    world.approved(company, program)
    owed = world.balance(company.rep)
    world.wait(30)
    release_due(world.portal)

    assert Balance(pending=15_000, receivable=-6_000) == owed
    assert Balance(available=9_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_each_share_of_a_team_is_held_as_its_rule_says(quick_world: World) -> None:
    """The members' earnings are held, each in its own wallet."""
    world = quick_world
    rule = Rule("team", "Team", Level.TEAM, "USD", Flat("DEAL_REGISTERED", 100), hold_days=5)
    company, program = world.ready(rule, reps=2)
    world.approved(company, program)
    held = [world.balance(rep) for rep in company.reps]
    world.wait(5)

    assert 2 == release_due(world.portal)
    assert [Balance(pending=50)] * 2 == held
    assert [Balance(available=50)] * 2 == [world.balance(rep) for rep in company.reps]
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_run_that_is_killed_after_any_release_is_finished_by_the_next(
    lonely_engine: Engine, commits: int
) -> None:
    """Three earnings, one transaction each; nothing is released twice."""
    world = World(TableStore(lonely_engine))
    company, program = world.ready(HELD)
    for _ in range(3):
        world.approved(company, program)
    world.wait(30)
    with pytest.raises(Killed):
        release_due(world.on(FaultyStore(world.store, *faults(commits, killed_after))))
    assert 15_000 * commits == world.balance(company.rep).available

    assert 3 - commits == release_due(world.portal)

    assert Balance(available=45_000) == world.balance(company.rep)
    assert {JournalKind.REWARD: 3, JournalKind.RELEASE: 3} == world.kinds(company.rep)
    assert 0 == listed(world, DUE)
    assert [] == world.audit(program, company.parties)


def test_two_runs_at_once_release_everything_once(lonely_engine: Engine) -> None:
    """Both have decided on the same earning before either commits."""
    world = World(TableStore(lonely_engine))
    company, program = world.ready(HELD)
    for _ in range(3):
        world.approved(company, program)
    world.wait(30)
    portal = world.on(Together(world.store, 2))

    counts = in_parallel(*[lambda: release_due(portal)] * 2)

    assert 3 == sum(count for count in counts if isinstance(count, int))
    assert {JournalKind.REWARD: 3, JournalKind.RELEASE: 3} == world.kinds(company.rep)
    assert 0 == listed(world, DUE)
    assert [] == world.audit(program, company.parties)


def test_one_earning_that_cannot_be_released_now_keeps_no_other_waiting(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a page end the run; what is left is told, and done by the next one."""
    world = quick_world
    monkeypatch.setattr(maturing, "AT_ONCE", 2)
    company, program = world.ready(HELD, reps=2)
    for rep in (*company.reps, *company.reps, company.rep):
        world.approved(company, program, rep=rep)
    world.wait(30)

    with pytest.raises(StoreUnavailable, match="1 earnings are not released, 4 are"):
        release_due(world.on(FaultyStore(world.store, refused)))

    assert 1 == listed(world, DUE)
    assert 1 == release_due(world.portal)
    assert [45_000, 30_000] == [world.balance(rep).available for rep in company.reps]


def test_an_entry_that_is_out_of_date_is_taken_off_the_list(quick_world: World) -> None:
    """Of an earning that is not there, or is available by now."""
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    (earning,) = earnings(world, company.rep)
    sorts = [f"{stamp(world.now)}#{name}" for name in (earning.id, f"{company.rep}.none")]
    world.store.commit([Enlist(DUE, sort, sort.partition("#")[2]) for sort in sorts])

    assert 0 == release_due(world.portal)
    assert 0 == listed(world, DUE)
    assert Balance(available=15_000) == world.balance(company.rep)


def test_a_closed_wallet_takes_nothing_that_was_held_or_expires(quick_world: World) -> None:
    """Invariant L19: neither a release nor an expiry."""
    world = quick_world
    company, program = trained(world, TRAINING, HELD)
    world.fund(program, 100_000)
    world.approved(company, program)
    world.record(company, program, "TRAINING", "once")
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    world.store.commit([Save(replace(wallet, closed_at=world.now))])
    world.wait(100)

    assert (0, 0) == (release_due(world.portal), expire_due(world.portal))
    assert Balance(pending=15_000) == world.balance(company.rep)
    assert Balance(available=50) == world.balance(company.rep, "POINTS")


# Expiry.


def test_points_expire_lot_by_lot_what_was_paid_out_first_in_first_out(
    lonely_engine: Engine,
) -> None:
    """50 of January and 50 of February, 70 paid out: none of January and 30 of February expire."""
    world = World(TableStore(lonely_engine))
    company, program = trained(world)
    world.record(company, program, "TRAINING", "january")
    world.now = datetime(2026, 2, 10, tzinfo=UTC)
    world.record(company, program, "TRAINING", "february")
    payout = world.pay_out(company.rep, 70, asset="POINTS").payout
    resolve(world, payout.id, paid=True)

    world.now = datetime(2026, 3, 1, tzinfo=UTC)
    assert 0 == expire_due(world.portal)
    assert 1 == listed(world, EXPIRING)
    before = statuses(world, company.rep)
    world.now = datetime(2026, 4, 1, tzinfo=UTC) - TICK
    assert 0 == expire_due(world.portal)
    world.now += TICK
    assert 1 == expire_due(world.portal)
    assert 0 == expire_due(world.portal)

    assert ([PAID, AVAILABLE], [PAID, EXPIRED]) == (before, statuses(world, company.rep))
    assert Balance() == world.balance(company.rep, "POINTS")
    assert 1 == world.kinds(company.rep)[JournalKind.EXPIRY]
    assert [30] == [one.amount_minor for one in world.journals(company.rep)[-1].transfers]
    kind, subject, actor, _ = events(world, company.id)[-1]
    assert ("PointsExpired", company.rep, "system") == (kind, subject, actor)
    assert 0 == listed(world, EXPIRING)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(("paid", "left"), [(True, 0), (False, 30)])
def test_what_is_held_for_a_payout_expires_only_if_the_payout_fails(
    quick_world: World, paid: bool, left: int
) -> None:
    """30 of 50 are held at the end: 20 expire then, and 30 after the payout has failed."""
    world = quick_world
    company, program = trained(world)
    world.record(company, program, "TRAINING", "once")
    payout = world.pay_out(company.rep, 30, asset="POINTS").payout
    world.now = datetime(2026, 3, 5, tzinfo=UTC)
    assert 1 == expire_due(world.portal)
    assert 0 == expire_due(world.portal)
    assert Balance(held=30) == world.balance(company.rep, "POINTS")
    assert 1 == listed(world, EXPIRING)

    resolve(world, payout.id, paid=paid)
    assert left == world.balance(company.rep, "POINTS").available
    assert (left > 0) == expire_due(world.portal)

    assert Balance() == world.balance(company.rep, "POINTS")
    assert [EXPIRED] == statuses(world, company.rep)
    assert 0 == listed(world, EXPIRING)
    assert [] == world.audit(program, company.parties)


def test_what_was_taken_back_of_a_lot_does_not_expire(quick_world: World) -> None:
    """Of two sales one is returned: the other's points expire, and only they."""
    world = quick_world
    company, program = trained(world, SALE)
    kept, returned = (world.win(world.approved(company, program)).deal for _ in range(2))
    deal_changes.return_deal(world.portal, world.manage(), deal_id=returned.id, occurred_at=None)
    world.now = datetime(2026, 3, 1, tzinfo=UTC)

    assert 1 == expire_due(world.portal)

    assert kept.id != returned.id
    assert Balance() == world.balance(company.rep, "POINTS")
    assert [100] == [one.amount_minor for one in world.journals(company.rep)[-1].transfers]
    assert [EXPIRED, EarningStatus.REVERSED] == statuses(world, company.rep)
    assert 9_900 == sum(world.budget(program, "POINTS"))
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(
    ("earned_at", "expires_at"),
    [
        # The end of January is 08:00 UTC in Los Angeles; March ends in summer time.
        (datetime(2026, 2, 1, 7, 59, tzinfo=UTC), datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (datetime(2026, 2, 1, 8, tzinfo=UTC), datetime(2026, 4, 1, 7, tzinfo=UTC)),
        # A month that begins in winter and ends in summer is as long as the calendar says.
        (datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 5, 1, 7, tzinfo=UTC)),
        # Over the end of a year, and back to winter time.
        (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 2, 1, 8, tzinfo=UTC)),
    ],
)
def test_points_expire_at_the_end_of_a_month_by_the_program_s_calendar(
    quick_world: World, earned_at: datetime, expires_at: datetime
) -> None:
    """Pacific time; to the microsecond, over both changes of the clock."""
    world = quick_world
    company, program = trained(world, time_zone="America/Los_Angeles")
    world.now = earned_at
    world.record(company, program, "TRAINING", "once")

    world.now = expires_at - TICK
    assert 0 == expire_due(world.portal)
    world.now = expires_at
    assert 1 == expire_due(world.portal)


def test_what_is_held_first_lives_from_the_end_of_its_hold(quick_world: World) -> None:
    """Earned in January and available in February: it expires as what became available then."""
    world = quick_world
    company, program = trained(world, replace(TRAINING, hold_days=30))
    world.record(company, program, "TRAINING", "once")
    world.now = datetime(2026, 2, 20, tzinfo=UTC)
    assert 0 == listed(world, EXPIRING)
    assert 1 == release_due(world.portal)
    assert 1 == listed(world, EXPIRING)

    world.now = datetime(2026, 3, 31, tzinfo=UTC)
    assert 0 == expire_due(world.portal)
    world.now = datetime(2026, 4, 1, tzinfo=UTC)
    assert 1 == expire_due(world.portal)


def test_money_and_points_of_other_plans_never_expire(quick_world: World) -> None:
    """Only points do, and only where their plan says so."""
    world = quick_world
    company, program = trained(world, MILESTONES)
    world.fund(program, 100_000)
    world.approved(company, program)
    lasting = world.program(TRAINING, budget={"POINTS": 100})
    world.consent(company, lasting)
    world.enroll(company, lasting)
    world.record(company, lasting, "TRAINING", "once")
    world.wait(2_000)

    assert 0 == expire_due(world.portal)
    assert 15_000 == world.balance(company.rep).available
    assert 50 == world.balance(company.rep, "POINTS").available


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_an_expiry_that_is_killed_after_any_transaction_is_finished_by_the_next(
    lonely_engine: Engine, commits: int
) -> None:
    """Three wallets, one transaction each; nothing expires twice."""
    world = World(TableStore(lonely_engine))
    company, program = trained(world, reps=3)
    for rep in company.reps:
        world.record(company, program, "TRAINING", rep, rep=rep)
    world.now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(Killed):
        expire_due(world.on(FaultyStore(world.store, *faults(commits, killed_after))))
    left = [world.balance(rep, "POINTS").available for rep in company.reps]
    assert 50 * (3 - commits) == sum(left)

    assert 3 - commits == expire_due(world.portal)

    for rep in company.reps:
        assert Balance() == world.balance(rep, "POINTS")
        assert {JournalKind.REWARD: 1, JournalKind.EXPIRY: 1} == world.kinds(rep)
    assert 0 == listed(world, EXPIRING)
    assert [] == world.audit(program, company.parties)


def test_two_runs_at_once_expire_everything_once(lonely_engine: Engine) -> None:
    """Both have decided on the same wallet before either commits."""
    world = World(TableStore(lonely_engine))
    company, program = trained(world, reps=2)
    for rep in company.reps:
        world.record(company, program, "TRAINING", rep, rep=rep)
    world.now = datetime(2026, 3, 1, tzinfo=UTC)
    portal = world.on(Together(world.store, 2))

    counts = in_parallel(*[lambda: expire_due(portal)] * 2)

    assert 2 == sum(count for count in counts if isinstance(count, int))
    assert [1, 1] == [world.kinds(rep)[JournalKind.EXPIRY] for rep in company.reps]
    assert 0 == listed(world, EXPIRING)
    assert [] == world.audit(program, company.parties)


def test_a_wallet_of_many_lots_is_done_in_several_transactions(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lot each here, over pages of one entry; a wallet that is stuck keeps no other waiting."""
    world = quick_world
    monkeypatch.setattr(maturing, "LOTS_AT_ONCE", 1)
    monkeypatch.setattr(maturing, "AT_ONCE", 1)
    company, program = trained(world, reps=2)
    for month in (1, 2, 3):
        world.now = datetime(2026, month, 10, tzinfo=UTC)
        for rep in company.reps:
            world.record(company, program, "TRAINING", f"{rep}{month}", rep=rep)
    world.now = datetime(2026, 6, 1, tzinfo=UTC)

    with pytest.raises(StoreUnavailable, match="1 wallets keep what has expired"):
        expire_due(world.on(FaultyStore(world.store, refused)))
    expire_due(world.portal)

    assert [3, 3] == [world.kinds(rep)[JournalKind.EXPIRY] for rep in company.reps]
    assert 0 == listed(world, EXPIRING)
    assert [] == world.audit(program, company.parties)


def test_all_series_run_and_none_waits_for_another(quick_world: World) -> None:
    """What one cannot do now is told beside what the others did."""
    world = quick_world
    company, program = trained(world, replace(TRAINING, hold_days=1))
    world.record(company, program, "TRAINING", "once")
    world.wait()
    ran = {one.done: one for one in run_all(world.on(FaultyStore(world.store, refused)))}
    again = {one.done: one.count for one in run_all(world.portal)}

    assert "1 earnings are not released, 0 are." == ran["earnings released"].problem
    assert (0, None) == (ran["lots expired"].count, ran["lots expired"].problem)
    assert 1 == again["earnings released"]


def test_what_has_expired_is_not_paid_out_before_a_run_has_taken_it_out(world: World) -> None:
    """It expires first, also where the payout is then refused; the same request asks once."""
    company, program = trained(world)
    world.record(company, program, "TRAINING", "old")
    world.now = datetime(2026, 2, 27, tzinfo=UTC)
    world.record(company, program, "TRAINING", "new")
    world.now = datetime(2026, 3, 1, tzinfo=UTC)

    with pytest.raises(InsufficientBalance) as refused_:
        world.pay_out(company.rep, 60, asset="POINTS")
    paid = world.pay_out(company.rep, 50, asset="POINTS")

    assert 50 == refused_.value.available_minor
    assert Balance(held=50) == world.balance(company.rep, "POINTS") == paid.wallet.balance("POINTS")
    assert {JournalKind.REWARD: 2, JournalKind.EXPIRY: 1, JournalKind.PAYOUT_HELD: 1} == (
        world.kinds(company.rep)
    )
    assert 0 == expire_due(world.portal)
    world.now = datetime(2026, 4, 2, tzinfo=UTC)
    payouts.cancel_payout(world.portal, world.ask(company.rep), payout_id=paid.payout.id)
    assert 1 == expire_due(world.portal)
    assert Balance() == world.balance(company.rep, "POINTS")
    assert [] == world.audit(program, company.parties)


def test_a_payout_waits_where_what_has_expired_cannot_be_taken_out(quick_world: World) -> None:
    """Nothing is held, and the same request can be made again."""
    world = quick_world
    company, program = trained(world)
    world.record(company, program, "TRAINING", "old")
    world.now = datetime(2026, 3, 1, tzinfo=UTC)

    with pytest.raises(StoreUnavailable):
        world.pay_out(
            company.rep, 50, asset="POINTS", portal=world.on(FaultyStore(world.store, refused))
        )

    assert Balance(available=50) == world.balance(company.rep, "POINTS")


def test_more_than_a_transfer_takes_expires_beside_everybody_s(quick_world: World) -> None:
    """Two journals of one lot here; a wallet that cannot be posted to keeps no other waiting."""
    world = quick_world
    company, program = trained(world, reps=2)
    for rep in company.reps:
        world.record(company, program, "TRAINING", rep, rep=rep)
    wallet = world.load(Wallet, company.rep)
    assert wallet is not None
    (lot,) = wallet.holding("POINTS").lots
    more = 41 * LARGEST_AMOUNT_MINOR
    grown = Holding(Balance(available=more), (replace(lot, received=more, left=more),))
    world.store.commit([Save(replace(wallet, holdings={"POINTS": grown}))])
    world.now = datetime(2026, 3, 1, tzinfo=UTC)

    assert 2 == expire_due(world.portal)
    assert [2, 1] == [world.kinds(rep)[JournalKind.EXPIRY] for rep in company.reps]
    assert [Balance()] * 2 == [world.balance(rep, "POINTS") for rep in company.reps]
    assert 0 == listed(world, EXPIRING)


class Stuck(FaultyStore):
    """A store in which one wallet takes nothing."""

    def __init__(self, store: Store, wallet_id: str, problem: Exception) -> None:
        super().__init__(store)
        self.wallet_id, self.problem = wallet_id, problem

    def commit(self, writes: Sequence[Write]) -> None:
        saved = [write.record for write in writes if isinstance(write, Save)]
        if any(isinstance(one, Wallet) and one.id == self.wallet_id for one in saved):
            raise self.problem
        super().commit(writes)


@pytest.mark.parametrize(
    "problem", [TooLarge("390 KB"), ValueError("no"), NotFound.of("id"), OutcomeUnknown("lost")]
)
def test_a_wallet_that_takes_nothing_keeps_neither_others_nor_other_series_waiting(
    quick_world: World, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with it is told at the end of its series, and of no other one."""
    world = quick_world
    monkeypatch.setattr(retrying, "SECONDS", 0.2)
    company, program = world.ready(HELD, reps=2)
    for rep in company.reps:
        world.approved(company, program, rep=rep)
    world.wait(30)

    ran = {one.done: one for one in run_all(world.on(Stuck(world.store, company.rep, problem)))}

    told = ran.pop("earnings released").problem or ""
    assert told.startswith("1 earnings are not released, 1 are.")
    assert {None} == {one.problem for one in ran.values()}
    assert [0, 15_000] == [world.balance(rep).available for rep in company.reps]
