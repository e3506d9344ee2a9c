"""The people whom one use case can pay: who they are at the partner, and what counts for them."""

from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.activities import DEAL_CHANGES, Activity
from portal_api.domain.consent import Enrollment
from portal_api.domain.deals import Deal
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import Level, Part, party_of
from portal_api.domain.money import split
from portal_api.domain.partners import Employment, Individual, PersonStatus
from portal_api.services.loads import Loads


@dataclass
class Member:
    """A person at the partner, with its enrollment; what was asked of it is checked at commit."""

    individual: Individual
    enrollment: Enrollment | None
    loads: Loads
    asked: bool = False

    def enrolled(self, instant: datetime, terms_version: int) -> bool:
        """Whether it was enrolled then, in the terms in force."""
        return self.enrollment is not None and self.enrollment.covers(instant, terms_version)

    def employment(self, instant: datetime, now: datetime) -> tuple[Employment, bool] | None:
        """Its employment at this partner, and whether it earns by it: it was employed here then.

        That of the instant; else, of somebody who earns nothing then, that of now, or for a leaver
        its last one; none for somebody who never worked here. Whoever is erased earns nothing more.
        """
        partner_id = self.loads.partner_id
        for when in (instant, now):
            employment = self.individual.employment_at(when)
            if employment is not None and employment.partner_id == partner_id:
                erased = self.individual.status is PersonStatus.ERASED
                return employment, when == instant and not erased
        for employment in reversed(self.individual.employments):
            if employment.partner_id == partner_id:
                return employment, False
        return None


def of_staff(person: Individual | None, partner_id: str) -> Individual | None:
    """The person, if it works or has worked for the partner: nobody else is there for it."""
    at_partner = person is not None and any(
        employment.partner_id == partner_id for employment in person.employments
    )
    return person if at_partner else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's place in one activity: as whom it is judged, and which counters it moves."""

    member: Member
    employment: Employment
    employed: bool
    part: Part
    parties: dict[Level, str]
    """The ids of the progress of the person, its team and its partner."""


def standings(
    members: dict[str, Member], activity: Activity, deal: Deal | None, now: datetime, field: str
) -> tuple[Standing, ...]:
    """Everybody whom the activity can pay or take from, who did it or owns the deal first.

    Raises ``NotFound`` for somebody who never worked for the partner.
    """
    own = activity.individual_id
    change = deal is not None and activity.behavior in DEAL_CHANGES
    people = deal.people if change and deal is not None else (own,)
    shares: dict[str, int] = {}
    if deal is not None:
        credited = deal.credited
        parts = split(deal.amount_minor, [credit.weight for credit in credited])
        shares = {credit.individual_id: part for credit, part in zip(credited, parts, strict=True)}
    found = []
    for person in people:
        member = members[person]
        placed = member.employment(activity.occurred_at, now)
        if placed is None:
            raise NotFound.of(field if person == own else "credits")
        employment, employed = placed
        part = Part(shares.get(person, 0), own=person == own)
        parties = parties_of(member.loads, employment)
        found.append(Standing(member, employment, employed, part, parties))
    return tuple(found)


def parties_of(loads: Loads, employment: Employment) -> dict[Level, str]:
    """The progress ids that an activity of a person counts for, by level."""
    prefix = f"{loads.partner_id}.{loads.program_id}"
    parties = {
        Level.INDIVIDUAL: f"{prefix}.{party_of(Level.INDIVIDUAL, loads.individual_id)}",
        Level.PARTNER: f"{prefix}.{party_of(Level.PARTNER, loads.partner_id)}",
    }
    if employment.team_id:
        parties[Level.TEAM] = f"{prefix}.{party_of(Level.TEAM, employment.team_id)}"
    return parties


def parts_of(standing: tuple[Standing, ...], deal: Deal | None) -> dict[str, Part]:
    """The part of every party in an activity, by its progress: teams sum those of their people."""
    found: dict[str, Part] = {}
    for one in standing:
        found[one.parties[Level.INDIVIDUAL]] = one.part
        team = one.parties.get(Level.TEAM)
        if team is not None:
            known = found.get(team, Part(0, own=False))
            found[team] = Part(known.share_minor + one.part.share_minor, known.own or one.part.own)
    partner = standing[0].parties[Level.PARTNER]
    found[partner] = Part(deal.amount_minor if deal is not None else 0, own=True)
    return found
