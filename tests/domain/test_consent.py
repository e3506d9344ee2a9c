"""Consent: who may start it, what it covers, how it ends; nothing of it looks backwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import consent
from portal_api.domain.consent import Cap, Consent, ConsentFile, ConsentScope, Enrollment
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    NotFound,
    SelfStartNotAllowed,
)
from portal_api.domain.partners import Partner, PartnerType

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
EMPTY = ConsentFile("p.g", "p", "g")
COMPANY_WIDE = (PartnerType.DMR, PartnerType.LAR)
SELECTIVE = tuple(kind for kind in PartnerType if kind not in COMPANY_WIDE)


def a_partner(kind: PartnerType) -> Partner:
    return Partner("p", "Partner", kind, (), "EMEA")


VAR = a_partner(PartnerType.VAR)


def granted(file: ConsentFile = EMPTY, *people: str, at: datetime = T0) -> ConsentFile:
    return consent.grant(file, VAR, people, 1, "boss", at)


@pytest.mark.parametrize("kind", COMPANY_WIDE)
def test_a_company_wide_partner_consents_as_a_whole_or_not_at_all(kind: PartnerType) -> None:
    """Domain rule 2.3: only a COMPANY consent is valid, whoever asks for another."""
    with pytest.raises(CompanyWideConsentRequired) as asked:
        consent.request(EMPTY, a_partner(kind), ("ann",), "manager", own_wish=False, at=T0)
    with pytest.raises(CompanyWideConsentRequired):
        consent.grant(EMPTY, a_partner(kind), ("ann",), 1, "boss", T0)
    whole = consent.grant(EMPTY, a_partner(kind), (), 1, "boss", T0)

    assert kind == asked.value.partner_type
    assert [ConsentScope.COMPANY] == [permitted.scope for permitted in whole.consents]


@pytest.mark.parametrize("kind", COMPANY_WIDE)
@pytest.mark.parametrize("people", [(), ("ann",)])
def test_staff_of_a_company_wide_partner_cannot_start_a_request(
    kind: PartnerType, people: tuple[str, ...]
) -> None:
    """Domain rule 2.3: a rep's request is refused with the reason; others may start it."""
    with pytest.raises(SelfStartNotAllowed) as refused:
        consent.request(EMPTY, a_partner(kind), people, "ann", own_wish=True, at=T0)
    started = consent.request(EMPTY, a_partner(kind), (), "manager", own_wish=False, at=T0)

    assert kind == refused.value.partner_type
    assert [("manager", T0)] == [(ask.requested_by, ask.requested_at) for ask in started.waiting()]


@pytest.mark.parametrize("kind", SELECTIVE)
def test_staff_of_a_selective_partner_start_a_request_that_waits(kind: PartnerType) -> None:
    file = consent.request(EMPTY, a_partner(kind), ("ann",), "ann", own_wish=True, at=T0)

    assert [(1, ("ann",), "ann")] == [
        (ask.number, ask.individual_ids, ask.requested_by) for ask in file.waiting()
    ]
    assert () == file.consents


def test_a_request_that_waits_is_not_made_twice_but_may_be_made_again_once_answered() -> None:
    waiting = consent.request(EMPTY, VAR, ("ann",), "ann", own_wish=True, at=T0)

    with pytest.raises(ConsentAlreadyRequested) as refused:
        consent.request(waiting, VAR, ("ann",), "ann", own_wish=True, at=T0 + DAY)
    again = consent.request(
        granted(waiting, "ann"), VAR, ("ann",), "ann", own_wish=True, at=T0 + DAY
    )

    assert T0.isoformat() == refused.value.requested_at
    assert [2] == [ask.number for ask in again.waiting()]


@pytest.mark.parametrize(
    ("asked", "given_to", "answered"),
    [
        (("ann",), (), True),
        ((), (), True),
        (("ann",), ("ann", "bob"), True),
        (("ann", "bob"), ("ann", "bob"), True),
        (("ann", "bob"), ("ann",), False),
        (("ann",), ("bob",), False),
        ((), ("ann",), False),
    ],
)
def test_a_grant_answers_the_requests_that_it_fulfils_and_no_others(
    asked: tuple[str, ...], given_to: tuple[str, ...], answered: bool
) -> None:
    file = consent.request(EMPTY, VAR, asked, "manager", own_wish=False, at=T0)

    file = granted(file, *given_to, at=T0 + DAY)

    assert [T0 + DAY if answered else None] == [ask.answered_at for ask in file.requests]
    assert (() if answered else file.requests) == file.waiting()


def test_an_answer_keeps_the_time_at_which_it_was_given_first() -> None:
    file = consent.request(EMPTY, VAR, ("ann",), "ann", own_wish=True, at=T0)

    file = granted(granted(file, "ann", at=T0 + DAY), at=T0 + 2 * DAY)

    assert [T0 + DAY] == [ask.answered_at for ask in file.requests]


