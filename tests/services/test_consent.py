"""Who asks for a consent and who answers, and how little the others find out."""

from dataclasses import replace

import pytest

from portal_api.domain.consent import ConsentFile, ConsentScope
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    InvalidInput,
    NotFound,
    NotPermitted,
    SelfStartNotAllowed,
)
from portal_api.domain.goals import GoalSheet, Level, Target
from portal_api.domain.granting import Terms
from portal_api.domain.partners import PartnerType
from portal_api.domain.writes import Save
from portal_api.services import consent, goals
from portal_api.storage.items import item_of
from portal_api.storage.keys import key_of
from portal_api.storage.table import ITEM_BYTES_MAX, check_item
from tests.services.steps import ask_for_consent
from tests.services.world import QUARTER, World


@pytest.mark.parametrize("kind", [PartnerType.DMR, PartnerType.LAR])
def test_a_company_wide_partner_is_asked_by_the_manager_and_answers_for_all(
    world: World, kind: PartnerType
) -> None:
    """Domain rule 2.3: COMPANY only, no rep may start it, a manager or the executive does."""
    company, program = world.company(kind), world.program()

    with pytest.raises(SelfStartNotAllowed):
        ask_for_consent(world, company, program, company.rep)
    with pytest.raises(CompanyWideConsentRequired):
        ask_for_consent(world, company, program, world.admin, company.rep)
    with pytest.raises(CompanyWideConsentRequired):
        world.consent(company, program, company.rep)
    nothing = world.load(ConsentFile, f"{company.id}.{program}")
    asked = ask_for_consent(world, company, program, world.admin)
    world.consent(company, program)
    answered = world.load(ConsentFile, asked.id)

    assert nothing is None
    assert 1 == len(asked.waiting())
    assert answered is not None
    assert () == answered.waiting()
    assert [ConsentScope.COMPANY] == [one.scope for one in answered.consents]


def test_a_rep_asks_for_itself_only_and_once(quick_world: World) -> None:
    """Also not whether a colleague has asked: peers see nothing of each other."""
    world = quick_world
    company, program = world.company(reps=2), world.program()
    ann, bob = company.reps
    ask_for_consent(world, company, program, bob)

    with pytest.raises(NotPermitted):
        ask_for_consent(world, company, program, ann, bob)
    with pytest.raises(NotPermitted):
        ask_for_consent(world, company, program, ann, ann, bob)
    ask_for_consent(world, company, program, ann, ann)
    with pytest.raises(ConsentAlreadyRequested):
        ask_for_consent(world, company, program, ann)


def test_another_partner_s_executive_finds_nothing(world: World) -> None:
    """Invariant L20: refused as what does not exist is, and nothing is written."""
    company, other, program = world.company(), world.company(), world.program(goals=(QUARTER,))
    given = world.consent(company, program)
    stranger = other.executive

    for attempt in (
        lambda: consent.grant_consent(
            world.portal,
            world.ask(stranger),
            partner_id=company.id,
            program_id=program,
            terms=Terms(),
        ),
        lambda: consent.revoke_consent(world.portal, world.ask(stranger), consent_id=given),
        lambda: ask_for_consent(world, company, program, stranger),
        lambda: ask_for_consent(world, other, program, stranger, company.rep),
        lambda: world.pay_out(stranger, 1, wallet=company.id),
        lambda: world.pay_out(stranger, 1, wallet=company.rep),
        lambda: world.register(company, program, ask=world.ask(stranger)),
        lambda: goals.set_goal(
            world.portal,
            world.ask(stranger),
            partner_id=company.id,
            program_id=program,
            level=Level.INDIVIDUAL,
            party_id=company.rep,
            goal_code="Q",
            goal=1,
            stretch=1,
            currency="USD",
        ),
    ):
        with pytest.raises(NotFound) as refused:
            attempt()
        assert NotFound.of("anything").message == refused.value.message
    file = world.load(ConsentFile, f"{company.id}.{program}")
    assert file is not None
    assert (1, 1, None) == (file.version, len(file.consents), file.consents[0].revoked_at)
    assert file.requests == ()


def test_a_refusal_does_not_tell_whether_the_people_or_the_program_exist(
    quick_world: World,
) -> None:
    world = quick_world
    company, other, program = world.company(), world.company(), world.program()
    told = []
    for owner, of in ((company.rep, program), ("ind-none", program), (company.rep, "prg-none")):
        with pytest.raises(NotFound) as refused:
            world.register(company, of, rep=owner, ask=world.ask(other.rep))
        told.append((refused.value.message, refused.value.field))

    assert 1 == len(set(told))


@pytest.mark.parametrize(
    "consent_id", ["", "x", "p.g", "{p}.{g}", "{p}.{g}.", "{p}.{g}.x", "{p}.{g}.2", "{p}.{g}.-1"]
)
def test_an_id_that_is_no_consent_finds_nothing(quick_world: World, consent_id: str) -> None:
    company, program = quick_world.company(), quick_world.program()
    quick_world.consent(company, program)
    executive = quick_world.ask(company.executive)

    with pytest.raises(NotFound):
        consent.revoke_consent(
            quick_world.portal, executive, consent_id=consent_id.format(p=company.id, g=program)
        )


def test_a_consent_number_of_5000_digits_finds_nothing(quick_world: World) -> None:
    company, program = quick_world.company(), quick_world.program()
    executive = quick_world.ask(company.executive)

    with pytest.raises(NotFound):
        consent.revoke_consent(
            quick_world.portal, executive, consent_id=f"{company.id}.{program}.{'1' * 5_000}"
        )


def test_what_is_larger_than_an_item_is_refused_clearly(quick_world: World) -> None:
    """Fault F20: nothing is written, and the request id is not burnt."""
    world = quick_world
    company, program = world.company(), world.program(goals=(QUARTER,))
    full = GoalSheet(f"{company.id}.{program}", company.id, program)
    size = check_item(key_of(GoalSheet, full.id), item_of(full.with_target("x", "Q", Target(1, 2))))
    full = full.with_target("x" * (ITEM_BYTES_MAX - size - 30), "Q", Target(1, 2))
    world.store.commit([Save(full)])
    ask = world.ask(world.admin)

    def set_goal(party: str) -> goals.GoalSet:
        return goals.set_goal(
            world.portal,
            ask,
            partner_id=company.id,
            program_id=program,
            level=Level.INDIVIDUAL,
            party_id=party,
            goal_code="Q",
            goal=100,
            stretch=200,
            currency="USD",
        )

    with pytest.raises(InvalidInput):
        set_goal(company.rep)
    stored = world.load(GoalSheet, full.id)
    assert stored is not None
    assert full.targets == stored.targets
    world.store.commit([Save(replace(stored, targets={}))])
    assert set_goal(company.rep).sheet.targets
