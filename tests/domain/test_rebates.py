"""Participation and eligibility: the chain of what a rebate needs, at any instant."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal_api.domain.consent import Consent, ConsentFile, ConsentScope
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.partners import Role, Segment, Tier, TierAssignment
from portal_api.domain.plans import Period
from portal_api.domain.rebates import (
    Baseline,
    Eligibility,
    Participation,
    ParticipationStatus,
    RebateBaselines,
    RebateCheck,
    RebateFacts,
    eligibility,
)
from tests.domain.facts import DAY, PARTNER, PROGRAM, T0, a_plan, a_rule

REQUIRED = replace(PROGRAM, id="people", name="People")
CONSENT = Consent(1, ConsentScope.COMPANY, (), 1, "boss", T0 + 2 * DAY, T0 + 2 * DAY)
MECHANIC = Rebate(Period.QUARTER, (Band(0, 100), Band(10_000, 300), Band(50_000, 500)))
REBATE = a_rule(MECHANIC, Level.PARTNER)
NOW = T0 + 10 * DAY


def taking(*consents: Consent, required: Any = REQUIRED) -> Participation:
    file = ConsentFile("p.people", "p", "people", consents) if consents else None
    return Participation(required, file)


@pytest.mark.parametrize(
    ("consents", "status", "since"),
    [
        ((), ParticipationStatus.NEVER_GRANTED, None),
        ((CONSENT,), ParticipationStatus.TAKES_PART, T0 + 2 * DAY),
        ((replace(CONSENT, individual_ids=("a",)),), ParticipationStatus.NOT_COMPANY_WIDE, None),
        ((replace(CONSENT, team_ids=("t",)),), ParticipationStatus.NOT_COMPANY_WIDE, None),
        ((replace(CONSENT, roles=(Role.MARKETER,)),), ParticipationStatus.NOT_COMPANY_WIDE, None),
        ((replace(CONSENT, valid_from=NOW + DAY),), ParticipationStatus.NOT_YET, NOW + DAY),
        ((replace(CONSENT, revoked_at=NOW),), ParticipationStatus.REVOKED, NOW),
        ((replace(CONSENT, revoked_at=NOW + DAY),), ParticipationStatus.TAKES_PART, T0 + 2 * DAY),
        ((replace(CONSENT, valid_to=NOW),), ParticipationStatus.EXPIRED, NOW),
        (
            (replace(CONSENT, valid_to=NOW - DAY), replace(CONSENT, revoked_at=NOW - 2 * DAY)),
            ParticipationStatus.EXPIRED,
            NOW - DAY,
        ),
        (
            (replace(CONSENT, revoked_at=NOW - DAY), replace(CONSENT, valid_from=NOW + DAY)),
            ParticipationStatus.REVOKED,
            NOW - DAY,
        ),
        ((replace(CONSENT, terms_version=0),), ParticipationStatus.OLD_TERMS, None),
        (
            # What pays people afterwards lets no rebate accrue for the time before it.
            (replace(CONSENT, covers_from=T0, valid_from=NOW + DAY),),
            ParticipationStatus.NOT_YET,
            NOW + DAY,
        ),
    ],
)
def test_participation_is_a_consent_of_the_whole_company_in_force_at_the_instant(
    consents: tuple[Consent, ...], status: ParticipationStatus, since: datetime | None
) -> None:
    found = taking(*consents).at(NOW)

    assert (status, since) == (found.status, found.since)
    assert (found.consent is None) is (not consents)


def test_each_instant_needs_the_terms_that_were_in_force_then() -> None:
    renewed = replace(REQUIRED, terms_version=2, terms_since=(NOW,))
    participation = taking(CONSENT, required=renewed)

    assert ParticipationStatus.TAKES_PART is participation.at(NOW - DAY).status
    assert ParticipationStatus.OLD_TERMS is participation.at(NOW).status


def judged(at: datetime = NOW, **given: Any) -> Eligibility:
    """An eligibility in which nothing is missing, unless something else is given."""
    facts: dict[str, Any] = {
        "program": replace(PROGRAM, participation_in="people"),
        "plans": (a_plan(REBATE),),
        "partner": PARTNER,
        "progress": Progress("p"),
        "facts": RebateFacts(taking(CONSENT)),
    }
    return eligibility(**facts | given, at=at)


SILVER = replace(PARTNER, tiers=(TierAssignment(Tier.SILVER, T0),))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, []),
        ({"facts": RebateFacts()}, []),
        ({"facts": RebateFacts(taking())}, [RebateCheck.PARTICIPATION]),
        ({"program": replace(PROGRAM, ends_at=NOW)}, [RebateCheck.PROGRAM_OPEN]),
        (
            {"program": replace(PROGRAM, segment=Segment(tiers=(Tier.GOLD,))), "partner": SILVER},
            [RebateCheck.TIER],
        ),
        (
            {"program": replace(PROGRAM, segment=Segment(regions=("APAC",)))},
            [RebateCheck.REGION],
        ),
        ({"plans": ()}, [RebateCheck.REBATE_RULE]),
        ({"plans": (a_plan(REBATE, effective_from=NOW + DAY),)}, [RebateCheck.REBATE_RULE]),
        ({"plans": (a_plan(replace(REBATE, shadow=True)),)}, [RebateCheck.REBATE_RULE]),
        (
            {"plans": (a_plan(a_rule(Flat("DEAL_WON", 1), Level.PARTNER)),)},
            [RebateCheck.REBATE_RULE],
        ),
        (
            {"plans": (a_plan(replace(REBATE, segment=Segment(regions=("APAC",)))),)},
            [RebateCheck.REBATE_RULE],
        ),
    ],
)
def test_all_that_is_missing_is_told(given: dict[str, Any], missing: list[RebateCheck]) -> None:
    found = judged(**given)

    assert missing == [check for check, holds in found.holds.items() if not holds]
    assert (not missing) is found.eligible
    assert list(RebateCheck) == list(found.holds)


def test_the_tier_is_that_of_the_instant() -> None:
    risen = replace(
        PARTNER, tiers=(TierAssignment(Tier.SILVER, T0), TierAssignment(Tier.GOLD, NOW))
    )
    program = replace(PROGRAM, segment=Segment(tiers=(Tier.GOLD,)))

    assert [False, True] == [
        judged(at, program=program, partner=risen).holds[RebateCheck.TIER]
        for at in (NOW - DAY, NOW)
    ]


@pytest.mark.parametrize(
    ("revenue", "band", "rate", "missing"),
    [
        (0, 0, 100, 10_000),
        (9_999, 0, 100, 1),
        (10_000, 1, 300, 40_000),
        (50_000, 2, 500, None),
        (99_999, 2, 500, None),
    ],
)
def test_a_standing_tells_the_band_and_what_is_missing_to_the_next(
    revenue: int, band: int, rate: int, missing: int | None
) -> None:
    (standing,) = judged(progress=Progress("p", {"base:rule:Q2026-1": revenue})).standings

    assert (revenue, band, rate, missing) == (
        standing.revenue_minor,
        standing.band,
        standing.rate_bps,
        standing.missing_minor,
    )


@pytest.mark.parametrize("over", [280_000, 0, -500])
def test_a_standing_tells_what_was_paid_too_much_so_far(over: int) -> None:
    """Of all periods, so also of one in which nothing was sold."""
    (standing,) = judged(progress=Progress("p", {f"over:{REBATE.code}": over})).standings

    assert over == standing.overpaid_minor


def test_a_standing_is_of_the_period_of_the_instant() -> None:
    """One to come has no revenue yet, and one that is over has its own."""
    progress = Progress("p", {"base:rule:Q2026-1": 20_000})
    later = judged(datetime(2026, 5, 1, tzinfo=UTC), progress=progress)

    assert [("Q2026-2", 0)] == [(one.period.name, one.revenue_minor) for one in later.standings]


def test_growth_tells_what_it_is_measured_by() -> None:
    growth = a_rule(replace(MECHANIC, growth=True), Level.PARTNER)
    old = replace(PROGRAM, starts_at=datetime(2025, 1, 1, tzinfo=UTC))
    counted = Progress("p", {"revenue:M2025-01": 300, "revenue:M2025-03": 700})
    declared = RebateBaselines("p.g", "p", "g").declaring(
        PROGRAM, Baseline("Q2025-1", 400, "manager", T0)
    )

    def told(**given: Any) -> tuple[int | None, bool, int | None]:
        (standing,) = judged(plans=(a_plan(growth),), **given).standings
        return standing.period.before_minor, standing.period.declared, standing.next_start_minor

    assert (None, False, None) == told()
    assert (1_000, False, 1_000) == told(program=old, progress=counted)
    assert (0, False, None) == told(program=old)
    assert (400, True, 400) == told(facts=RebateFacts(baselines=declared))
