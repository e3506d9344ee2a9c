"""Requests for consent from their start to their answer, and the policies that they depend on."""

from datetime import timedelta

import pytest

from portal_api.domain.consent import ConsentFile, ConsentRequestStatus, Whom
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentRequestAnswered,
    InvalidInput,
    NotFound,
    NotPermitted,
    SelfStartNotAllowed,
)
from portal_api.domain.granting import Terms
from portal_api.domain.partners import ParticipationPolicy, PartnerType, Role
from portal_api.services import consent
from portal_api.services.consent_dates import DUE, tell_due
from tests.services.consenting import (
    declined,
    file_of,
    granted,
    listed,
    placed,
    request_of,
    set_policy,
    told,
    two_teams,
    withdrawn,
)
from tests.services.racing import Together
from tests.services.replaying import employ, events
from tests.services.steps import ask_for_consent
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.world import Company, World

PENDING, GRANTED = ConsentRequestStatus.PENDING, ConsentRequestStatus.GRANTED
DECLINED, WITHDRAWN = ConsentRequestStatus.DECLINED, ConsentRequestStatus.WITHDRAWN
WIDE, SELECTIVE = ParticipationPolicy.COMPANY_WIDE, ParticipationPolicy.SELECTIVE


def asked(world: World, company: Company, program: str, who: str | None = None) -> str:
    """A request of the rep, or of ``who``; its id."""
    by = who or company.rep
    file = ask_for_consent(world, company, program, by)
    (number,) = (one.number for one in file.waiting() if one.requested_by == by)
    return f"{file.id}.{number}"


def answered(world: World, who: str, answer: str, request: str) -> None:
    """The request, declined or withdrawn by somebody."""
    if answer == "decline":
        consent.decline_consent_request(
            world.portal, world.ask(who), consent_request_id=request, reason="No."
        )
    else:
        withdrawn(world, who, request)


def test_a_declined_request_tells_why_and_may_be_made_again(world: World) -> None:
    """It is the same request then, which waits anew."""
    company, program = world.company(), world.program()
    request = asked(world, company, program)

    declined(world, company, request, "Not before April.")
    kept, answered_at = request_of(world, request), world.now
    world.now += timedelta(days=1)
    again = asked(world, company, program)

    assert (DECLINED, "Not before April.", company.executive, answered_at) == (
        kept.status,
        kept.reason,
        kept.answered_by,
        kept.answered_at,
    )
    assert request == again
    waits = request_of(world, again)
    assert (PENDING, world.now, None) == (waits.status, waits.requested_at, waits.reason)
    assert 1 == len(listed(world, DUE, company))
    assert ["ConsentRequested", "ConsentRequestDeclined", "ConsentRequested"] == [
        kind for kind, *_ in events(world, company.id) if kind.startswith("ConsentR")
    ]


def test_nobody_keeps_others_from_asking(quick_world: World) -> None:
    """Who asks and withdraws again and again has one request; its reminders begin anew."""
    world = quick_world
    company, program = world.company(reps=2), world.program()
    for _ in range(400):
        request = asked(world, company, program)
        withdrawn(world, company.rep, request)
    request = asked(world, company, program)
    world.now += timedelta(days=8)
    tell_due(world.portal)
    withdrawn(world, company.rep, request)
    again = asked(world, company, program)
    other = asked(world, company, program, company.reps[1])

    assert (1, 2) == tuple(int(one.rpartition(".")[2]) for one in (again, other))
    assert () == request_of(world, again).reminded_at
    file = file_of(world, company, program)
    assert [PENDING, PENDING] == [one.status for one in file.requests]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1_001])
def test_a_request_is_declined_with_a_reason(quick_world: World, reason: str) -> None:
    company, program = quick_world.company(), quick_world.program()
    request = asked(quick_world, company, program)

    with pytest.raises(InvalidInput) as refused:
        declined(quick_world, company, request, reason)

    assert "reason" == refused.value.field
    assert PENDING == request_of(quick_world, request).status


