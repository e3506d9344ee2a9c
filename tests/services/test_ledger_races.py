"""Sixteen threads against one wallet, and everything asked for twice at once: always serial."""

from collections import Counter
from collections.abc import Callable

from portal_api.domain.errors import ExceedsEarning, PayoutNotOpen
from portal_api.domain.holdings import VENDOR_FUNDING, Balance
from portal_api.domain.ledger import JournalKind
from portal_api.services import payouts, reversals
from portal_api.services.activities import ActivityRecorded
from portal_api.services.use_case import Portal
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.racing import Together, a_trained
from tests.services.stores import in_parallel
from tests.services.world import World

THREADS = 16


def proved(world: World) -> LedgerSummary:
    """The summary of the whole ledger, in which nothing is wrong and everything sums to zero."""
    *findings, summary = verify(world.store)
    assert isinstance(summary, LedgerSummary), findings
    assert 0 == summary.findings
    for asset, totals in summary.totals.items():
        assert 0 == sum(totals.values()), asset
    return summary


def reversing(world: World, portal: Portal, earning_id: str) -> Callable[[], object]:
    """All of an earning taken back, under a request of its own."""
    ask = world.manage()
    return lambda: reversals.reverse_earning(
        portal, ask, earning_id=earning_id, amount_minor=None, reason="Twice."
    )


def test_sixteen_threads_on_one_wallet_and_each_award_reversed_twice_at_once(
    lonely_engine: Engine,
) -> None:
    """Invariants L4, L15 and L16: exactly one of each pair succeeds, and all sums are zero."""
    world = World(TableStore(lonely_engine))
    program, (company,) = a_trained(world, 100, 10_000)
    portal = world.on(Together(world.store, THREADS))

    def learning(event: int) -> Callable[[], object]:
        ask = world.ask(company.rep)
        return lambda: world.record(
            company, program, "TRAINING", f"{event}", ask=ask, portal=portal
        )

    awards = in_parallel(*[learning(event) for event in range(THREADS)])
    earnings = [done.earnings[0].id for done in awards if isinstance(done, ActivityRecorded)]
    assert THREADS == len(set(earnings))
    assert Balance(available=1_600) == world.balance(company.rep)

    for some in (earnings[: THREADS // 2], earnings[THREADS // 2 :]):
        together = world.on(Together(world.store, THREADS))
        pairs = [reversing(world, together, one) for one in some for _ in range(2)]
        answers = in_parallel(*pairs)
        for place in range(0, THREADS, 2):
            pair = Counter(type(answer) for answer in answers[place : place + 2])
            assert {reversals.EarningReversed: 1, ExceedsEarning: 1} == pair

    assert Balance() == world.balance(company.rep)
    assert {JournalKind.REWARD: THREADS, JournalKind.REVERSAL: THREADS} == world.kinds(company.rep)
    summary = proved(world)
    assert -10_000 == summary.totals["USD"][VENDOR_FUNDING]
    assert 10_000 == sum(world.budget(program))


def test_each_payout_is_paid_and_failed_at_once_by_sixteen_threads(lonely_engine: Engine) -> None:
    """Invariant L7: a hold is resolved once, whoever comes first."""
    world = World(TableStore(lonely_engine))
    program, (company,) = a_trained(world, 800, 10_000)
    world.record(company, program, "TRAINING", "1")
    held = [world.pay_out(company.rep, 100).payout.id for _ in range(THREADS // 2)]
    portal = world.on(Together(world.store, THREADS))

    def resolving(payout_id: str, paid: bool) -> Callable[[], object]:
        ask = world.manage()
        return lambda: payouts.resolve_payout(
            portal, ask, payout_id=payout_id, paid=paid, reference="bank"
        )

    answers = in_parallel(*[resolving(one, paid) for one in held for paid in (True, False)])

    for place in range(0, THREADS, 2):
        pair = Counter(type(answer) for answer in answers[place : place + 2])
        assert {payouts.PayoutResolved: 1, PayoutNotOpen: 1} == pair
    settled = world.kinds(company.rep)[JournalKind.PAYOUT_SETTLED]
    assert Balance(available=800 - 100 * settled) == world.balance(company.rep)
    assert 100 * settled == proved(world).totals["USD"]["vendor:paid"]
