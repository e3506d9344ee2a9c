"""All that is kept about a person comes out, page by page, and nothing of other people."""

import json
from collections import Counter
from typing import Any

import pytest

from portal_api.domain.claims import Proof
from portal_api.domain.deals import Credit
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.objections import ObjectionCategory
from portal_api.domain.partners import Individual, Role
from portal_api.domain.plans import Rule
from portal_api.services import objections, personal_data
from portal_api.services.claims import submit_claim
from portal_api.services.inbox import mark_inbox_seen
from portal_api.services.leaderboards import join_leaderboard
from portal_api.services.personal_data import BadPlace, document, page, partners_of
from tests.services.moving import place
from tests.services.steps import define
from tests.services.world import MILESTONES, QUARTER, Company, World

COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 77_777))


def person_of(world: World, person: str) -> Individual:
    found = world.load(Individual, person)
    assert found is not None
    return found


def records(world: World, person: str) -> list[dict[str, Any]]:
    """The lines of the document but the first."""
    lines = [
        json.loads(line) for line in document(world.store, world.now, person_of(world, person))
    ]
    assert (person, personal_data.FORMAT) == (lines[0]["person"], lines[0]["format"])
    return lines[1:]


def sold(world: World) -> tuple[Company, str]:
    """Two reps share a deal that is won; the first one has asked for a payout."""
    company, program = world.ready(MILESTONES, COMPANY, reps=2)
    world.consent(company, program, company.rep)
    world.wait()
    shares = (Credit(company.rep, 3), Credit(company.reps[1], 1))
    deal = world.approve(world.register(company, program, credits=shares)).deal
    world.win(deal)
    world.pay_out(company.rep, 10_000)
    return company, program


def test_everything_about_a_person_is_there(world: World) -> None:
    """Profile, ledger, and what it did at its partner: each record once."""
    company, _ = sold(world)
    told = records(world, company.rep)
    kinds = Counter(one["kind"] for one in told)
    assert {
        "Individual": 1,
        "Wallet": 1,
        "Journal": 3,
        "Earning": 2,
        "Payout": 1,
        "ConsentFile": 1,
        "Enrollment": 1,
        "Progress": 1,
        "Deal": 1,
        "Activity": 3,
    } == kinds
    (profile,) = (
        one["record"] for one in records(world, company.rep) if one["kind"] == "Individual"
    )
    assert ("Person", "person@partner.example") == (profile["name"], profile["email"])


def test_nothing_of_other_people_is_in_it(world: World) -> None:
    """Neither their ids and shares, nor what a deal or an activity has paid them or the company."""
    company, _ = sold(world)
    other = company.reps[1]
    told = records(world, company.rep)
    text = "\n".join(json.dumps(one) for one in told if one["kind"] != "Journal")
    assert company.rep in text
    assert other not in text
    assert "77777" not in text
    (deal,) = (one["record"] for one in told if one["kind"] == "Deal")
    assert [{"individual_id": company.rep, "weight": 3}] == deal["credits"]
    assert {company.rep} == {award["recipient_id"] for award in deal["awards"]}
    outcomes = [one["record"].get("outcomes") or [] for one in told if one["kind"] == "Activity"]
    assert {company.rep} == {outcome["recipient_id"] for each in outcomes for outcome in each}
    (consents,) = (one["record"]["consents"] for one in told if one["kind"] == "ConsentFile")
    assert [[company.rep]] == [one["individual_ids"] for one in consents]


