"""Who may start a consent, what answers a request, how a consent is renewed and ends."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from portal_api.domain import granting
from portal_api.domain.consent import (
    EVERYBODY,
    ConsentFile,
    ConsentRequestStatus,
    ConsentScope,
    Whom,
)
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    ConsentRequestAnswered,
    InvalidInput,
    NotFound,
    NotRetroactive,
    SelfStartNotAllowed,
)
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import ParticipationPolicy, PartnerType, Role
from tests.domain.consenting import (
    ANN,
    BOB,
    DAY,
    EMPTY,
    MOMENT,
    SELECTIVE,
    T0,
    WIDE,
    a_partner,
    asked,
    granted,
    named,
)

NORTH = Whom(team_ids=("north",))


@pytest.mark.parametrize("whom", [named("ann"), NORTH, Whom(roles=(Role.SALES_REP,))])
def test_a_company_wide_partner_consents_as_a_whole_or_not_at_all(whom: Whom) -> None:
    """Domain rule 2.3: only a COMPANY consent is valid, whoever asks for another."""
    partner = a_partner(PartnerType.DMR)

    with pytest.raises(CompanyWideConsentRequired) as refused:
        granting.request(EMPTY, partner, WIDE, whom, "manager", own_wish=False, at=T0)
    with pytest.raises(CompanyWideConsentRequired):
        granting.grant(EMPTY, partner, WIDE, Terms(whom), 1, "boss", T0)
    whole = granting.grant(EMPTY, partner, WIDE, Terms(), 1, "boss", T0)

    assert PartnerType.DMR == refused.value.partner_type
    assert [ConsentScope.COMPANY] == [permitted.scope for permitted in whole.consents]


@pytest.mark.parametrize("whom", [EVERYBODY, named("ann")])
def test_staff_of_a_company_wide_partner_cannot_start_a_request(whom: Whom) -> None:
    """Domain rule 2.3: a rep's request is refused with the reason; others may start it."""
    partner = a_partner(PartnerType.LAR)

    with pytest.raises(SelfStartNotAllowed) as refused:
        granting.request(EMPTY, partner, WIDE, whom, "ann", own_wish=True, at=T0)
    started = granting.request(EMPTY, partner, WIDE, EVERYBODY, "manager", own_wish=False, at=T0)

    assert PartnerType.LAR == refused.value.partner_type
    assert [("manager", T0)] == [(ask.requested_by, ask.requested_at) for ask in started.waiting()]


def test_staff_of_a_selective_partner_start_a_request_that_waits() -> None:
    file = asked(EMPTY, named("ann"), "ann", own_wish=True)

    assert [(1, ("ann",), "ann", ConsentRequestStatus.PENDING)] == [
        (ask.number, ask.individual_ids, ask.requested_by, ask.status) for ask in file.waiting()
    ]
    assert () == file.consents


def test_a_request_that_waits_is_not_made_twice_but_may_be_made_again_once_answered() -> None:
    waiting = asked(EMPTY, named("ann"), "ann", own_wish=True)

    with pytest.raises(ConsentAlreadyRequested) as refused:
        asked(waiting, named("ann"), "ann", own_wish=True, at=T0 + DAY)
    declined = granting.answer(waiting, 1, ConsentRequestStatus.DECLINED, "boss", T0, "Not now.")
    again = asked(declined, named("ann"), "ann", own_wish=True, at=T0 + DAY)

    assert T0.isoformat() == refused.value.requested_at
    assert [(1, T0 + DAY, None)] == [
        (ask.number, ask.requested_at, ask.reason) for ask in again.requests
    ]


def test_another_s_wish_and_one_for_others_are_requests_of_their_own() -> None:
    """So is one that was granted: what came of it stays to be read."""
    file = asked(EMPTY, named("ann"), "ann", own_wish=True)
    file = granting.answer(file, 1, ConsentRequestStatus.WITHDRAWN, "ann", T0)
    file = granted(asked(asked(file, named("ann"), "manager"), EVERYBODY, "manager"))
    file = asked(file, named("ann"), "manager", at=T0 + DAY)

    assert [
        (1, "ann", ConsentRequestStatus.WITHDRAWN),
        (2, "manager", ConsentRequestStatus.GRANTED),
        (3, "manager", ConsentRequestStatus.GRANTED),
        (4, "manager", ConsentRequestStatus.PENDING),
    ] == [(ask.number, ask.requested_by, ask.status) for ask in file.requests]


