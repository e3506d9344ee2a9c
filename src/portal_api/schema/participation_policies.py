"""Participation policies: how partners of each type take part, by default or as it was set."""

import asyncio

import strawberry

from portal_api.domain.participation import TypePolicy, policies
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.enums import ParticipationPolicy, PartnerType
from portal_api.schema.errors import result
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.services import consent as services
from portal_api.services.partners import ADMINS
from portal_api.services.store import Many, of_vendor


@declared(Audience.ANYONE)
@strawberry.type(description="How partners of a type take part.")
class TypeParticipation:
    """A type's policy."""

    partner_type: PartnerType = strawberry.field(description="The type.")
    policy: ParticipationPolicy = strawberry.field(description="What is asked and granted by now.")
    default: bool = strawberry.field(
        description="Whether that is the default of the type, and was never set."
    )


@strawberry.input(description="How partners of a type take part from now on.")
class SetParticipationPolicyInput(MutationInput):
    """A policy."""

    partner_type: PartnerType = strawberry.field(description="The type.")
    policy: ParticipationPolicy = strawberry.field(description="Its policy.")


@declared(Audience.ANYONE)
@strawberry.type(description="The policy is in force; what was granted before stands.")
class ParticipationPolicySet:
    """Success."""

    participation: TypeParticipation = strawberry.field(description="The type's policy.")


@strawberry.type
class ParticipationPolicyQueries:
    """Mixed into the root query."""

    @strawberry.field(description="How partners of each type take part: all types.")
    async def participation_policies(self, info: Info) -> list[TypeParticipation]:
        """Every type's policy."""
        _, kept = await asyncio.gather(
            info.context.viewer(), info.context.load(Many(TypePolicy, of_vendor()))
        )
        was_set = {one.id for one in kept.records}
        return [
            TypeParticipation(partner_type=kind, policy=policy, default=kind not in was_set)
            for kind, policy in policies(kept.records).items()
        ]


@strawberry.type
class ParticipationPolicyMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("SetParticipationPolicy", ParticipationPolicySet),
        ADMINS,
        "Sets how partners of a type take part: it is for what is asked and granted from now on.",
    )
    async def set_participation_policy(
        self, info: Info, input: SetParticipationPolicyInput
    ) -> object:
        """A policy."""
        outcome = perform(
            info,
            services.set_participation_policy,
            input.request_id,
            partner_type=input.partner_type,
            policy=input.policy,
        )
        kept = outcome.policy
        shown = TypeParticipation(
            partner_type=PartnerType(kept.id), policy=kept.policy, default=False
        )
        return ParticipationPolicySet(participation=shown)
