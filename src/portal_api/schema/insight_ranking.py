"""Who sells most, in the insight: partners and people ranked, and their cohorts."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain import partners
from portal_api.domain.insights import ranking
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.insight_enums import Cohort, Consistency
from portal_api.schema.insight_parts import COMPANY, Basis, Shown, paged
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First
from portal_api.schema.scalars import Money
from portal_api.services.store import One

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual, Partner

_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")]
_Individual = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]


@declared(*COMPANY)
@strawberry.type(description="A partner's, or a person's, place by its sales.")
class Standing:
    """A place."""

    rank: int = strawberry.field(
        description="1 sells most; who sells the same has the same rank, as in 1, 2, 2, 4."
    )
    cohort: Cohort = strawberry.field(description="Top, low or none.")
    sales: Money = strawberry.field(
        description="What it has sold, less returns, over all programs, in this one's currency."
    )
    won: int = strawberry.field(description="Its won deals, less returns.")
    periods_at_top: int = strawberry.field(
        description="In how many of the periods it was at the top; the ranking says of how many."
    )
    consistency: Consistency = strawberry.field(
        description="Whether that is more often than chance would put it there."
    )
    basis: Basis = strawberry.field(description="What it stands on.")
    partner_id: strawberry.Private[str | None]
    person: strawberry.Private[str | None]

    @classmethod
    def of(
        cls, found: ranking.Standing, basis: Basis, shown: Shown, *, of_person: bool = False
    ) -> "Standing":
        """The place as shown."""
        return cls(
            rank=found.rank,
            cohort=found.cohort,
            sales=shown.money(found.sales_minor),
            won=found.won,
            periods_at_top=found.periods_at_top,
            consistency=found.consistency,
            basis=basis,
            partner_id=None if of_person else found.party_id,
            person=found.party_id if of_person else None,
        )

    @strawberry.field(description="The partner; of a person the one that it works for now.")
    async def partner(self, info: Info) -> _Partner | None:
        """The partner."""
        partner_id = self.partner_id if self.person is None else await _home(info, self.person)
        found: Partner | None = await find(info, "Partner", partner_id) if partner_id else None
        return found

    @strawberry.field(
        description="The person; null where it is a partner's place, and for who has left."
    )
    async def individual(self, info: Info) -> _Individual | None:
        """The person."""
        if self.person is None:
            return None
        home = await _home(info, self.person)
        if home is None:
            return None
        found: Individual | None = await find(info, "Individual", f"{home}.{self.person}")
        return found


async def _home(info: Info, person: str) -> str | None:
    """The partner that a person works for now."""
    record = await info.context.load(One(partners.Individual, person))
    employment = record and record.employment_at(info.context.portal.clock())
    return employment.partner_id if employment else None


# A place is not fetched alone: it is found in its ranking.
Standings = relay.Connection[Standing]  # type: ignore[type-var]


@declared(Audience.VENDOR)
@strawberry.type(description="A cohort, and what it has sold together.")
class CohortTotal:
    """A cohort's total."""

    cohort: Cohort = strawberry.field(description="The cohort.")
    parties: int = strawberry.field(description="How many partners, or people, are in it.")
    sales: Money = strawberry.field(description="What they have sold together.")


@declared(Audience.VENDOR)
@strawberry.type(
    description="Who sells most: everybody by sales, in cohorts, and who is at the top again and"
    " again. Look at what the consistent ones do: it is the profile."
)
class Ranking:
    """A ranking."""

    basis: Basis = strawberry.field(description="What it stands on.")
    sufficient: bool = strawberry.field(
        description="Whether there are enough who sell for the cohorts to mean something."
    )
    periods: int = strawberry.field(description="How many periods of the window had sales at all.")
    periods_needed: int = strawberry.field(
        description="At the top in so many of them, a party is consistent."
    )
    cohorts: list[CohortTotal] = strawberry.field(description="The cohorts with their totals.")
    whose: strawberry.Private[str]
    found: strawberry.Private[ranking.Ranking]
    shown: strawberry.Private[Shown]
    people: strawberry.Private[bool]

    @classmethod
    def of(cls, whose: str, found: ranking.Ranking, shown: Shown, *, people: bool) -> "Ranking":
        """The ranking as shown."""
        return cls(
            basis=Basis.of(found.basis),
            sufficient=found.sufficient,
            periods=found.periods,
            periods_needed=found.periods_needed,
            cohorts=[
                CohortTotal(
                    cohort=one.cohort, parties=one.parties, sales=shown.money(one.sales_minor)
                )
                for one in found.cohorts
            ],
            whose=whose,
            found=found,
            shown=shown,
            people=people,
        )

    @strawberry.field(description="The first of them, who sells most first.")
    def standings(self, first: First = PAGE, after: After = None) -> Standings:
        """A page of places."""

        def place(one: ranking.Standing) -> Standing:
            return Standing.of(one, self.basis, self.shown, of_person=self.people)

        return paged(self.found.standings, first, after, place)  # type: ignore[no-any-return]
