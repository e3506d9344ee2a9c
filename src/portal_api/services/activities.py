"""Activities: recorded by the person, the vendor or an integration.

They are rewarded in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.activities import Activity, BehaviorType
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted, ReviewRequired
from portal_api.domain.partners import STAFF_ROLES
from portal_api.domain.writes import Reserve, Save
from portal_api.services.deals import DEAL_RECORDERS, checked_instant
from portal_api.services.known import check_known
from portal_api.services.loads import Loads
from portal_api.services.partners import required
from portal_api.services.rewards import settlement_of
from portal_api.services.store import Holder, One, Want
from portal_api.services.team_awards import pay_team_awards
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class ActivityRecorded:
    """The activity is recorded, with what the rules made of it.

    The same event again answers this too.
    """

    activity: Activity
    earnings: tuple[Earning, ...]


def name_of_event(program_id: str, individual_id: str, source: str, source_event_id: str) -> str:
    """The name under which a person's event of another system is recorded in a program once."""
    return f"event:{program_id}:{individual_id}:{source}:{source_event_id}"


def record_activity(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    individual_id: str,
    program_id: str,
    behavior: str,
    source: str,
    source_event_id: str,
    occurred_at: datetime | None,
    deal_id: str | None = None,
) -> ActivityRecorded:
    """Records one occurrence of a behavior under a program, once per source event.

    ``deal_id``: the deal that it was done for.
    """
    source = required("source", source, 60)
    source_event_id = required("sourceEventId", source_event_id)
    if ":" in source:
        raise InvalidInput("The name of a source has no colon.", "source")
    loads = Loads(partner_id, individual_id, program_id)
    behavior_want = One(BehaviorType, behavior)
    event_name = name_of_event(program_id, individual_id, source, source_event_id)
    holder = Holder(event_name)
    deal_want = One(Deal, deal_id or "none")

    def decide(s: Situation) -> Decision[ActivityRecorded]:
        if s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("individualId")
        known_behavior = s.found[behavior_want]
        if known_behavior is None:
            raise NotFound.of("behavior")
        if s.viewer.role in STAFF_ROLES:
            if individual_id != s.viewer.id:
                raise NotPermitted(
                    "You can record your own activities only.", tuple(sorted(DEAL_RECORDERS))
                )
            if known_behavior.review_needed or known_behavior.evidence_needed:
                raise ReviewRequired("Claim this with proof: it is reviewed.", behavior)
        first = s.found[holder]
        if first is not None:
            return Decision(_first_result(portal, first, loads), (), first, partner_id)
        deal = s.found[deal_want] if deal_id else None
        at = checked_instant(occurred_at, s.now)
        check_known(s, loads)
        settlement = settlement_of(s, loads)
        activity = Activity(
            id=f"{partner_id}.{individual_id}.{program_id}.{portal.new_id()}",
            partner_id=partner_id,
            individual_id=individual_id,
            program_id=program_id,
            behavior=behavior,
            occurred_at=at,
            recorded_at=s.now,
            source=source,
            source_event_id=source_event_id,
            deal_id=deal_id,
        )
        activity, changed = settlement.record(activity, for_deal(deal, loads, activity))
        saved = (Save(changed),) if changed is not None else ()
        writes = (Reserve(event_name, activity.id), *saved, *settlement.writes())
        outcome = ActivityRecorded(activity, settlement.earnings())
        return Decision(outcome, writes, activity.id, partner_id)

    arguments = {
        "partner": partner_id,
        "individual": individual_id,
        "program": program_id,
        "behavior": behavior,
        "event": [source, source_event_id],
        "at": occurred_at,
        "deal": deal_id,
    }
    of_deal = (deal_want,) if deal_id else ()
    wants: tuple[Want[object], ...] = (behavior_want, holder, *of_deal, *loads.wants())
    roles = DEAL_RECORDERS | STAFF_ROLES
    done = perform(portal, ask, "recordActivity", arguments, roles, wants, decide, ActivityRecorded)
    pay_team_awards(portal, done.activity)
    return done


def for_deal(deal: Deal | None, loads: Loads, activity: Activity) -> Deal | None:
    """The deal with the activity in its history; none where it is about none.

    One person too many for a deal has done something all the same, which the deal's rules do not
    look at. Raises ``NotFound`` for a deal of another partner or program.
    """
    if activity.deal_id is None:
        return None
    if deal is None or (deal.partner_id, deal.program_id) != (loads.partner_id, loads.program_id):
        raise NotFound.of("dealId")
    if not deal.admits(activity.individual_id):
        return None
    return deal.with_did(activity.behavior, activity.individual_id, activity.occurred_at)


def _first_result(portal: Portal, activity_id: str, loads: Loads) -> ActivityRecorded:
    """What the first report of an event made: its activity and the earnings that this names.

    Raises ``NotFound`` where that is not an activity of this person at this partner: a mover reads
    only what is of its new partner.
    """
    want = One(Activity, activity_id)
    activity = portal.store.read([want])[want]
    if activity is None or not activity.id.startswith(f"{loads.prefix}."):
        raise NotFound.of("sourceEventId")
    ids = (outcome.earning_id for outcome in activity.outcomes if outcome.earning_id)
    wants = [One(Earning, earning_id) for earning_id in ids]
    found = portal.store.read(wants)
    return ActivityRecorded(
        activity, tuple(e for e in map(found.__getitem__, wants) if e is not None)
    )
