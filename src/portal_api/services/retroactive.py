"""Paying what was withheld before a first consent: a series, each activity judged once more.

It begins with a consent that looks back and may be killed after any activity: what was paid is not
withheld any more, so that it goes on where it was. Every payment needs the consent then. A team of
which nobody was enrolled shares among those who are by the consent; one of which somebody was has
shared already, and nothing is divided anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.consent import Consent, ConsentFile
from portal_api.domain.goals import Level
from portal_api.domain.teams import TeamAward
from portal_api.domain.writes import Delist, Enlist, Record, Save
from portal_api.services.loads import loads_of
from portal_api.services.partners import ever_at
from portal_api.services.retries import judged_anew
from portal_api.services.rewards import OPEN_AWARDS
from portal_api.services.series import UNFINISHED, Step, StepFailed, each, step
from portal_api.services.store import Listed, Many, One, Unreadable, of_partner, of_person
from portal_api.services.team_awards import pay_shares, pay_team_awards
from portal_api.services.use_case import Portal, Situation

R = TypeVar("R", bound=Record)

PAID_AFTERWARDS = frozenset({WithheldReason.NO_CONSENT, WithheldReason.NOT_ENROLLED})
"""Why something was withheld that a consent which looks back may pay."""
LOOKING_BACK = "consents.looking-back"
"""The list of the consents whose payment of what is past is not finished."""
AT_ONCE = 20
"""So many activities are judged within the request that grants; the others by the next run."""

_LEVELS = (Level.INDIVIDUAL, Level.TEAM)
_PAGE = 100
_PEOPLE = 25
"""So many people's activities are read in one wave; those of no more within a request."""


def pay_looking_back(portal: Portal) -> int:
    """Finishes every consent that looks back; says how many activities and awards were paid.

    One that cannot be finished now keeps no other waiting. Raises ``StoreUnavailable`` at the end
    where there is one.
    """
    listed = Listed(LOOKING_BACK, newest_first=False)
    ids = portal.store.read([listed])[listed].ids
    told = f"{{left}} of {len(ids)} consents that look back are not finished."
    return each(ids, lambda consent_id: pay_afterwards(portal, consent_id), told)


def pay_at_once(portal: Portal, consent_id: str) -> None:
    """Pays the first of it within the request that grants; the series goes on with what is left."""
    listed = Listed(LOOKING_BACK)
    try:
        if consent_id in portal.store.read([listed])[listed].ids:
            pay_afterwards(portal, consent_id, AT_ONCE)
    except UNFINISHED:
        return


def pay_afterwards(portal: Portal, consent_id: str, at_most: int | None = None) -> int:
    """Judges again what was withheld in the time before a consent that it covers.

    ``at_most`` so many activities, of the first people: then it stays on the list. Says how many
    were paid. Raises ``StepFailed``, ``Unreadable`` and ``StoreUnavailable``; what can be paid
    besides is paid.
    """
    file_id, _, number = consent_id.rpartition(".")
    want = One(ConsentFile, file_id)
    file = portal.store.read([want])[want]
    if file is None:
        return 0
    consent, paid, failed = file.consent(int(number)), 0, None
    people = ever_at(portal.store, file.partner_id) if consent.revoked_at is None else ()
    first = people if at_most is None else people[:_PEOPLE]
    for seen, (_, kind, record_id) in enumerate(sorted(_withheld(portal, file, consent, first))):
        if seen == at_most:
            return paid
        try:
            paid += _judged(portal, consent_id, kind, record_id)
        except (StepFailed, Unreadable) as problem:
            failed = failed or problem
    if failed is not None:
        raise failed
    if first == people:
        _finished(portal, consent_id, file.partner_id)
    return paid