FOR_ANN = Consent(1, ConsentScope.INDIVIDUALS, ("ann",), 1, "boss", T0, T0, T0 + 10 * DAY)


@pytest.mark.parametrize(
    ("permission", "person", "occurred_at", "terms", "expected"),
    [
        (FOR_ANN, "ann", T0, 1, True),
        (FOR_ANN, "ann", T0 - MOMENT, 1, False),
        (FOR_ANN, "ann", T0 + 10 * DAY - MOMENT, 1, True),
        (FOR_ANN, "ann", T0 + 10 * DAY, 1, False),
        (FOR_ANN, "bob", T0, 1, False),
        (FOR_ANN, "ann", T0, 2, False),
        (replace(FOR_ANN, valid_to=None), "ann", T0 + 9_999 * DAY, 1, True),
        (replace(FOR_ANN, scope=ConsentScope.COMPANY, individual_ids=()), "bob", T0, 1, True),
        (replace(FOR_ANN, revoked_at=T0 + 5 * DAY), "ann", T0 + DAY, 1, False),
    ],
)
def test_a_consent_covers_its_people_terms_and_time_unless_it_is_revoked(
    permission: Consent, person: str, occurred_at: datetime, terms: int, expected: bool
) -> None:
    """Domain rule 2.4: it covers ``occurredAt``, and is unrevoked at commit, whenever that is."""
    assert expected is permission.covers(person, occurred_at, terms)


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, False), (0, True), (4, True), (5, False), (6, False)]
)
def test_a_revoked_consent_was_active_until_it_was_revoked(days: int, expected: bool) -> None:
    assert expected is replace(FOR_ANN, revoked_at=T0 + 5 * DAY).active_at(T0 + days * DAY)


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (9, True), (10, False)])
def test_a_consent_is_active_from_its_start_to_its_end(days: int, expected: bool) -> None:
    assert expected is FOR_ANN.active_at(T0 + days * DAY)


def test_of_several_consents_the_first_that_covers_is_named() -> None:
    file = granted(granted(granted(EMPTY, "bob"), "ann", at=T0 + DAY), at=T0 + 2 * DAY)

    at_once = file.covering("ann", T0 + 3 * DAY, 1)
    nothing = file.covering("ann", T0, 1)

    assert 2 == (at_once and at_once.number)
    assert nothing is None


@given(before=st.timedeltas(MOMENT, timedelta(days=9_999)))
def test_a_grant_never_covers_what_happened_before_it(before: timedelta) -> None:
    """Domain rule 2.2: nothing is backdated."""
    assert granted().covering("ann", T0 - before, 1) is None


def test_only_a_declared_historical_import_backdates_a_consent() -> None:
    file = consent.grant(EMPTY, VAR, (), 1, "admin", T0, historical_from=T0 - 365 * DAY)

    found = file.covering("ann", T0 - 364 * DAY, 1)

    assert found is not None
    assert (True, T0, T0 - 365 * DAY) == (found.historical, found.granted_at, found.valid_from)
    assert [False] == [permitted.historical for permitted in granted().consents]


def test_revoking_ends_one_consent_from_now_on_and_leaves_the_others() -> None:
    file = granted(granted(EMPTY, "ann"), "bob")

    revoked = consent.revoke(file, 1, "boss", T0 + DAY)

    assert [(T0 + DAY, "boss"), (None, None)] == [
        (permitted.revoked_at, permitted.revoked_by) for permitted in revoked.consents
    ]
    assert [T0, T0] == [permitted.granted_at for permitted in revoked.consents]


def test_what_has_ended_cannot_be_revoked() -> None:
    file = granted(EMPTY, "ann")
    revoked = consent.revoke(file, 1, "boss", T0 + DAY)
    expired = replace(EMPTY, consents=(FOR_ANN,))

    for ended, at in ((revoked, T0 + DAY), (expired, T0 + 10 * DAY)):
        with pytest.raises(ConsentNotActive) as refused:
            consent.revoke(ended, 1, "boss", T0 + 11 * DAY)
        assert at.isoformat() == refused.value.ended_at


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_consent_that_is_not_there_cannot_be_revoked(number: int) -> None:
    with pytest.raises(NotFound):
        consent.revoke(granted(), number, "boss", T0)


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, False), (0, True), (4, True), (5, False), (6, False)]
)
def test_an_enrollment_covers_from_acceptance_to_withdrawal(days: int, expected: bool) -> None:
    enrollment = Enrollment("p.ann.g", "p", "ann", "g", 1, T0, withdrawn_at=T0 + 5 * DAY)

    assert expected is enrollment.covers(T0 + days * DAY)


def test_a_consent_limits_what_each_person_earns_of_the_assets_that_it_names() -> None:
    caps = (Cap("USD", 50_000), Cap("POINTS", 300))
    file = consent.grant(EMPTY, VAR, (), 1, "boss", T0, caps=caps)
    (granted_one,) = file.consents

    assert [50_000, 300, None] == [granted_one.cap(asset) for asset in ("USD", "POINTS", "EUR")]