@pytest.mark.parametrize(
    ("wish", "given_to", "answered"),
    [
        (named("ann"), EVERYBODY, True),
        (EVERYBODY, EVERYBODY, True),
        (named("ann"), named("ann", "bob"), True),
        (named("ann", "bob"), named("ann", "bob"), True),
        (named("ann", "bob"), named("ann"), False),
        (named("ann"), named("bob"), False),
        (EVERYBODY, named("ann"), False),
        (NORTH, EVERYBODY, True),
        (NORTH, Whom(team_ids=("north", "south")), True),
        (NORTH, Whom(team_ids=("south",)), False),
        (NORTH, named("ann"), False),
        (NORTH, Whom(team_ids=("north",), roles=(Role.SALES_REP,)), False),
        (named("ann"), NORTH, True),
        (named("ann", "bob"), NORTH, False),
        (named("ann"), Whom(roles=(Role.SALES_REP,)), True),
        (named("ann"), Whom(roles=(Role.MARKETER,)), False),
        (named("stranger"), NORTH, False),
        (EVERYBODY, Whom(roles=(Role.SALES_REP,)), False),
    ],
)
def test_a_grant_answers_the_requests_that_it_fulfils_and_no_others(
    wish: Whom, given_to: Whom, answered: bool
) -> None:
    """By team or role it answers for whoever is placed so now."""
    people = {one.individual_id: one for one in (ANN, BOB)}

    file = granted(asked(whom=wish), Terms(given_to), at=T0 + DAY, people=people)

    expected = ConsentRequestStatus.GRANTED if answered else ConsentRequestStatus.PENDING
    assert [(expected, T0 + DAY if answered else None)] == [
        (ask.status, ask.answered_at) for ask in file.requests
    ]


def test_an_answer_keeps_the_time_at_which_it_was_given_first() -> None:
    file = asked(EMPTY, named("ann"), "ann", own_wish=True)

    file = granted(granted(file, Terms(named("ann")), at=T0 + DAY), at=T0 + 2 * DAY)

    assert [T0 + DAY] == [ask.answered_at for ask in file.requests]


@pytest.mark.parametrize(
    "status",
    [ConsentRequestStatus.DECLINED, ConsentRequestStatus.WITHDRAWN, ConsentRequestStatus.EXPIRED],
)
def test_a_request_is_answered_once(status: ConsentRequestStatus) -> None:
    told = granting.answer(asked(), 1, status, "boss", T0 + DAY, "Because.")

    for again in (ConsentRequestStatus.DECLINED, ConsentRequestStatus.WITHDRAWN):
        with pytest.raises(ConsentRequestAnswered) as refused:
            granting.answer(told, 1, again, "boss", T0 + 2 * DAY)
        assert (status, (T0 + DAY).isoformat()) == (refused.value.status, refused.value.answered_at)
    (kept,) = told.requests
    assert (status, "boss", "Because.") == (kept.status, kept.answered_by, kept.reason)
    assert told.requests == granted(told, at=T0 + 2 * DAY).requests


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_request_that_is_not_there_is_not_answered(number: int) -> None:
    with pytest.raises(NotFound):
        granting.answer(asked(), number, ConsentRequestStatus.DECLINED, "boss", T0)


def many_asked(count: int) -> ConsentFile:
    """So many people's own requests."""
    file = EMPTY
    for number in range(count):
        file = asked(file, named(f"rep-{number}"), f"rep-{number}", own_wish=True)
    return file


def as_many_as_fit(file: ConsentFile, more: Callable[[ConsentFile, int], ConsentFile]) -> Any:
    """The file that takes no more, and how many it took."""
    for number in itertools.count():
        try:
            file = more(file, number)
        except InvalidInput:
            return file, number
    raise AssertionError


def test_requests_leave_room_for_their_answers() -> None:
    """There can be too many of them, and the company's consent stays possible."""
    file, count = as_many_as_fit(
        EMPTY, lambda file, n: asked(file, named(f"rep-{n}"), f"rep-{n}", own_wish=True)
    )

    assert 200 < count < 1_000
    assert () == granted(file).waiting()


def test_one_person_s_requests_leave_room_for_those_of_others() -> None:
    """However many a manager has made, each for somebody else."""
    file, alone = as_many_as_fit(EMPTY, lambda file, n: asked(file, named(f"rep-{n}"), "manager"))
    _, besides = as_many_as_fit(
        file, lambda file, n: asked(file, named(f"rep-{n}", "and"), f"rep-{n}")
    )

    assert 100 < alone
    assert 100 < besides


