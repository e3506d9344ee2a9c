"""What an inbox tells, and since when: what is renewed, replaced or over is told no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal_api.domain.activities import DEAL_REGISTERED, DEAL_RETURNED, DEAL_WON, Activity
from portal_api.domain.consent import Consent, ConsentFile, ConsentScope, Enrollment, Who
from portal_api.domain.goals import GoalDefinition, Measure
from portal_api.domain.holdings import AVAILABLE, Holding, Lot, LotName, Payee, Transfer
from portal_api.domain.inbox import InboxKind, Item, expires_soon, of_executive, of_person, risen
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.partners import Role, Segment
from portal_api.domain.programs import Program

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PROGRAM = Program(
    id="prg-1",
    name="Growth",
    description="",
    segment=Segment(),
    starts_at=NOW - 300 * DAY,
    ends_at=NOW + 300 * DAY,
    time_zone="UTC",
    currency="USD",
    terms="Sell honestly.",
)
CONSENT = Consent(
    number=1,
    scope=ConsentScope.COMPANY,
    individual_ids=(),
    terms_version=1,
    granted_by="ind-executive",
    granted_at=NOW - 100 * DAY,
    valid_from=NOW - 100 * DAY,
)
REP = Who("ind-rep", "team-1", Role.SALES_REP)


def file_of(*consents: Consent) -> ConsentFile:
    numbered = tuple(replace(one, number=place) for place, one in enumerate(consents, 1))
    return ConsentFile("ptn-1.prg-1", "ptn-1", "prg-1", numbered)


def to_executive(*consents: Consent, program: Program = PROGRAM) -> list[InboxKind]:
    told = of_executive([file_of(*consents)], {program.id: program}, [], NOW)
    return [one.kind for one in told]


def to_rep(*consents: Consent, who: Who = REP, program: Program = PROGRAM) -> list[Item]:
    return list(of_person(who, [file_of(*consents)], {PROGRAM.id: program}, [], NOW))


def test_a_consent_that_ends_is_told_of_for_thirty_days_before_and_after() -> None:
    """Not of one that is renewed, nor of one without an end."""
    ends = {
        -31: [],
        -30: [InboxKind.CONSENT_ENDED],
        0: [InboxKind.CONSENT_ENDED],
        1: [InboxKind.CONSENT_ENDING],
        30: [InboxKind.CONSENT_ENDING],
        31: [],
    }
    for days, told in ends.items():
        ending = replace(CONSENT, valid_to=NOW + days * DAY)
        assert told == to_executive(ending), days
        renewed = replace(CONSENT, valid_from=NOW + days * DAY, renews=1)
        assert [] == to_executive(ending, renewed), days
    assert [] == to_executive(CONSENT)


def test_a_short_consents_end_is_told_since_it_was_granted() -> None:
    short = replace(CONSENT, granted_at=NOW - DAY, valid_to=NOW + DAY)
    (item,) = of_executive([file_of(short)], {PROGRAM.id: PROGRAM}, [], NOW)
    assert NOW - DAY == item.since


def test_an_end_is_not_told_where_another_consent_covers_the_same_people() -> None:
    """The whole company's covers one person; one person's covers nobody else."""
    some = replace(CONSENT, individual_ids=("ind-rep",), scope=ConsentScope.INDIVIDUALS)
    more = replace(some, individual_ids=("ind-rep", "ind-other"))

    def gone(consent: Consent) -> Consent:
        return replace(consent, revoked_at=NOW - DAY)

    ended = [InboxKind.CONSENT_ENDED]

    assert [] == to_executive(gone(some), CONSENT)
    assert [] == to_executive(gone(some), more)
    assert ended == to_executive(gone(more), some)
    assert ended == to_executive(gone(CONSENT), some)
    old = replace(PROGRAM, terms_version=2, terms_since=(NOW - 2 * DAY,))
    assert InboxKind.CONSENT_ENDED in to_executive(gone(some), CONSENT, program=old)


def test_an_end_to_come_is_told_unless_another_consent_outlasts_it() -> None:
    """One that ends before it changes nothing; nor is there an end in a program that is over."""
    ending = replace(CONSENT, valid_to=NOW + 5 * DAY)
    assert [] == to_executive(ending, CONSENT)
    sooner = replace(CONSENT, valid_to=NOW + DAY)
    assert [InboxKind.CONSENT_ENDING] == to_executive(ending, sooner)
    assert [] == to_executive(ending, program=replace(PROGRAM, ends_at=NOW + 5 * DAY))
    ended = replace(CONSENT, valid_to=NOW - DAY)
    assert [] == to_executive(ended, program=replace(PROGRAM, ends_at=NOW))


def test_the_end_of_a_renewal_that_was_revoked_is_that_of_the_consent() -> None:
    """A renewal that never came into force is no reason to be silent."""
    ending = replace(CONSENT, valid_to=NOW + 5 * DAY)
    renewal = replace(CONSENT, valid_from=NOW + 5 * DAY, renews=1)
    assert [] == to_executive(ending, renewal)
    revoked = replace(renewal, revoked_at=NOW - DAY)
    assert [InboxKind.CONSENT_ENDING] == to_executive(ending, revoked)


def test_a_person_is_told_that_it_can_earn_while_it_can() -> None:
    """Not by a consent in older terms, nor in a program that is over."""
    fresh = replace(CONSENT, valid_from=NOW - DAY)
    assert [InboxKind.CONSENT_GRANTED] == [one.kind for one in to_rep(fresh)]
    later = replace(PROGRAM, terms_version=2, terms_since=(NOW - DAY / 2,))
    assert [] == to_rep(fresh, program=later)
    assert [] == to_rep(fresh, program=replace(PROGRAM, ends_at=NOW))


def test_new_terms_are_told_of_until_another_consent_is_in_them() -> None:
    """For everybody or for the same people; not once the program is over."""
    program = replace(PROGRAM, terms_version=2, terms_since=(NOW - DAY,))
    some = replace(CONSENT, individual_ids=("ind-rep",), scope=ConsentScope.INDIVIDUALS)
    new = replace(CONSENT, terms_version=2)
    changed = InboxKind.TERMS_CHANGED

    assert [changed] == to_executive(CONSENT, program=program)
    assert [changed, changed] == to_executive(CONSENT, some, program=program)
    assert [] == to_executive(CONSENT, some, new, program=program)
    assert [changed] == to_executive(CONSENT, replace(some, terms_version=2), program=program)
    assert [] == to_executive(CONSENT, program=replace(program, ends_at=NOW))
    assert [] == to_executive(replace(CONSENT, revoked_at=NOW - 99 * DAY), program=program)


def test_a_person_is_told_of_the_end_of_a_consent_where_no_other_covers_it() -> None:
    revoked = replace(CONSENT, revoked_at=NOW - DAY)
    assert [InboxKind.CONSENT_ENDED] == [one.kind for one in to_rep(revoked)]
    assert [] == to_rep(revoked, CONSENT)
    assert [] == to_rep(revoked, who=replace(REP, individual_id="ind-executive"))
    named = replace(revoked, individual_ids=("ind-other",), scope=ConsentScope.INDIVIDUALS)
    assert [] == to_rep(named)


def test_new_terms_are_to_be_accepted_by_who_is_enrolled_still() -> None:
    program = replace(PROGRAM, terms_version=2, terms_since=(NOW - DAY,))
    enrolled = Enrollment("ptn-1.ind-rep.prg-1", "ptn-1", "ind-rep", "prg-1", 1, NOW - 9 * DAY)

    def told(enrollment: Enrollment) -> list[InboxKind]:
        items = of_person(REP, [], {program.id: program}, [enrollment], NOW)
        return [one.kind for one in items]

    assert [InboxKind.TERMS_TO_ACCEPT] == told(enrolled)
    assert [] == told(replace(enrolled, terms_version=2))
    assert [] == told(enrolled.ended(NOW))


def done(behavior: str, days: int, **given: Any) -> Activity:
    """An activity of the rep, so many days ago."""
    at = NOW - days * DAY
    own_id = f"ptn-1.ind-rep.prg-1.{100 - days}"
    return Activity(own_id, "ptn-1", "ind-rep", "prg-1", behavior, at, at, "deal", own_id, **given)


def won(days: int, amount: int, behavior: str = DEAL_WON, **given: Any) -> Activity:
    return done(behavior, days, deal_amount_minor=amount, **given)


def goal(measure: Measure = Measure.WON_REVENUE) -> GoalDefinition:
    return GoalDefinition("Y", "Year", measure, NOW - 90 * DAY, NOW + 90 * DAY)


def test_a_goal_is_reached_since_the_activity_that_reached_it() -> None:
    """What is won afterwards changes nothing; returned and won again, it is reached anew."""
    sales = [won(9, 60), won(6, 50), won(3, 70)]
    assert NOW - 6 * DAY == risen(goal(), "ind-rep", 180, 100, sales)
    assert NOW - 9 * DAY == risen(goal(), "ind-rep", 180, 60, sales)
    fallen = [*sales, won(2, 170, DEAL_RETURNED), won(1, 95)]
    assert NOW - DAY == risen(goal(), "ind-rep", 105, 100, fallen)


def test_of_a_shared_deal_a_person_has_its_share() -> None:
    """And of a registration that it made itself one; nothing of another behavior."""
    shared = won(4, 100, deal_shares=(("ind-rep", 1), ("ind-other", 3)))
    assert NOW - 4 * DAY == risen(goal(), "ind-rep", 30, 20, [shared, won(2, 5)])
    deals = [done(DEAL_REGISTERED, 5), done(DEAL_REGISTERED, 4), won(1, 100)]
    registered = goal(Measure.DEALS_REGISTERED)
    assert NOW - 4 * DAY == risen(registered, "ind-rep", 2, 2, deals)
    course = done("TRAINING", 3, certifies=("Y",))
    certified = replace(goal(Measure.CERTIFIED_PEOPLE), behavior="TRAINING")
    assert NOW - 3 * DAY == risen(certified, "ind-rep", 1, 1, [course])


def test_what_was_reached_before_all_that_is_known_is_told_since_the_goal_began() -> None:
    """It is never new again, however much is done."""
    assert NOW - 90 * DAY == risen(goal(), "ind-rep", 500, 100, [won(1, 10)])
    early = replace(won(2, 500), occurred_at=NOW - 91 * DAY)
    assert NOW - 90 * DAY == risen(goal(), "ind-rep", 500, 100, [early])


@pytest.mark.parametrize(("days", "since"), [(10, 10), (40, 18)])
def test_what_expires_is_told_since_it_is_soon_and_not_before_it_came(
    days: int, since: int
) -> None:
    """It expires in 12 days."""
    lot = LotName("2026-05", "prg-1", Payee.INDIVIDUAL, NOW + 12 * DAY)
    holding = Holding(lots=(Lot(lot, received=5, left=5),))
    came = Transfer("budget:prg-1", AVAILABLE, "USD", 5, "ind-rep.1", lot)
    journal = Journal(
        id="ind-rep.1",
        wallet_id="ind-rep",
        sequence=1,
        kind=JournalKind.REWARD,
        recorded_at=NOW - days * DAY,
        transfers=(came,),
        balance_after={},
        cause={},
        traces=(),
        previous_hash="",
        hash="",
    )
    wallet = Wallet("ind-rep", holdings={"USD": holding})
    (item,) = expires_soon(wallet, [journal], NOW)
    assert NOW - since * DAY == item.since
