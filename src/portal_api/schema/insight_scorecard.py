"""The five C's of a partner, by definitions of our own, each a number with its n."""

import strawberry

from portal_api.domain.goals import tells_of_nobody, tells_of_several
from portal_api.domain.insights import five_cs
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.insight_parts import COMPANY, FEW, PERCENT, Basis, Shown, milli, share
from portal_api.schema.scalars import Decimal, Money


@declared(*COMPANY)
@strawberry.type(description="What a partner adds to sales.")
class Contribution:
    """Contribution."""

    sales: Money = strawberry.field(description="What it has sold, less returns.")
    audiences: strawberry.Private[frozenset[Audience]]
    found: strawberry.Private[five_cs.Scorecard]

    @narrow(
        Audience.VENDOR,
        description=f"Its share of what all partners of the program have sold, {PERCENT}.",
    )
    def sales_share(self) -> Decimal | None:
        """The share, which tells what all others have sold."""
        return share(self.found.sales_share_bps)


@declared(*COMPANY)
@strawberry.type(description="Whom a partner has to sell with.")
class Capacity:
    """Capacity."""

    staff: int = strawberry.field(description="How many people work there.")
    active: int | None = strawberry.field(description=f"How many of them have done anything. {FEW}")
    certified: int | None = strawberry.field(
        description="How many of them are certified: have ever completed a training of a level."
        f" {FEW}"
    )
    training_level: Decimal | None = strawberry.field(
        description="The highest level of training that each has reached, on average over the"
        f' staff, such as "1.250": depth, and not only the count. {FEW}'
    )


@declared(*COMPANY)
@strawberry.type(description="How much of the market's work a partner is seen in.")
class Coverage:
    """Coverage."""

    stages: int | None = strawberry.field(
        description=f"The stages of selling that it was active in. {FEW}"
    )
    stages_of: int = strawberry.field(description="Of so many that have behaviors.")
    products: int = strawberry.field(description="The products that it has sold.")
    audiences: strawberry.Private[frozenset[Audience]]
    found: strawberry.Private[five_cs.Scorecard]

    @narrow(Audience.VENDOR, description="Of so many that anybody has.")
    def products_of(self) -> int | None:
        """How many any partner has sold."""
        return self.found.products_of


@declared(*COMPANY)
@strawberry.type(description="How steadily a partner works, and how openly.")
class Commitment:
    """Commitment."""

    active_weeks: int | None = strawberry.field(
        description=f"In how many weeks it did anything. {FEW}"
    )
    weeks: int | None = strawberry.field(description=f"Of how many since it first did. {FEW}")
    active_share: Decimal | None = strawberry.field(description=f"That is so much {PERCENT}. {FEW}")
    registered_before: int = strawberry.field(
        description="How many of its won deals were registered before the sale."
    )
    won: int = strawberry.field(description="Of how many.")
    registered_share: Decimal | None = strawberry.field(description=f"That is so much {PERCENT}.")


@declared(*COMPANY)
@strawberry.type(description="What a partner's customers make of what they have bought.")
class Consumption:
    """Consumption."""

    behaviors: int | None = strawberry.field(
        description=f"Behaviors at the customer, such as renewals and trainings taken up. {FEW}"
    )
    per_won_deal: Decimal | None = strawberry.field(
        description=f'For each won deal, such as "0.750"; null without one. {FEW}'
    )


@declared(*COMPANY)
@strawberry.type(
    description="The five C's of a partner. The definitions are ours; each is a number with what it"
    " is out of."
)
class Scorecard:
    """A scorecard."""

    basis: Basis | None = strawberry.field(description="What it stands on.")
    contribution: Contribution = strawberry.field(description="Won revenue, and its share.")
    capacity: Capacity = strawberry.field(description="Active and certified people.")
    coverage: Coverage = strawberry.field(description="Stages and products with activity.")
    commitment: Commitment = strawberry.field(
        description="Weeks with activity, and sales that were registered before."
    )
    consumption: Consumption = strawberry.field(
        description="Behaviors at the customer for each won deal."
    )

    @classmethod
    def of(
        cls,
        found: five_cs.Scorecard,
        basis: Basis | None,
        shown: Shown,
        audiences: frozenset[Audience],
    ) -> "Scorecard":
        """The scorecard as shown to whoever is ``audiences`` to the partner."""
        everything, staff = Audience.VENDOR in audiences, found.staff

        def of_people(number: int) -> bool:
            return everything or tells_of_nobody(number, staff - number)

        level = found.training_level_milli if of_people(found.trained) else None
        done = everything or tells_of_several(found.active_weeks, found.people, staff)
        served = everything or tells_of_several(found.consumed, found.consuming, staff)
        consumed = found.consumed_per_won_milli if served else None
        return cls(
            basis=basis,
            contribution=Contribution(
                sales=shown.money(found.sales_minor), audiences=audiences, found=found
            ),
            capacity=Capacity(
                staff=found.staff,
                active=found.active if of_people(found.active) else None,
                certified=found.certified if of_people(found.certified) else None,
                training_level=None if level is None else milli(level),
            ),
            coverage=Coverage(
                stages=found.stages if done else None,
                stages_of=found.stages_of,
                products=found.products,
                audiences=audiences,
                found=found,
            ),
            commitment=Commitment(
                active_weeks=found.active_weeks if done else None,
                weeks=found.weeks if done else None,
                active_share=share(found.commitment_bps) if done else None,
                registered_before=found.registered_before,
                won=found.won,
                registered_share=share(found.registered_before_bps),
            ),
            consumption=Consumption(
                behaviors=found.consumed if served else None,
                per_won_deal=None if consumed is None else milli(consumed),
            ),
        )
