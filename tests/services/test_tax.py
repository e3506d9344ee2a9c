"""Tax: what a year has paid, from twelve statements, beside the thresholds of that year."""

from datetime import UTC, datetime

import pytest

from portal_api.domain import tax
from portal_api.domain.errors import InvalidInput, NotPermitted
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Column, Payee
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.plans import Rule
from portal_api.domain.statements import Month, Statement
from portal_api.domain.tax import Paid, TaxThreshold, YearAmount
from portal_api.services import payouts
from portal_api.services.store import Many, One, of_wallet
from portal_api.services.tax import set_tax_threshold
from tests.services.world import MILESTONES, World

COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_REGISTERED", 9_000))
AMOUNTS = (YearAmount(2026, 200_000, "the new law"), YearAmount(2020, 60_000, "the old law"))


def stated(world: World, *amounts: YearAmount, code: str = "US-1099-NEC") -> TaxThreshold:
    return set_tax_threshold(
        world.portal,
        world.manage(),
        code=code,
        name="Form 1099-NEC",
        asset="USD",
        amounts=amounts,
    ).threshold


def settle(world: World, who: str, amount: int, *, paid: bool = True, **given: str) -> None:
    payee = Payee(given.pop("payee", Payee.INDIVIDUAL))
    payout = world.pay_out(who, amount, payee=payee, **given).payout  # type: ignore[arg-type]
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=paid, reference="bank"
    )


def paid_in(world: World, party: str, year: int) -> Paid:
    """As the API reads it: at most twelve statements, and the wallet."""
    first, last = tax.months_of(year)
    want = Many(Statement, of_wallet(party), low=first, high=last)
    wallet_want = One(Wallet, party)
    found = world.store.read([want, wallet_want])
    wallet = found[wallet_want]
    assert len(found[want].records) <= 12
    return tax.paid_in(year, found[want].records, wallet.month if wallet else None)


def test_a_year_sums_its_months_and_tells_what_was_sent_to_the_company(world: World) -> None:
    """Frozen months and the running one; failed payouts and other years are not in it."""
    company = world.company()
    program = world.program(MILESTONES, COMPANY, days=800)
    world.consent(company, program, payee=Payee.PARTNER)
    world.enroll(company, program)
    world.approved(company, program)
    other = world.program(MILESTONES, days=800)
    world.consent(company, other)
    world.enroll(company, other)
    for _ in range(4):
        world.approved(company, other)
    rep = company.rep
    for days, amount in ((0, 100), (31, 200), (40, 400), (250, 800), (80, 1_600)):
        world.wait(days)
        settle(world, rep, amount)
        settle(world, rep, 5, payee="PARTNER")
        settle(world, rep, 7, paid=False)
    settle(world, company.executive, 3_000, wallet=company.id)

    assert datetime(2027, 1, 31, tzinfo=UTC) < world.now
    assert Paid({"USD": 1_520}, {"USD": 20}) == paid_in(world, rep, 2026)
    assert Paid({"USD": 1_605}, {"USD": 5}) == paid_in(world, rep, 2027)
    assert Paid({}, {}) == paid_in(world, rep, 2025) == paid_in(world, "nobody", 2026)
    assert (1_500, 1_600) == tuple(paid_in(world, rep, y).to_person("USD") for y in (2026, 2027))
    assert {"USD": 3_000} == paid_in(world, company.id, 2027).paid
    assert [] == world.audit(other, company.parties)


def test_a_month_that_is_frozen_while_it_is_read_counts_once() -> None:
    sums = {"USD": {Column.PAID: 100}}
    frozen = Statement("w.2026-03", "w", "2026-03", {}, {}, sums, 1, 2, "")

    assert {"USD": 100} == tax.paid_in(2026, [frozen], Month("2026-03", sums=sums)).paid
    assert {} == tax.paid_in(2026, [], Month("2027-01", sums=sums)).paid


def test_a_threshold_is_reached_by_its_own_amount_in_its_own_year(quick_world: World) -> None:
    """600.00 through 2025, 2,000.00 from 2026; so much or more is reached."""
    threshold = stated(quick_world, *AMOUNTS)

    assert [2020, 2026] == [one.from_year for one in threshold.amounts]
    assert threshold.in_force(2019) is None
    assert () == tax.standings(2019, [threshold], {"USD": 10**9})
    told = {
        (year, paid): (one.amount.amount_minor, one.reached, one.missing_minor)
        for year in (2020, 2025, 2026, 2099)
        for paid in (59_999, 60_000, 199_999, 200_000)
        for one in tax.standings(year, [threshold], {"USD": paid, "EUR": 10**9})
    }
    assert {60_000} == {told[year, 60_000][0] for year in (2020, 2025)}
    assert {200_000} == {told[year, 60_000][0] for year in (2026, 2099)}
    assert ((60_000, False, 1), (60_000, True, 0)) == (told[2025, 59_999], told[2025, 60_000])
    assert (200_000, False, 1) == told[2026, 199_999]
    assert (200_000, True, 0) == told[2026, 200_000]


def test_a_threshold_can_be_stated_anew(quick_world: World) -> None:
    """A later year is added when its amount is known: data, and no release."""
    stated(quick_world, *AMOUNTS)
    later = stated(quick_world, *AMOUNTS, YearAmount(2027, 210_000))

    stored = quick_world.load(TaxThreshold, "US-1099-NEC")
    assert stored is not None
    assert later.amounts == stored.amounts
    assert [60_000, 200_000, 210_000] == [
        one.amount_minor for year in (2025, 2026, 2027) if (one := stored.in_force(year))
    ]


@pytest.mark.parametrize(
    ("code", "amounts", "field"),
    [
        ("A", (), "amounts"),
        ("A", (YearAmount(2026, 1), YearAmount(2026, 2)), "amounts"),
        ("A", (YearAmount(2026, 0),), "amounts"),
        ("A", (YearAmount(26, 1),), "amounts"),
        ("A", (YearAmount(2026, 1, "a\nb"),), "source"),
        ("", AMOUNTS, "code"),
        ("A#B", AMOUNTS, "code"),
        ("A.B", AMOUNTS, "code"),
        ("Ä", AMOUNTS, "code"),
    ],
)
def test_a_threshold_that_cannot_be_one_is_refused(
    quick_world: World, code: str, amounts: tuple[YearAmount, ...], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        stated(quick_world, *amounts, code=code)

    assert field == refused.value.field


def test_only_the_vendor_states_thresholds(quick_world: World) -> None:
    company = quick_world.company()
    with pytest.raises(NotPermitted):
        set_tax_threshold(
            quick_world.portal,
            quick_world.ask(company.executive),
            code="A",
            name="A",
            asset="USD",
            amounts=AMOUNTS,
        )
