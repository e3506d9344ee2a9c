"""What becomes of partners: their profile changes, they gain tiers and teams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.partners import (
    BusinessModel,
    Partner,
    PartnerType,
    SalesStrategy,
    Tier,
    TierAssignment,
)
from portal_api.domain.writes import Save
from portal_api.services.partners import ADMINS, MANAGERS, new_team, required, team_name
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

MAX_TIERS = 200
"""Tiers that one partner was ever assigned, all of which are in its one item."""


@dataclass(frozen=True, slots=True)
class PartnerUpdated:
    """The partner is as it was wished."""

    partner: Partner


@dataclass(frozen=True, slots=True)
class TierAssigned:
    """The partner has the tier, or will have it."""

    partner: Partner


@dataclass(frozen=True, slots=True)
class TeamAdded:
    """The partner has one team more, its last one."""

    partner: Partner


@dataclass(frozen=True, slots=True)
class TeamRenamed:
    """The team has its new name; it is the same team."""

    partner: Partner


Changed = TypeVar("Changed", PartnerUpdated, TierAssigned, TeamAdded, TeamRenamed)


def update_partner(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    name: str | None = None,
    region: str | None = None,
    partner_type: PartnerType | None = None,
    business_model: BusinessModel | None = None,
    strategy: SalesStrategy | None = None,
) -> PartnerUpdated:
    """Changes what is given, from now on. Another type is an administrator's to give.

    Segments look at the partner as it is: only tiers are dated. What is earned already stays.
    """

    def decide(s: Situation, partner: Partner) -> Partner:
        other_type = partner_type is not None and partner_type is not partner.type
        if other_type and s.viewer.role not in ADMINS:
            raise NotPermitted(
                "Only an administrator changes how a partner takes part.", tuple(sorted(ADMINS))
            )
        return replace(
            partner,
            name=partner.name if name is None else required("name", name),
            region=partner.region if region is None else required("region", region),
            type=partner_type or partner.type,
            business_model=business_model or partner.business_model,
            strategy=strategy or partner.strategy,
        )

    given = {
        "name": name,
        "region": region,
        "type": partner_type,
        "model": business_model,
        "strategy": strategy,
    }
    return _changed(portal, ask, "updatePartner", partner_id, given, decide, PartnerUpdated)


def assign_tier(
    portal: Portal, ask: Ask, *, partner_id: str, tier: Tier, valid_from: datetime | None = None
) -> TierAssigned:
    """Gives a partner a tier from an instant on, now unless a later one is said.

    Nothing is backdated: what occurred before is judged by the tier of then. Of two that begin at
    the same instant the last one given holds. Raises ``InvalidInput`` for a time that has passed.
    """

    def decide(s: Situation, partner: Partner) -> Partner:
        starts = valid_from or s.now
        if starts < s.now:
            raise InvalidInput("A tier begins now or later.", "validFrom")
        if len(partner.tiers) >= MAX_TIERS:
            raise InvalidInput(f"A partner is assigned at most {MAX_TIERS} tiers.", "partnerId")
        tiers = (*partner.tiers, TierAssignment(tier, starts))
        return replace(partner, tiers=tuple(sorted(tiers, key=lambda one: one.valid_from)))

    given = {"tier": tier, "from": valid_from}
    return _changed(portal, ask, "assignTier", partner_id, given, decide, TierAssigned)


def add_team(portal: Portal, ask: Ask, *, partner_id: str, name: str) -> TeamAdded:
    """Adds a team; raises ``InvalidInput`` where another one has the name."""

    def decide(_: Situation, partner: Partner) -> Partner:
        added = new_team(portal, partner.teams, name, "name")
        return replace(partner, teams=(*partner.teams, added))

    return _changed(portal, ask, "addTeam", partner_id, {"name": name}, decide, TeamAdded)


def rename_team(
    portal: Portal, ask: Ask, *, partner_id: str, team_id: str, name: str
) -> TeamRenamed:
    """Gives a team another name; its people, goals and progress stay its own."""

    def decide(_: Situation, partner: Partner) -> Partner:
        others = tuple(team for team in partner.teams if team.id != team_id)
        if len(others) == len(partner.teams):
            raise NotFound.of("teamId")
        wished = team_name(others, name, "name")
        teams = (
            replace(team, name=wished) if team.id == team_id else team for team in partner.teams
        )
        return replace(partner, teams=tuple(teams))

    given = {"team": team_id, "name": name}
    return _changed(portal, ask, "renameTeam", partner_id, given, decide, TeamRenamed)


def _changed(
    portal: Portal,
    ask: Ask,
    operation: str,
    partner_id: str,
    given: Mapping[str, object],
    change: Callable[[Situation, Partner], Partner],
    outcome: type[Changed],
) -> Changed:
    """Runs a change of one partner by the vendor's managers."""
    want = One(Partner, partner_id)

    def decide(s: Situation) -> Decision[Changed]:
        partner = s.found[want]
        if partner is None:
            raise NotFound.of("partnerId")
        changed = change(s, partner)
        writes = (Save(changed),) if changed != partner else ()
        return Decision(outcome(changed), writes, partner.id, partner.id)

    arguments = {"partner": partner_id, **given}
    return perform(portal, ask, operation, arguments, MANAGERS, (want,), decide, outcome)