def test_long_reasons_do_not_fill_the_file_beyond_what_it_holds() -> None:
    """Of 200 requests some are declined in 2,000 bytes each; a short reason is always possible."""
    file, told = many_asked(200), (ConsentRequestStatus.DECLINED, "boss", T0, "é" * 1_000)
    file, count = as_many_as_fit(file, lambda file, n: granting.answer(file, n + 1, *told))

    assert 50 < count < 200
    for number in range(count + 1, 201):
        file = granting.answer(file, number, *told[:-1], "No.")
    assert () == file.waiting()


def test_only_a_declared_historical_import_backdates_a_consent() -> None:
    file = granted(terms=Terms(historical_from=T0 - 365 * DAY), by="admin")

    found = file.covering(ANN, T0 - 364 * DAY, 1)

    assert found is not None
    assert (True, T0, T0 - 365 * DAY) == (found.historical, found.granted_at, found.valid_from)
    assert [False] == [permitted.historical for permitted in granted().consents]


def test_a_consent_may_begin_later_and_not_earlier_than_it_is_given() -> None:
    later = granted(terms=Terms(valid_from=T0 + 7 * DAY))

    with pytest.raises(InvalidInput) as refused:
        granted(terms=Terms(valid_from=T0 - MOMENT))

    assert "validFrom" == refused.value.field
    covered = [
        later.covering(ANN, at, 1) is not None for at in (T0, T0 + 7 * DAY - MOMENT, T0 + 7 * DAY)
    ]
    assert [False, False, True] == covered
    assert [T0] == [one.granted_at for one in later.consents]


