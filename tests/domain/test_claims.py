"""Claims: what evidence is mistaken for what, deadlines, and who decides once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import claims
from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.claims import (
    Claim,
    ClaimStatus,
    Evidence,
    EvidenceKind,
    Proof,
    RejectionCode,
)
from portal_api.domain.errors import ClaimDecided, ClaimTooLate, InvalidInput, OwnClaim
from portal_api.domain.partners import Role

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
SOLD = BehaviorType("SOLD", "Sold", ProcessStage.CLOSING, FiveC.CONTRIBUTION)
CLAIM = Claim(
    id="p.ann.g.7",
    partner_id="p",
    individual_id="ann",
    program_id="g",
    behavior="SOLD",
    role=Role.SALES_REP,
    occurred_at=T0 - DAY,
    submitted_at=T0,
    submitted_by="ann",
    proof=Proof(invoice="INV-1"),
    review_by=claims.review_by(T0),
    names=("evidence:g:SALES_REP:INVOICE:INV-1",),
)
NUMBERS = st.text("ABCXYZabcxyz0123456789", min_size=2, max_size=20)


def near(one: str, two: str) -> bool:
    keys = (Evidence(EvidenceKind.INVOICE, value).near_keys for value in (one, two))
    return any(a == b for a, b in zip(*keys, strict=True))


@given(NUMBERS, st.data())
def test_a_number_is_near_to_itself_in_another_case_and_with_spaces_and_dashes(
    number: str, data: st.DataObject
) -> None:
    """Domain rule 3.2: however it is written."""
    between = st.sampled_from(["", " ", "-", "–", ".", "/", " _ ", "\u00a0"])
    written = "".join(
        data.draw(st.sampled_from([letter.lower(), letter.upper()])) + data.draw(between)
        for letter in number
    )

    assert near(number, written)


@given(NUMBERS, st.integers(0, 18), st.sampled_from(["", "-", " "]))
def test_a_number_is_near_to_itself_with_two_neighboring_digits_swapped(
    number: str, at: int, between: str
) -> None:
    """At whatever place: one of the two keys has both digits in one pair."""
    at %= len(number) - 1
    pair = number[at : at + 2]
    swapped = pair[::-1] if pair.isdecimal() else pair

    assert near(number, number[:at] + between + swapped + number[at + 2 :])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("INV-100", "INV-101"),
        ("INV-100", "INV-1000"),
        ("AB-12", "BA-12"),
        ("1234", "3214"),
        ("INV-1", "SN-1"),
        ("2026-0815", "2025-0815"),
    ],
)
def test_another_number_is_not_near(one: str, two: str) -> None:
    """Another digit, one more, letters swapped, or digits that are no neighbors."""
    assert not near(one, two)


def test_of_a_thousand_invoices_in_sequence_only_pairs_with_two_digits_swapped_are_near() -> None:
    """900 of 499,500 pairs, each of them a swap: the keys find nothing that is none.

    This is what a review costs a vendor whose numbers have no gaps: a claim of the one and of the
    other are held, though both are right.
    """
    numbers = [f"INV-{number:06}" for number in range(10_000, 11_000)]
    keys = {number: Evidence(EvidenceKind.INVOICE, number).near_keys for number in numbers}

    found = [
        (one, two)
        for one, two in combinations(numbers, 2)
        if keys[one][0] == keys[two][0] or keys[one][1] == keys[two][1]
    ]

    def swapped(one: str, two: str) -> bool:
        differ = [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
        first, last = differ[0], differ[-1]
        return last == first + 1 and one[first] + one[last] == two[last] + two[first]

    assert 900 == len(found)
    assert [] == [pair for pair in found if not swapped(*pair)]


def test_a_proof_asks_for_three_names_of_each_number_and_each_name_once() -> None:
    """At most 18 for an invoice and five serials; two that are alike share some."""
    full = Proof("file", "INV-1", tuple(f"SN-{letter}{letter}" for letter in "ABCDE"))
    alike = Proof(serials=("SN-12", "SN-21"))

    assert 18 == len(dict(claims.all_names("g", Role.SALES_REP, full)))
    names = [name for name, _ in claims.all_names("g", Role.SALES_REP, alike)]
    assert len(set(names)) == len(names) < 6
    assert names[:2] == [
        "evidence:g:SALES_REP:SERIAL:SN-12",
        "evidence:g:SALES_REP:SERIAL:SN-21",
    ]


@pytest.mark.parametrize(
    ("proof", "needed"),
    [
        (Proof(), False),
        (Proof("scan.pdf"), True),
        (Proof(invoice="--- / "), False),
        (Proof(serials=tuple("123456")), False),
        (Proof(serials=("1", "1")), False),
    ],
)
def test_a_proof_that_proves_nothing_is_invalid(proof: Proof, needed: bool) -> None:
    """Nothing at all, no number where one is needed, no letter or digit, too many, one twice."""
    with pytest.raises(InvalidInput) as refused:
        claims.check_enough(proof, replace(SOLD, evidence_needed=needed))

    assert "proof" == refused.value.field


def test_a_file_alone_is_proof_where_no_number_is_needed() -> None:
    claims.check_enough(Proof("scan.pdf"), SOLD)
    claims.check_enough(Proof(serials=("SN-1",)), replace(SOLD, evidence_needed=True))


def test_a_claim_is_in_time_until_its_deadline_and_always_without_one() -> None:
    dated = replace(SOLD, claim_within_days=30)

    claims.check_in_time(SOLD, T0, T0 + 3_000 * DAY)
    claims.check_in_time(dated, T0, T0 + 30 * DAY)
    with pytest.raises(ClaimTooLate) as refused:
        claims.check_in_time(dated, T0, T0 + 30 * DAY + timedelta(microseconds=1))

    assert (T0 + 30 * DAY).isoformat() == refused.value.deadline


def test_a_claim_in_review_is_overdue_after_fourteen_days() -> None:
    assert T0 + 14 * DAY == CLAIM.review_by
    assert not CLAIM.overdue(T0 + 14 * DAY)
    assert CLAIM.overdue(T0 + 15 * DAY)
    assert not claims.approve(CLAIM, "max", T0, "a").overdue(T0 + 15 * DAY)


@pytest.mark.parametrize("who", ["ann", "crm"])
def test_nobody_decides_what_they_claim_or_submitted(who: str) -> None:
    """Four eyes, also where somebody else submitted it."""
    claim = replace(CLAIM, submitted_by="crm")

    with pytest.raises(OwnClaim):
        claims.approve(claim, who, T0, "a")
    with pytest.raises(OwnClaim):
        claims.reject(claim, who, T0, RejectionCode.OTHER, "no")


def test_a_claim_is_decided_once() -> None:
    approved = claims.approve(CLAIM, "max", T0 + DAY, "p.ann.g.8")
    rejected = claims.reject(CLAIM, "max", T0 + DAY, RejectionCode.DUPLICATE, "twice")

    assert CLAIM.names == approved.names
    assert ((), RejectionCode.DUPLICATE, "twice") == (
        rejected.names,
        rejected.rejection_code,
        rejected.rejection_reason,
    )
    for decided, status in ((approved, ClaimStatus.APPROVED), (rejected, ClaimStatus.REJECTED)):
        assert status == decided.status
        with pytest.raises(ClaimDecided) as again:
            claims.approve(decided, "eve", T0 + 2 * DAY, "other")
        assert status == again.value.status
        with pytest.raises(ClaimDecided):
            claims.reject(decided, "eve", T0 + 2 * DAY, RejectionCode.OTHER, "no")


def test_an_approved_claim_is_an_activity_of_when_it_occurred() -> None:
    activity = CLAIM.activity("p.ann.g.8", T0 + DAY)

    assert ("claim", "7", "SOLD", T0 - DAY, T0 + DAY) == (
        activity.source,
        activity.source_event_id,
        activity.behavior,
        activity.occurred_at,
        activity.recorded_at,
    )