def _withheld(
    portal: Portal, file: ConsentFile, consent: Consent, people: tuple[str, ...]
) -> Iterator[tuple[datetime, str, str]]:
    """What may be paid: when it occurred, and the kind and id of its activity or team award."""
    partner_id, program_id = file.partner_id, file.program_id
    for at in range(0, len(people), _PEOPLE):
        of = [of_person(partner_id, person) for person in people[at : at + _PEOPLE]]
        for one in _all(portal, [Many(Activity, person, first=_PAGE) for person in of]):
            withheld = any(outcome.reason in PAID_AFTERWARDS for outcome in one.outcomes)
            if one.program_id == program_id and withheld and consent.looks_back(one.occurred_at):
                yield one.occurred_at, "activity", one.id
    if people:
        for award in _all(portal, [Many(TeamAward, of_partner(partner_id), first=_PAGE)]):
            at_then = award.trace.occurred_at
            if award.program_id == program_id and consent.looks_back(at_then) and _waits(award):
                yield at_then, "award", award.id


def _all(portal: Portal, wants: Sequence[Many[R]]) -> Iterator[R]:
    """Everything that is wanted, one page of each in a wave."""
    while wants:
        found = portal.store.read(wants)
        pages = [(want, found[want]) for want in wants]
        for _, page in pages:
            yield from page.records
        wants = [replace(want, after=page.cursors[-1]) for want, page in pages if page.more]


def _waits(award: TeamAward) -> bool:
    """Whether a share was withheld that may be paid."""
    return award.again(PAID_AFTERWARDS) != award


def _judged(portal: Portal, consent_id: str, kind: str, record_id: str) -> int:
    """One activity or award, judged again; 1 where something was paid."""
    if kind == "activity":
        return int(_pay_activity(portal, consent_id, record_id))
    if not _reopened(portal, consent_id, record_id):
        return 0
    pay_shares(portal, record_id)
    want = One(TeamAward, record_id)
    award = portal.store.read([want])[want]
    again = [one for one in award.shares if one.before in PAID_AFTERWARDS] if award else []
    return int(any(one.outcome is not None and one.outcome.earning_id for one in again))


def _pay_activity(portal: Portal, consent_id: str, activity_id: str) -> bool:
    loads, want = loads_of(activity_id, "activityId"), One(Activity, activity_id)
    paid: list[Activity] = []

    def decide(s: Situation) -> Step | None:
        activity = s.found[want]
        if activity is None:
            return None
        settlement, judged, saved = judged_anew(s, loads, activity, PAID_AFTERWARDS, _LEVELS)
        if judged == activity:
            return None
        paid[:] = [judged]
        writes = (*saved, *settlement.writes(activity.id, consent=consent_id))
        return Step("WithheldPaid", activity.id, loads.partner_id, writes)

    run = f"series:looking-back:{consent_id}:{activity_id}"
    done = step(portal, run, [want, *loads.wants()], decide)
    for judged in paid if done else ():
        pay_team_awards(portal, judged)
    return done


def _reopened(portal: Portal, consent_id: str, award_id: str) -> bool:
    """Lets the shares of a team's award wait again that may be paid now."""
    want = One(TeamAward, award_id)

    def decide(s: Situation) -> Step | None:
        award = s.found[want]
        if award is None or not _waits(award):
            return None
        listed = () if award.waiting else (Enlist(OPEN_AWARDS, award.id, award.id),)
        writes = (Save(award.again(PAID_AFTERWARDS)), *listed)
        return Step("TeamSharesReopened", award.id, award.partner_id, writes)

    return step(portal, f"series:looking-back:{consent_id}:{award_id}", [want], decide)


def _finished(portal: Portal, consent_id: str, partner_id: str | None) -> None:
    """The consent is off the list; nothing where another run has done that."""
    listed = Listed(LOOKING_BACK, newest_first=False)

    def decide(s: Situation) -> Step | None:
        if consent_id not in s.found[listed].ids:
            return None
        return Step("LookedBack", consent_id, partner_id, (Delist(LOOKING_BACK, consent_id),))

    step(portal, f"series:looking-back:{consent_id}", [listed], decide)
