"""Participation policies: whether partners of a type take part as a company or person by person."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal_api.domain.partners import (
    ParticipationPolicy,
    Partner,
    PartnerType,
    participation_policy,
)


@dataclass(frozen=True, slots=True)
class TypePolicy:
    """The policy that was set for a partner type; ``id`` is the type.

    It is for what is asked and granted from then on: what was granted before stands.
    """

    id: str
    policy: ParticipationPolicy
    version: int = 0


def policy_of(partner: Partner, kept: Iterable[TypePolicy]) -> ParticipationPolicy:
    """The policy of a partner: that which was set for its type, else the default of the type."""
    return policies(kept)[partner.type]


def policies(kept: Iterable[TypePolicy]) -> dict[PartnerType, ParticipationPolicy]:
    """The policy of every type."""
    found = {kind: participation_policy(kind) for kind in PartnerType}
    return found | {PartnerType(one.id): one.policy for one in kept}
