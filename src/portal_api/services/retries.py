"""Paying on purpose what was withheld: the budget was refilled, or a limit of the plan was not."""

from dataclasses import dataclass

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.deals import Deal
from portal_api.domain.earnings import Earning
from portal_api.domain.errors import NotFound, NothingWithheld
from portal_api.domain.goals import Level
from portal_api.domain.teams import TeamAward
from portal_api.domain.writes import Enlist, Save, Write
from portal_api.services.loads import Loads, loads_of
from portal_api.services.partners import MANAGERS
from portal_api.services.rewards import OPEN_AWARDS, Settlement, settlement_of
from portal_api.services.store import One
from portal_api.services.team_awards import pay_team_awards
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class WithheldRetried:
    """What was withheld has been judged again; some of it is paid."""

    activity: Activity
    earnings: tuple[Earning, ...]


def retry_withheld(portal: Portal, ask: Ask, *, activity_id: str) -> WithheldRetried:
    """Judges again what the rules withheld of an activity, by the same plan version.

    What cannot be paid now stays withheld. Raises ``NothingWithheld`` where that is all. Shares of
    a team that only lacked money wait again, and are judged one by one as at first.
    """
    loads, want = loads_of(activity_id, "activityId"), One(Activity, activity_id)

    def decide(s: Situation) -> Decision[WithheldRetried]:
        activity = s.found[want]
        if activity is None:
            raise NotFound.of("activityId")
        settlement, retried, saved = judged_anew(s, loads, activity)
        shares = _shares_again(s, activity)
        if not shares and _withheld(retried) == _withheld(activity):
            raise NothingWithheld("Nothing of this activity can be paid now.")
        writes = (*saved, *shares, *settlement.writes(activity.id))
        outcome = WithheldRetried(retried, settlement.earnings())
        return Decision(outcome, writes, activity.id, loads.partner_id)

    wants = (want, *loads.wants())
    arguments = {"activity": activity_id}
    done = perform(
        portal, ask, "retryWithheld", arguments, MANAGERS, wants, decide, WithheldRetried
    )
    pay_team_awards(portal, done.activity)
    return done


def judged_anew(
    s: Situation,
    loads: Loads,
    activity: Activity,
    reasons: frozenset[WithheldReason] = frozenset(WithheldReason),
    levels: tuple[Level, ...] = tuple(Level),
) -> tuple[Settlement, Activity, tuple[Write, ...]]:
    """The activity judged once more, as ``Settlement.retry`` says, and what saves its deal.

    Of a deal that and its people are read in waves more.
    """
    deal = None
    if activity.deal_id is not None:
        deal_want = One(Deal, activity.deal_id)
        deal = s.portal.store.read([deal_want])[deal_want]
    settlement = settlement_of(s, loads, "activityId", deal.people if deal else ())
    judged, changed = settlement.retry(activity, deal, reasons, levels)
    return settlement, judged, (Save(changed),) if changed is not None else ()


def _shares_again(s: Situation, activity: Activity) -> tuple[Write, ...]:
    """What lets the shares of teams that lacked money wait again, on the list of what waits."""
    ids = dict.fromkeys(outcome.team_award_id for outcome in activity.outcomes)
    wants = [One(TeamAward, award_id) for award_id in ids if award_id is not None]
    found = s.portal.store.read(wants) if wants else None
    writes: list[Write] = []
    for want in wants:
        award = found[want] if found else None
        if award is None or award.again() == award:
            continue
        writes.append(Save(award.again()))
        if not award.waiting:
            writes.append(Enlist(OPEN_AWARDS, award.id, award.id))
    return tuple(writes)


def _withheld(activity: Activity) -> int:
    return sum(one.status is OutcomeStatus.WITHHELD for one in activity.outcomes)
