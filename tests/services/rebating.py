"""A company, a program for its people, and one whose rebate needs participation in that."""

from datetime import timedelta

from portal_api.domain.activities import WithheldReason
from portal_api.domain.deals import Deal
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.money import of_ratio
from portal_api.domain.plans import Period, Rule
from portal_api.services import consent, deal_changes, deals, programs, rebates
from portal_api.services.use_case import Portal
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from tests.services.world import Company, World

BANDS = (Band(0, 100), Band(10_000_000, 300))
REBATE = Rule("rebate", "Rebate", Level.PARTNER, "USD", Rebate(Period.QUARTER, BANDS))
COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 700))
NO_PARTICIPATION = WithheldReason.NO_PARTICIPATION
HOUR = timedelta(hours=1)


def found_in(world: World) -> list[Finding]:
    return [one for one in verify(world.store) if isinstance(one, Finding)]


def offering(world: World, *rules: Rule) -> tuple[Company, str, str]:
    """A company, the program for its people, and the one that pays its rebate if it takes part."""
    people = world.program()
    return world.company(), people, world.program(*(rules or (REBATE,)), participation_in=people)


def sell(
    world: World,
    company: Company,
    program: str,
    amount_minor: int = 8_000_000,
    portal: Portal | None = None,
) -> deals.DealWon:
    """A deal is registered, then won; then some time passes."""
    deal = world.register(company, program, amount_minor)
    world.now += HOUR
    won = world.win(deal, amount_minor, portal)
    world.now += HOUR
    return won


def give_back(world: World, deal: Deal) -> deal_changes.DealReturned:
    return deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)


def revoke(world: World, company: Company, given: str, portal: Portal | None = None) -> object:
    return consent.revoke_consent(
        portal or world.portal, world.ask(company.executive), consent_id=given
    )


def update_terms(world: World, program: str) -> object:
    return programs.update_terms(
        world.portal, world.manage(), program_id=program, terms="New.", discloses_amounts=False
    )


def worth(revenue: int, bands: tuple[Band, ...] = BANDS) -> int:
    """What all revenue of a quarter is worth at marginal rates, by the book."""
    ends = [*(band.start for band in bands[1:]), max(revenue, bands[-1].start)]
    exact = sum(
        max(0, min(revenue, end) - band.start) * band.rate_bps
        for band, end in zip(bands, ends, strict=True)
    )
    return of_ratio(exact, 1, 10_000)


GROWTH = Rule(
    "growth",
    "Growth",
    Level.PARTNER,
    "USD",
    Rebate(Period.QUARTER, (Band(0, 100), Band(10_000, 300)), growth=True),
)


def declare(
    world: World, company: Company, program: str, period: str = "Q2025-1", amount: int = 5_000_000
) -> rebates.RebateBaselineDeclared:
    return rebates.declare_rebate_baseline(
        world.portal,
        world.manage(),
        partner_id=company.id,
        program_id=program,
        period=period,
        amount_minor=amount,
        currency="USD",
    )
