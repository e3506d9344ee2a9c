"""The mutations on people who are there: their place, their leaving, their name, their erasure."""

import strawberry

from portal_api.domain import partners
from portal_api.domain.errors import (
    AlreadyErased,
    ErasureNotPossible,
    InvalidInput,
    NotEmployed,
)
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import Role
from portal_api.schema.errors import result
from portal_api.schema.former_people import FormerIndividual, former_at
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.partners import Individual, visible_person
from portal_api.services import people as services
from portal_api.services.erasing import erase_individual
from portal_api.services.partners import ADMINS, MANAGERS, employer
from portal_api.services.use_case import VENDOR


@strawberry.input(description="Where somebody works from now on; what is left out stays.")
class ChangeEmploymentInput(MutationInput):
    """A place."""

    individual_id: strawberry.ID = strawberry.field(
        description="The person; of one who has left, the individualId of its former employment."
    )
    partner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Another partner to work for, or one to come back to."
    )
    role: Role | None = strawberry.field(default=None, description="What it does.")
    team_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Its team; null for none. Left out, it stays in its team, and has none at"
        " another partner.",
    )


@strawberry.input(description="Somebody who leaves.")
class EndEmploymentInput(MutationInput):
    """A leaver."""

    individual_id: strawberry.ID = strawberry.field(description="The person.")


@strawberry.input(description="Somebody who may act again.")
class ReinstateIndividualInput(MutationInput):
    """An end of a suspension."""

    individual_id: strawberry.ID = strawberry.field(description="The person.")


@strawberry.input(description="What of a person changes; what is left out stays.")
class UpdateIndividualInput(MutationInput):
    """A change."""

    individual_id: strawberry.ID = strawberry.field(description="The person.")
    name: str | None = strawberry.field(default=None, description="For people.")
    email: str | None = strawberry.field(
        default=None,
        description="Its e-mail address. Only an administrator changes that of somebody who is, or"
        " was, an executive or one of the vendor's people: it is what they sign in by.",
    )


@strawberry.input(description="Somebody to erase.")
class EraseIndividualInput(MutationInput):
    """An erasure."""

    individual_id: strawberry.ID = strawberry.field(
        description="The person, by the individualId of its former employment."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="The person works there, so, from now on.")
class EmploymentChanged:
    """Success."""

    individual: Individual | None = strawberry.field(
        description="The person, by its id at the partner where it works now."
    )


@declared(Audience.EXECUTIVE, Audience.VENDOR)
@strawberry.type(description="The person has left: it acts, sees and earns nothing there.")
class EmploymentEnded:
    """Success."""

    former: FormerIndividual = strawberry.field(description="The person, as of its last day.")


@declared(Audience.ANYONE)
@strawberry.type(description="The person may act again.")
class IndividualReinstated:
    """Success."""

    individual: Individual | None = strawberry.field(
        description="The person; null for one who has left."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="The person has this name and address.")
class IndividualUpdated:
    """Success."""

    individual: Individual | None = strawberry.field(
        description="The person; null for one who has left."
    )


@declared(Audience.VENDOR)
@strawberry.type(description="Nothing tells any more who the person was; the ledger is as it was.")
class IndividualErased:
    """Success."""

    former: FormerIndividual = strawberry.field(description="What is left of the person.")


@strawberry.type
class PeopleMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("ChangeEmployment", EmploymentChanged, NotEmployed, AlreadyErased),
        services.KEEPERS,
        "Puts a person in another team or role, at its partner or at another one, from now on. A"
        " mover's enrollments end, as those of who is made an executive; what was earned stays. An"
        " executive does it for its own company's staff, within the roles of the staff.",
    )
    async def change_employment(self, info: Info, input: ChangeEmploymentInput) -> object:
        """A place."""
        at, individual_id = pair(input.individual_id, "Individual", "individualId")
        target = input.partner_id
        partner_id = None if target is None else decoded(target, "Partner", "partnerId")
        other_team = input.team_id is not strawberry.UNSET
        wished = input.team_id if other_team else None
        team = None if wished is None else pair(wished, "Team", "teamId")
        if team is not None and team[0] != (partner_id or at):
            raise InvalidInput("The team belongs to another partner.", "teamId")
        team_id = team[1] if team is not None else None
        outcome = perform(
            info,
            services.change_employment,
            input.request_id,
            at=at,
            individual_id=individual_id,
            wish=services.Wish(partner_id, input.role, team_id, other_team),
        )
        return EmploymentChanged(individual=await _shown(info, outcome.individual))

    @mutation(
        result("EndEmployment", EmploymentEnded, NotEmployed, AlreadyErased),
        services.KEEPERS,
        "Ends a person's employment and its enrollments there, from now on. What it earned stays"
        " its own; the vendor pays it out. An executive does it for its own company's staff.",
    )
    async def end_employment(self, info: Info, input: EndEmploymentInput) -> object:
        """A leaver."""
        at, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info,
            services.end_employment,
            input.request_id,
            at=at,
            individual_id=individual_id,
        )
        return EmploymentEnded(former=await _former(info, EmploymentEnded, outcome.individual, at))

    @mutation(
        result("ReinstateIndividual", IndividualReinstated, AlreadyErased),
        MANAGERS,
        "Lets a suspended person act again.",
    )
    async def reinstate_individual(self, info: Info, input: ReinstateIndividualInput) -> object:
        """An end of a suspension."""
        at, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info,
            services.reinstate_individual,
            input.request_id,
            at=at,
            individual_id=individual_id,
        )
        return IndividualReinstated(individual=await _shown(info, outcome.individual))

    @mutation(
        result("UpdateIndividual", IndividualUpdated, AlreadyErased),
        MANAGERS,
        "Changes a person's name or e-mail address, by which it is found from then on.",
    )
    async def update_individual(self, info: Info, input: UpdateIndividualInput) -> object:
        """A change."""
        at, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info,
            services.update_individual,
            input.request_id,
            at=at,
            individual_id=individual_id,
            name=input.name,
            email=input.email,
        )
        return IndividualUpdated(individual=await _shown(info, outcome.individual))

    @mutation(
        result("EraseIndividual", IndividualErased, ErasureNotPossible, AlreadyErased),
        ADMINS,
        "Erases name, e-mail address and external ids of a person who has left and whose wallet is"
        " empty, for good. Its id stays, and so does every amount, sum and hash of the ledger.",
    )
    async def erase_individual(self, info: Info, input: EraseIndividualInput) -> object:
        """An erasure."""
        at, individual_id = pair(input.individual_id, "Individual", "individualId")
        outcome = perform(
            info, erase_individual, input.request_id, at=at, individual_id=individual_id
        )
        return IndividualErased(
            former=await _former(info, IndividualErased, outcome.individual, at)
        )


async def _shown(info: Info, person: partners.Individual) -> Individual | None:
    """The person where it works now."""
    now = info.context.portal.clock()
    return await visible_person(info, employer(person, now), person)


async def _former(
    info: Info, shown: type, person: partners.Individual, at: str
) -> FormerIndividual:
    """The person as one who has left; raises ``NotFound`` for whoever may not see it any more."""
    partner_id = None if at == VENDOR else at
    return former_at(person, partner_id, await authorized(info, shown, partner_id))
