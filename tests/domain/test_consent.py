"""Consent: whom and what it covers, and when; enrollment: from acceptance to withdrawal."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.consent import (
    EVERYBODY,
    Cap,
    Consent,
    ConsentScope,
    Enrollment,
    Who,
    Whom,
)
from portal_api.domain.granting import Terms
from portal_api.domain.partners import Role
from tests.domain.consenting import ANN, BOB, DAY, EMPTY, MOMENT, T0, a_rep, granted, named

FOR_ANN = Consent(1, ConsentScope.INDIVIDUALS, ("ann",), 1, "boss", T0, T0, T0 + 10 * DAY)
FOR_ALL = replace(FOR_ANN, scope=ConsentScope.COMPANY, individual_ids=())
ENGINEER = a_rep("eve", "north", Role.SALES_ENGINEER)


@pytest.mark.parametrize(
    ("permission", "person", "occurred_at", "terms", "expected"),
    [
        (FOR_ANN, ANN, T0, 1, True),
        (FOR_ANN, ANN, T0 - MOMENT, 1, False),
        (FOR_ANN, ANN, T0 + 10 * DAY - MOMENT, 1, True),
        (FOR_ANN, ANN, T0 + 10 * DAY, 1, False),
        (FOR_ANN, BOB, T0, 1, False),
        (FOR_ANN, ANN, T0, 2, False),
        (replace(FOR_ANN, terms_version=2), ANN, T0, 1, True),
        (replace(FOR_ANN, valid_to=None), ANN, T0 + 9_999 * DAY, 1, True),
        (FOR_ALL, BOB, T0, 1, True),
        (replace(FOR_ANN, revoked_at=T0 + 5 * DAY), ANN, T0 + DAY, 1, False),
    ],
)
def test_a_consent_covers_its_people_terms_and_time_unless_it_is_revoked(
    permission: Consent, person: Who, occurred_at: datetime, terms: int, expected: bool
) -> None:
    """Domain rule 2.4: it covers ``occurredAt``, and is unrevoked at commit, whenever that is."""
    assert expected is permission.covers(person, occurred_at, terms)


@pytest.mark.parametrize(
    ("whom", "expected"),
    [
        (EVERYBODY, "ann bob eve"),
        (Whom(("ann", "eve")), "ann eve"),
        (Whom(team_ids=("north",)), "ann eve"),
        (Whom(team_ids=("south", "west")), "bob"),
        (Whom(roles=(Role.SALES_REP,)), "ann bob"),
        (Whom(team_ids=("north",), roles=(Role.SALES_REP,)), "ann"),
        (Whom(("ann", "eve"), roles=(Role.SALES_ENGINEER,)), "eve"),
        (Whom(roles=(Role.MARKETER,)), ""),
    ],
)
def test_a_consent_covers_by_team_and_role_as_well_as_by_name(whom: Whom, expected: str) -> None:
    """Domain rule 2.2: scope COMPANY, TEAMS or INDIVIDUALS, and roles."""
    people = (ANN, BOB, ENGINEER)

    assert expected.split() == [one.individual_id for one in people if whom.covers(one)]


@pytest.mark.parametrize(
    ("whom", "scope", "everybody"),
    [
        (EVERYBODY, ConsentScope.COMPANY, True),
        (Whom(roles=(Role.SALES_REP,)), ConsentScope.COMPANY, False),
        (Whom(team_ids=("north",)), ConsentScope.TEAMS, False),
        (Whom(("ann",)), ConsentScope.INDIVIDUALS, False),
    ],
)
def test_the_scope_is_what_is_named_and_only_the_whole_company_is_everybody(
    whom: Whom, scope: ConsentScope, everybody: bool
) -> None:
    assert (scope, everybody) == (whom.scope, whom.everybody)


def test_a_mover_between_teams_is_covered_by_what_covers_the_team_it_acts_in() -> None:
    file = granted(terms=Terms(Whom(team_ids=("north",))))

    before, after = (file.covering(a_rep("ann", team), T0, 1) for team in ("north", "south"))

    assert before is not None
    assert after is None


def test_whoever_is_placed_in_no_team_is_covered_by_no_team_s_consent() -> None:
    assert granted(terms=Terms(Whom(team_ids=("north",)))).covering(a_rep("ann"), T0, 1) is None


def test_nobody_earns_by_a_permission_that_it_gave_itself() -> None:
    """Also not one that was an executive then and is a rep by now: another's consent is needed."""
    file = granted(by="ann")

    assert [None, 1] == [
        found and found.number for found in (file.covering(one, T0, 1) for one in (ANN, BOB))
    ]
    again = granted(file, at=T0 + DAY).covering(ANN, T0 + DAY, 1)
    assert 2 == (again and again.number)