@pytest.mark.parametrize("days", [7, 3])
def test_a_consent_ends_after_it_begins(days: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        granted(terms=Terms(valid_from=T0 + 7 * DAY, valid_to=T0 + days * DAY))

    assert "validTo" == refused.value.field


def looking_back(whom: Whom = EVERYBODY, **more: object) -> Terms:
    return replace(Terms(whom, covers_from=T0 - 30 * DAY), **more)  # type: ignore[arg-type]


def test_a_first_consent_may_look_back_and_says_from_when() -> None:
    (consent,) = granted(terms=looking_back()).consents

    assert (T0, T0 - 30 * DAY) == (consent.valid_from, consent.starts_at)
    found = [consent.covers(ANN, at, 1) for at in (T0 - 31 * DAY, T0 - 30 * DAY, T0)]
    assert [False, True, True] == found
    assert [True, False] == [consent.looks_back(at) for at in (T0 - MOMENT, T0)]
    assert not consent.active_at(T0 - DAY)


@pytest.mark.parametrize(
    "terms",
    [
        looking_back(payee=Payee.PARTNER),
        looking_back(valid_from=T0 + DAY),
        looking_back(named("ann")),
        looking_back(NORTH),
        looking_back(Whom(roles=(Role.SALES_REP,))),
    ],
)
def test_what_looks_back_begins_now_for_people_and_is_the_first_for_each(terms: Terms) -> None:
    """Domain rule 2.5: only a first consent pays what is past, and only to the individuals."""
    before = granted(terms=Terms(named("ann")), at=T0 - DAY)
    revoked = granting.revoke(before, 1, "boss", T0 - DAY / 2)

    with pytest.raises(NotRetroactive):
        granted(revoked, terms)


def test_another_s_first_consent_may_look_back_after_that_of_a_colleague() -> None:
    file = granted(terms=Terms(named("ann")), at=T0 - DAY)

    (_, second) = granted(file, looking_back(named("bob"))).consents

    assert second.covers(BOB, T0 - 20 * DAY, 1)


def test_what_is_covered_begins_no_later_than_the_consent() -> None:
    with pytest.raises(InvalidInput):
        granted(terms=Terms(covers_from=T0 + DAY))
    (same,) = granted(terms=Terms(covers_from=T0, valid_from=T0)).consents
    assert None is same.covers_from


def renewed(
    file: ConsentFile,
    number: int = 1,
    at: datetime = T0,
    terms_version: int = 1,
    to: datetime | None = None,
    policy: ParticipationPolicy = SELECTIVE,
) -> ConsentFile:
    return granting.renew(file, number, a_partner(), policy, terms_version, "boss", at, to)


def test_a_renewed_consent_goes_on_when_the_former_ends() -> None:
    former = granted(terms=Terms(named("ann"), valid_to=T0 + 10 * DAY))

    first, second = renewed(former, at=T0 + 2 * DAY, to=T0 + 20 * DAY).consents

    assert former.consents == (first,)
    assert (1, T0 + 10 * DAY, T0 + 20 * DAY, ("ann",)) == (
        second.renews,
        second.valid_from,
        second.valid_to,
        second.individual_ids,
    )


def _ended(file: ConsentFile) -> ConsentFile:
    return granting.revoke(file, 1, "boss", T0 + DAY)


@pytest.mark.parametrize(
    ("change", "terms_version", "days"), [(_ended, 1, 2), (granted, 2, 2), (granted, 1, 11)]
)
def test_what_has_ended_or_was_agreed_to_in_former_terms_is_renewed_from_now_on(
    change: Callable[[ConsentFile], ConsentFile], terms_version: int, days: int
) -> None:
    file = change(granted(terms=Terms(valid_to=T0 + 10 * DAY)))

    last = renewed(file, at=T0 + days * DAY, terms_version=terms_version).consents[-1]

    assert (T0 + days * DAY, None, terms_version) == (
        last.valid_from,
        last.valid_to,
        last.terms_version,
    )


def test_what_goes_on_without_an_end_is_not_renewed_and_what_goes_on_already_once() -> None:
    with pytest.raises(InvalidInput):
        renewed(granted())
    once = renewed(granted(terms=Terms(valid_to=T0 + 10 * DAY)))
    with pytest.raises(InvalidInput):
        renewed(once, at=T0 + DAY)
    again = renewed(granting.revoke(once, 2, "boss", T0 + DAY), at=T0 + 2 * DAY)
    assert [None, 1, 1] == [one.renews for one in again.consents]


def test_a_renewal_is_as_the_policy_of_now_wants_it() -> None:
    single = granted(terms=Terms(named("ann"), valid_to=T0 + 10 * DAY))

    with pytest.raises(CompanyWideConsentRequired):
        renewed(single, policy=WIDE)


def test_revoking_ends_one_consent_from_now_on_and_leaves_the_others() -> None:
    file = granted(granted(terms=Terms(named("ann"))), Terms(named("bob")))

    revoked = granting.revoke(file, 1, "boss", T0 + DAY)

    assert [(T0 + DAY, "boss"), (None, None)] == [
        (permitted.revoked_at, permitted.revoked_by) for permitted in revoked.consents
    ]
    assert [T0, T0] == [permitted.granted_at for permitted in revoked.consents]


def test_a_renewal_that_has_not_begun_is_revoked_with_what_it_continues() -> None:
    """And the one that was to continue that; not one that has begun, nor any other consent."""
    first = granted(terms=Terms(valid_to=T0 + 10 * DAY))
    chain = renewed(renewed(first, to=T0 + 20 * DAY), number=2)
    chain = granted(chain, Terms(named("bob"), valid_from=T0 + 30 * DAY))

    early = granting.revoke(chain, 1, "boss", T0 + DAY)
    late = granting.revoke(chain, 2, "boss", T0 + 11 * DAY)

    at = T0 + DAY
    assert [at, at, at, None] == [one.revoked_at for one in early.consents]
    assert [2, 3] == [one.number for one in granting.revoked_with(early, 1)]
    assert [None, T0 + 11 * DAY, T0 + 11 * DAY, None] == [one.revoked_at for one in late.consents]
    assert [3] == [one.number for one in granting.revoked_with(late, 2)]
    assert () == granting.revoked_with(chain, 1)


def test_a_renewal_that_has_begun_goes_on_when_the_former_is_revoked() -> None:
    """One in new terms begins at once, while the former has not ended yet."""
    former = granted(terms=Terms(valid_to=T0 + 10 * DAY))
    both = renewed(former, at=T0 + DAY, terms_version=2)

    after = granting.revoke(both, 1, "boss", T0 + 2 * DAY)

    assert [T0 + 2 * DAY, None] == [one.revoked_at for one in after.consents]
    assert () == granting.revoked_with(after, 1)


def test_what_has_ended_cannot_be_revoked() -> None:
    file = granted(terms=Terms(valid_to=T0 + 10 * DAY))
    revoked = granting.revoke(file, 1, "boss", T0 + DAY)

    for ended, at in ((revoked, T0 + DAY), (file, T0 + 10 * DAY)):
        with pytest.raises(ConsentNotActive) as refused:
            granting.revoke(ended, 1, "boss", T0 + 11 * DAY)
        assert at.isoformat() == refused.value.ended_at


def test_a_consent_that_begins_later_can_be_revoked_before_it_does() -> None:
    file = granted(terms=Terms(valid_from=T0 + 7 * DAY))

    (revoked,) = granting.revoke(file, 1, "boss", T0 + DAY).consents

    assert not revoked.active_at(T0 + 8 * DAY)
    assert not revoked.covers(ANN, T0 + 8 * DAY, 1)


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_consent_that_is_not_there_cannot_be_revoked(number: int) -> None:
    with pytest.raises(NotFound):
        granting.revoke(granted(), number, "boss", T0)