def test_whoever_asked_withdraws_it_or_the_vendor(quick_world: World) -> None:
    """A colleague finds no such request, and the executive declines instead."""
    world = quick_world
    company, program = world.company(reps=2), world.program()
    ann, bob = company.reps
    own = asked(world, company, program, ann)

    with pytest.raises(NotFound):
        withdrawn(world, bob, own)
    with pytest.raises(NotPermitted):
        withdrawn(world, company.executive, own)
    withdrawn(world, ann, own)
    other = asked(world, company, program, bob)
    withdrawn(world, world.admin, other)

    assert [(WITHDRAWN, ann), (WITHDRAWN, world.admin)] == [
        (one.status, one.answered_by) for one in file_of(world, company, program).requests
    ]
    assert [] == listed(world, DUE, company)


def test_what_was_answered_is_answered_once(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    request = asked(world, company, program)
    granted(world, company, program)

    for who, answer in ((company.executive, "decline"), (company.rep, "withdraw")):
        with pytest.raises(ConsentRequestAnswered) as refused:
            answered(world, who, answer, request)
        assert (GRANTED, world.now.isoformat()) == (refused.value.status, refused.value.answered_at)


@pytest.mark.parametrize("other", ["", "x", "{p}.{g}", "{p}.{g}.2", "{p}.{g}.0", "{p}.{g}.x"])
def test_an_id_that_is_no_request_finds_nothing(quick_world: World, other: str) -> None:
    company, program = quick_world.company(), quick_world.program()
    asked(quick_world, company, program)

    wrong = other.format(p=company.id, g=program)
    for who, answer in ((company.executive, "decline"), (company.rep, "withdraw")):
        with pytest.raises(NotFound) as refused:
            answered(quick_world, who, answer, wrong)
        assert "consentRequestId" == refused.value.field


def test_another_partner_s_request_is_not_there(quick_world: World) -> None:
    world = quick_world
    company, other, program = world.company(), world.company(), world.program()
    request = asked(world, company, program)

    for who, answer in (
        (other.executive, "decline"),
        (other.executive, "withdraw"),
        (other.rep, "withdraw"),
    ):
        with pytest.raises(NotFound) as refused:
            answered(world, who, answer, request)
        assert NotFound.of("anything").message == refused.value.message


def test_of_a_grant_and_a_refusal_at_once_one_answers(world: World) -> None:
    """Both have decided on the same request before either commits."""
    company, program = world.company(), world.program()
    request = asked(world, company, program)
    portal = world.on(Together(world.store, 2))

    results = in_parallel(
        lambda: granted(world, company, program, portal=portal),
        lambda: consent.decline_consent_request(
            portal, world.ask(company.executive), consent_request_id=request, reason="No."
        ),
    )

    status = request_of(world, request).status
    refused = [one for one in results if isinstance(one, ConsentRequestAnswered)]
    assert (status, len(refused)) in ((GRANTED, 1), (DECLINED, 0))
    assert 1 == len(file_of(world, company, program).consents)


def test_a_consent_of_a_team_answers_its_people_who_have_asked(world: World) -> None:
    """Also one for a role: by where each is placed now."""
    company, program = world.company(reps=3), world.program()
    north, south = two_teams(world, company)
    _, bob, eve = company.reps
    placed(world, company, bob, south)
    placed(world, company, eve, north, Role.SALES_ENGINEER)
    requests = [asked(world, company, program, rep) for rep in company.reps]

    granted(world, company, program, Terms(Whom(team_ids=(north,), roles=(Role.SALES_REP,))))
    by_team = [request_of(world, one).status for one in requests]
    granted(world, company, program, Terms(Whom(roles=(Role.SALES_ENGINEER,))))

    assert [GRANTED, PENDING, PENDING] == by_team
    assert [GRANTED, PENDING, GRANTED] == [request_of(world, one).status for one in requests]


def test_one_consent_answers_more_requests_than_a_transaction_has_items(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.company(reps=120), world.program()
    for rep in company.reps:
        asked(world, company, program, rep)

    granted(world, company, program)

    assert () == file_of(world, company, program).waiting()
    assert [] == listed(world, DUE, company)


def test_teams_are_the_partner_s_own_and_named_instead_of_people(quick_world: World) -> None:
    world = quick_world
    company, other, program = world.company(), world.company(), world.program()
    strange, (own,) = other.partner.teams[0].id, [team.id for team in company.partner.teams]

    with pytest.raises(NotFound) as unknown:
        granted(world, company, program, Terms(Whom(team_ids=(strange,))))
    with pytest.raises(InvalidInput) as both:
        granted(world, company, program, Terms(Whom((company.rep,), (own,))))
    with pytest.raises(InvalidInput) as role:
        granted(world, company, program, Terms(Whom(roles=(Role.PARTNER_EXECUTIVE,))))
    many = tuple(f"team-{number}" for number in range(61))
    with pytest.raises(InvalidInput) as too_many:
        granted(world, company, program, Terms(Whom(team_ids=many)))

    assert ["teamIds", "teamIds", "roles", "teamIds"] == [
        refused.value.field for refused in (unknown, both, role, too_many)
    ]
    assert world.load(ConsentFile, f"{company.id}.{program}") is None


def test_a_type_s_policy_is_its_default_until_it_is_set(world: World) -> None:
    """Domain rule 2.3: what was granted before stands; a change needs no release."""
    company, program = world.company(PartnerType.VAR), world.program()
    single = Terms(Whom((company.rep,)))
    granted(world, company, program, single)

    set_policy(world, PartnerType.VAR, WIDE)
    with pytest.raises(CompanyWideConsentRequired):
        granted(world, company, program, single)
    with pytest.raises(SelfStartNotAllowed):
        asked(world, company, program)
    (kept,) = file_of(world, company, program).consents
    assert (company.rep,) == kept.individual_ids
    assert None is kept.revoked_at

    set_policy(world, PartnerType.VAR, SELECTIVE)
    granted(world, company, program, single)
    assert 2 == len(file_of(world, company, program).consents)


def test_a_policy_is_for_its_type_and_set_by_an_administrator(quick_world: World) -> None:
    world = quick_world
    wide, program = world.company(PartnerType.LAR), world.program()
    manager = world.colleague()

    with pytest.raises(NotPermitted):
        consent.set_participation_policy(
            world.portal,
            world.ask(manager),
            partner_type=PartnerType.LAR,
            policy=SELECTIVE,
        )
    set_policy(world, PartnerType.DMR, SELECTIVE)
    with pytest.raises(SelfStartNotAllowed):
        asked(world, wide, program)
    set_policy(world, PartnerType.LAR, SELECTIVE)
    assert PENDING == request_of(world, asked(world, wide, program)).status


def test_a_policy_that_is_set_under_a_grant_holds_for_it(world: World) -> None:
    """The first one is not there yet when the grant is decided, and checked for at commit."""
    company, program = world.company(PartnerType.VAR), world.program()
    single = Terms(Whom((company.rep,)))
    for before, after in ((SELECTIVE, WIDE), (SELECTIVE, WIDE)):
        change = first(lambda to=after: set_policy(world, PartnerType.VAR, to))  # type: ignore[misc]
        portal = world.on(FaultyStore(world.store, change))
        with pytest.raises(CompanyWideConsentRequired):
            granted(world, company, program, single, portal)
        assert world.load(ConsentFile, f"{company.id}.{program}") is None
        set_policy(world, PartnerType.VAR, before)


def test_an_executive_who_is_none_any_more_answers_nothing(quick_world: World) -> None:
    """The consents that it gave stand: its company gave them, and its next executive revokes."""
    world = quick_world
    company, program = world.company(), world.program()
    given = granted(world, company, program)
    employ(world, company.executive, company.id, Role.SALES_REP)
    successor = world.person(company.partner, Role.PARTNER_EXECUTIVE)

    with pytest.raises(NotPermitted):
        consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    consent.revoke_consent(world.portal, world.ask(successor), consent_id=given)

    (kept,) = file_of(world, company, program).consents
    assert successor == kept.revoked_by
    assert ["ConsentGranted", "ConsentRevoked"] == told(
        world, company, "ConsentGranted", "ConsentRevoked"
    )