def test_what_was_agreed_to_in_one_version_of_the_terms_does_not_cover_the_next() -> None:
    """What occurred in the time of the first is covered for good, however late it is recorded."""
    old = granted()
    new = granted(old, at=T0 + 5 * DAY, terms_version=2)

    assert [1, None] == [
        found and found.number for found in (old.covering(ANN, T0 + DAY, one) for one in (1, 2))
    ]
    assert [1, 2] == [
        found and found.number
        for found in (new.covering(ANN, T0 + DAY, 1), new.covering(ANN, T0 + 6 * DAY, 2))
    ]


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, False), (0, True), (4, True), (5, False), (6, False)]
)
def test_a_revoked_consent_was_active_until_it_was_revoked(days: int, expected: bool) -> None:
    assert expected is replace(FOR_ANN, revoked_at=T0 + 5 * DAY).active_at(T0 + days * DAY)


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (9, True), (10, False)])
def test_a_consent_is_active_from_its_start_to_its_end(days: int, expected: bool) -> None:
    assert expected is FOR_ANN.active_at(T0 + days * DAY)


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (FOR_ALL, True),
        (replace(FOR_ALL, revoked_at=T0 + 2 * DAY), True),
        (replace(FOR_ALL, revoked_at=T0 + DAY), False),
        (replace(FOR_ALL, valid_from=T0 + 2 * DAY), False),
        (replace(FOR_ALL, terms_version=0), False),
        (replace(FOR_ALL, roles=(Role.SALES_REP,)), False),
        (FOR_ANN, False),
    ],
)
def test_a_company_takes_part_at_an_instant_as_a_whole_or_not(
    permission: Consent, expected: bool
) -> None:
    """Domain rule 2.7: an active COMPANY consent at that instant, also if it was revoked later."""
    file = replace(EMPTY, consents=(permission,))

    assert expected is file.participates_at(T0 + DAY, 1)


def test_of_several_consents_the_first_that_covers_is_named() -> None:
    file = granted(terms=Terms(named("bob")))
    file = granted(granted(file, Terms(named("ann")), at=T0 + DAY), at=T0 + 2 * DAY)

    at_once = file.covering(ANN, T0 + 3 * DAY, 1)
    nothing = file.covering(ANN, T0, 1)

    assert 2 == (at_once and at_once.number)
    assert nothing is None


@given(before=st.timedeltas(MOMENT, timedelta(days=9_999)))
def test_a_grant_never_covers_what_happened_before_it(before: timedelta) -> None:
    """Domain rule 2.2: nothing is backdated."""
    assert granted().covering(ANN, T0 - before, 1) is None


def test_a_consent_limits_what_each_person_earns_of_the_assets_that_it_names() -> None:
    caps = (Cap("USD", 50_000), Cap("POINTS", 300))
    (granted_one,) = granted(terms=Terms(caps=caps)).consents

    assert [50_000, 300, None] == [granted_one.cap(asset) for asset in ("USD", "POINTS", "EUR")]


PEOPLE = st.lists(st.sampled_from(["ann", "bob", "eve"]), max_size=2, unique=True).map(tuple)
TEAMS = st.lists(st.sampled_from(["north", "south"]), max_size=2, unique=True).map(tuple)
ROLES = st.lists(
    st.sampled_from([Role.SALES_REP, Role.SALES_ENGINEER]), max_size=2, unique=True
).map(tuple)
WHOM = st.builds(Whom, PEOPLE, st.just(()), ROLES) | st.builds(Whom, st.just(()), TEAMS, ROLES)
WHO = st.builds(
    Who,
    st.sampled_from(["ann", "bob", "eve"]),
    st.sampled_from(["north", "south", None]),
    st.sampled_from([Role.SALES_REP, Role.SALES_ENGINEER, Role.MARKETER]),
)


@given(one=WHOM, other=WHOM, who=WHO)
def test_two_that_both_cover_somebody_are_known_to_share(one: Whom, other: Whom, who: Who) -> None:
    """So the first consent for somebody is never taken for one although another came before."""
    if one.covers(who) and other.covers(who):
        assert one.may_share(other)
        assert other.may_share(one)


@given(whom=WHOM, asked=WHOM, people=st.lists(WHO, max_size=3))
def test_a_permission_that_answers_a_request_covers_all_that_it_names(
    whom: Whom, asked: Whom, people: list[Who]
) -> None:
    asked = replace(asked, roles=())
    placed = {one.individual_id: one for one in people}

    if whom.answers(asked, placed):
        assert all(whom.covers(one) for one in placed.values() if asked.covers(one))


def an_enrollment(terms_version: int = 1) -> Enrollment:
    return Enrollment("p.ann.g", "p", "ann", "g", terms_version, T0)


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, False), (0, True), (4, True), (5, False), (6, False)]
)
def test_an_enrollment_covers_from_acceptance_to_withdrawal(days: int, expected: bool) -> None:
    assert expected is an_enrollment().ended(T0 + 5 * DAY).covers(T0 + days * DAY, 1)


@pytest.mark.parametrize(
    ("days", "expected"), [(0, True), (4, True), (5, False), (8, False), (9, True), (20, True)]
)
def test_leaving_and_coming_back_forgets_no_time_before(days: int, expected: bool) -> None:
    back = an_enrollment().ended(T0 + 5 * DAY).again(1, T0 + 9 * DAY)

    assert expected is back.covers(T0 + days * DAY, 1)


@pytest.mark.parametrize(
    ("days", "terms", "expected"), [(4, 1, True), (6, 2, False), (9, 2, True), (4, 2, False)]
)
def test_accepting_new_terms_keeps_the_time_before_them(
    days: int, terms: int, expected: bool
) -> None:
    """Between the new terms and their acceptance nothing is earned; before, in the old ones."""
    renewed = an_enrollment().again(2, T0 + 9 * DAY)

    assert expected is renewed.covers(T0 + days * DAY, terms)