def test_pages_are_the_document_cut_in_pieces(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small they are: none is missed or told twice."""
    world = quick_world
    company, _ = sold(world)
    person = person_of(world, company.rep)
    whole = list(document(world.store, world.now, person))
    monkeypatch.setattr(personal_data, "_AT_ONCE", 1)
    monkeypatch.setattr(personal_data, "_WAVES", 2)
    found: list[str] = []
    after: str | None = None
    pages = 0
    while True:
        part = page(world.store, world.now, person, partners_of(person), after)
        found += part.lines
        pages += 1
        after = part.next
        if after is None:
            break
    assert whole == found
    assert pages > 5


@pytest.mark.parametrize("mark", ["", "x", "x!", "99!", "-1!", "٣!", "1" * 400 + "!"])
def test_what_is_no_mark_of_it_is_refused(quick_world: World, mark: str) -> None:
    person = person_of(quick_world, quick_world.admin)
    with pytest.raises(BadPlace):
        page(quick_world.store, quick_world.now, person, (), mark)


def test_of_a_mover_the_former_partner_is_there_only_where_it_is_asked_for(
    quick_world: World,
) -> None:
    """What it did there tells of that company's customers; what it earned is its own."""
    world = quick_world
    (old, program), new = world.ready(), world.company()
    world.approve(world.register(old, program, customer="Secret customer"))
    place(world, old, to=new)
    person = person_of(world, old.rep)
    own = "".join(page(world.store, world.now, person, (new.id,)).lines)
    whole = "".join(document(world.store, world.now, person))
    assert ("Secret customer" in own, "Secret customer" in whole) == (False, True)
    assert '"kind":"Earning"' in own


def test_its_goals_its_place_on_a_leaderboard_and_what_it_has_read_are_there(
    quick_world: World,
) -> None:
    """Its own targets, and not those of its colleagues."""
    world = quick_world
    company, program = world.company(reps=2), world.program(MILESTONES, goals=(QUARTER,))
    world.enroll(company, program)
    for person, goal in zip(company.reps, (4_321, 8_765), strict=True):
        world.target(company, program, person, goal, goal)
    ask = world.ask(company.rep)
    join_leaderboard(
        world.portal, ask, partner_id=company.id, program_id=program, display_name="Lynx"
    )
    mark_inbox_seen(world.portal, world.ask(company.rep), up_to=world.now)
    told = records(world, company.rep)
    kept = {one["kind"]: one["record"] for one in told}
    assert f"{company.id}.{program}" == kept["GoalSheet"]["id"]
    ((party, targets),) = kept["GoalSheet"]["targets"].items()
    assert (f"individual.{company.rep}", [4_321]) == (
        party,
        [target["goal"] for target in targets.values()],
    )
    assert "8765" not in json.dumps(told)
    assert ("Lynx", company.rep) == (
        kept["LeaderboardEntry"]["display_name"],
        kept["InboxMark"]["id"],
    )


def test_its_own_earnings_have_their_ids_and_a_colleagues_deal_names_nobody(
    quick_world: World,
) -> None:
    """Of a deal that somebody else owns and it has a share of."""
    world = quick_world
    company, _ = sold(world)
    sharer = company.reps[1]
    own = [one["record"] for one in records(world, company.rep) if one["kind"] == "Earning"]
    assert [True, True] == [one["id"].startswith(f"{company.rep}.") for one in own]
    told = [one["record"] for one in records(world, sharer) if one["kind"] == "Earning"]
    assert [True, True] == [one["id"].startswith(f"{sharer}.") for one in told]
    assert company.rep not in json.dumps(told)
    assert [f"{company.id}.."] * 2 == [
        one["trace"]["activity_id"][: len(company.id) + 2] for one in told
    ]


def test_an_executive_has_the_objections_that_it_raised_itself(quick_world: World) -> None:
    """And not what a colleague raised, nor who answered."""
    world = quick_world
    company, program = world.ready()
    other = world.person(company.partner, Role.PARTNER_EXECUTIVE)
    for person, text in ((company.executive, "My words."), (other, "Others.")):
        raised = objections.raise_objection(
            world.portal,
            world.ask(person),
            partner_id=company.id,
            program_id=program,
            category=ObjectionCategory.OTHER,
            text=text,
        ).objection
        objections.answer_objection(
            world.portal, world.ask(world.admin), objection_id=raised.id, answer="Well."
        )
    told = records(world, company.executive)
    (objection,) = (one["record"] for one in told if one["kind"] == "Objection")
    assert ("My words.", "Well.", "") == (
        objection["text"],
        objection["answer"],
        objection["answered_by"],
    )


def test_what_an_executive_has_granted_is_among_its_data(quick_world: World) -> None:
    world = quick_world
    company, _ = world.ready()
    told = records(world, company.executive)
    (consents,) = (one["record"]["consents"] for one in told if one["kind"] == "ConsentFile")
    assert [company.executive] == [one["granted_by"] for one in consents]


def test_a_claim_is_told_without_what_is_the_reviewer_s(quick_world: World) -> None:
    """That it looks like another claim, and whose."""
    world = quick_world
    define(world, review=True)
    company, program = world.ready(reps=2)
    for person, invoice in zip(company.reps, ("INV-1", "inv 1"), strict=True):
        submit_claim(
            world.portal,
            world.ask(person),
            partner_id=company.id,
            individual_id=person,
            program_id=program,
            behavior="TRAINING",
            occurred_at=None,
            proof=Proof(invoice=invoice),
        )
    told = records(world, company.reps[1])
    (claim,) = (one["record"] for one in told if one["kind"] == "Claim")
    assert "inv 1" == claim["proof"]["invoice"]
    assert not {"near", "near_id", "decided_by"} & set(claim)
    assert Role.SALES_REP == claim["role"]
