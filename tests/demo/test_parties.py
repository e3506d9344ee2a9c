"""Whoever tries the portal finds parties, consents and rebates of every kind in the demo."""

from typing import Any

from portal_api.demo import world
from portal_api.demo.staffing import LEAVER, MOVER, PROMOTED
from portal_api.domain.activities import Activity
from portal_api.domain.eligibility import NextStep, Obstacle
from portal_api.domain.objections import ObjectionCategory, ObjectionStatus
from portal_api.domain.partners import BusinessModel, Individual, PersonStatus, SalesStrategy
from portal_api.domain.programs import Program
from portal_api.domain.rebates import ParticipationStatus
from portal_api.schema.ids import encoded
from portal_api.services.partners import former_of
from portal_api.services.store import Listed, Many, One, of_person, of_vendor
from tests.demo.asking import (
    ANSELM,
    INES,
    MARA,
    earnings,
    listed,
    nodes,
    partner,
    rep_of,
    worth,
)
from tests.demo.telling import Told


def reasons(demo: Told, name: str, program_name: str) -> list[tuple[str, str | None]]:
    """What became of what somebody did in a program, oldest first; of a deal its winning only."""
    person = demo.person(name)
    (program_id,) = (
        one.id for one in demo.read(Many(Program, of_vendor())).records if one.name == program_name
    )
    done = demo.read(Many(Activity, of_person(str(person.partner_id), person.id))).records
    return [
        (f"{one.occurred_at:%Y-%m-%d}", one.outcomes[0].reason)
        for one in sorted(done, key=lambda one: (one.occurred_at, one.id))
        if one.program_id == program_id and one.outcomes
    ]


def eligibility(demo: Told, partner_name: str, program_name: str, as_of: str) -> Any:
    """Whether a company's sale accrues a rebate."""
    partner_id = next(one.id for one in demo.partners() if one.name == partner_name)
    found = demo.ask(INES, "{ viewer { programs { id name } } }")["viewer"]["programs"]
    program_id = next(one["id"] for one in found if one["name"] == program_name)
    document = (
        "query($p: ID!, $g: ID!, $at: DateTime) { rebateEligibility(partnerId: $p, programId: $g,"
        " asOf: $at) { eligible participation { status } standings { period revenue { amount }"
        " yearBefore { amount } yearBeforeDeclared band rateBps } } }"
    )
    given = {"p": encoded("Partner", partner_id), "g": program_id, "at": f"{as_of}T12:00:00Z"}
    return demo.ask(INES, document, **given)["rebateEligibility"]


def test_c15_every_profile_is_there_and_partners_see_different_programs(demo: Told) -> None:
    found = demo.partners()
    assert set(BusinessModel) == {one.business_model for one in found}
    assert set(SalesStrategy) == {one.strategy for one in found}
    offers = "{ viewer { programOffers { program { name } obstacles } } }"
    seen = {
        name: {one["program"]["name"] for one in demo.ask(who, offers)["viewer"]["programOffers"]}
        for name, who in ((world.FERNHILL, MARA), (world.BRIGHTMOOR, world.TOBIAS.name))
    }
    assert {world.MAKERS, world.SOLUTIONS} <= seen[world.FERNHILL] - seen[world.BRIGHTMOOR]
    assert {world.LICENSING} <= seen[world.BRIGHTMOOR] - seen[world.FERNHILL]


def test_c15_a_tier_counts_from_its_day_on(demo: Told) -> None:
    """A renewal of the first of May, told a week later, is judged by the tier of then."""
    tiers = partner(demo, world.GLASSWATER, "tiers { tier validFrom }")["tiers"]
    assert ["GOLD", "PLATINUM"] == [one["tier"] for one in tiers]
    found = reasons(demo, rep_of(demo, world.GLASSWATER)[0].name, world.CIRCLE)
    assert [("2026-05-01", "OUT_OF_SEGMENT"), ("2026-05-12", None)] == found


def test_c15_everything_that_can_be_in_the_way_is_in_somebodys_way(demo: Told) -> None:
    """And everything that can be done next is what somebody can do next."""
    offers = "{ viewer { programOffers { obstacles nextStep } } }"
    fields = "programs { audience(partnerId: $id) { obstacles nextStep } }"
    audience = f"query($id: ID!) {{ viewer {{ {fields} }} }}"
    found = [
        one
        for person in demo.people
        if person.partner
        for one in demo.ask(person.name, offers)["viewer"]["programOffers"]
    ]
    found += [
        one["audience"]
        for each in demo.partners()
        for one in demo.ask(INES, audience, id=encoded("Partner", each.id))["viewer"]["programs"]
    ]
    assert set(Obstacle) == {one for each in found for one in each["obstacles"]}
    assert set(NextStep) == {one["nextStep"] for one in found}


def test_c16_people_leave_move_and_are_promoted(demo: Told) -> None:
    """What the leaver left was paid by the vendor; its sale later is withheld; it is erased."""
    leaver, mover = (
        demo.read(One(Individual, demo.read(Listed(former_of(one.id))).ids[0]))
        for name in (world.EASTFOLD, world.IVORYGATE)
        for one in demo.partners()
        if one.name == name
    )
    assert (PersonStatus.ERASED, 1) == (leaver.status, len(leaver.employments))
    assert leaver.employments[0].valid_to
    assert LEAVER not in {one.name for one in demo.people}
    names = {one.id: one.name for one in demo.partners()}
    assert (MOVER, [world.IVORYGATE, world.GLASSWATER]) == (
        mover.name,
        [names[str(one.partner_id)] for one in mover.employments],
    )
    assert world.GLASSWATER == demo.person(MOVER).partner
    assert [("2026-05-18", None)] == reasons(demo, MOVER, world.GROWTH)
    assert ("PARTNER_EXECUTIVE", ["50 P"]) == (
        demo.person(PROMOTED).role,
        [worth(one["amount"]) for one in earnings(demo, PROMOTED, world.GROWTH, "training")],
    )


def test_c17_n1_every_individual_earning_names_its_consent(demo: Told) -> None:
    """Before the consent it is withheld, with that reason; after it is revoked, again."""
    fields = "occurredAt explain { consent { validFrom } }"
    consented = listed(demo, MARA, "earnings", fields)
    assert consented
    assert all(one["explain"]["consent"]["validFrom"] <= one["occurredAt"] for one in consented)
    revoked = [
        reason
        for rep in rep_of(demo, world.HIGHMERE)
        for day, reason in reasons(demo, rep.name, world.GROWTH)
        if day > "2026-04-16"
    ]
    assert {"NO_CONSENT"} == {one for one in revoked if one}


def test_c18_a_type_that_decides_for_all_is_data(demo: Told) -> None:
    """Distributors by the vendor's wish; direct marketers and large resellers by default."""
    found = demo.ask(INES, "{ participationPolicies { partnerType policy default } }")
    policies = {
        one["partnerType"]: (one["policy"], one["default"])
        for one in found["participationPolicies"]
    }
    assert ("COMPANY_WIDE", False) == policies["DISTRIBUTOR"]
    assert ("COMPANY_WIDE", True) == policies["DMR"] == policies["LAR"]
    assert ("SELECTIVE", True) == policies["VAR"]


def test_c19_a_first_consent_pays_what_was_withheld_before(demo: Told) -> None:
    """Two appointments and a proof before the consent, and one appointment after it."""
    fields = "ruleCode occurredAt recordedAt program { name } amount { money { amount } points }"
    late = [
        (one["occurredAt"][:10], worth(one["amount"]), one["recordedAt"][:10])
        for person in demo.people
        if person.partner == world.LARKSPUR and person.role != "PARTNER_EXECUTIVE"
        for one in listed(demo, person.name, "earnings", fields)
        if one["program"]["name"] == world.CLOUD
    ]
    assert [
        ("2026-04-14", "15.00", "2026-05-20"),
        ("2026-04-22", "15.00", "2026-05-20"),
        ("2026-05-06", "120.00", "2026-05-20"),
        ("2026-06-03", "15.00", "2026-06-03"),
    ] == sorted(late)


def test_c20_n2_a_rebate_accrues_while_the_company_takes_part(demo: Told) -> None:
    """800.00 + 1,400.00 by bands and 800.00 for growth; 500.00 until the consent was revoked."""
    paid = {
        name: [
            worth(one["amount"])
            for one in nodes(
                partner(
                    demo,
                    name,
                    "earnings(first: 50) { edges { node { program { name }"
                    " amount { money { amount } points } } } }",
                )["earnings"]
            )
            if one["program"]["name"] == world.REBATE
        ]
        for name in (world.LARKSPUR, world.HIGHMERE, world.FERNHILL)
    }
    assert {
        world.LARKSPUR: ["1400.00", "800.00", "800.00"],
        world.HIGHMERE: ["500.00"],
        world.FERNHILL: [],
    } == {name: sorted(amounts) for name, amounts in paid.items()}
    lapsed = [
        (day, reason)
        for day, reason in reasons(demo, rep_of(demo, world.HIGHMERE)[1].name, world.REBATE)
        if reason
    ]
    assert [("2026-04-28", "NO_PARTICIPATION")] == lapsed


def test_c20_a_company_reads_where_it_stands_in_its_bands(demo: Told) -> None:
    """140,000.00 in the quarter; what was won in the half-year before is as declared."""
    standings = eligibility(demo, world.LARKSPUR, world.REBATE, "2026-06-30")["standings"]
    assert [("Q2026-2", "140000.00", 2, 300), ("H2026-1", "140000.00", 2, 200)] == [
        (one["period"], one["revenue"]["amount"], one["band"], one["rateBps"]) for one in standings
    ]
    assert ("100000.00", True) == (
        standings[1]["yearBefore"]["amount"],
        standings[1]["yearBeforeDeclared"],
    )


def test_c20_participation_stands_in_every_way(demo: Told) -> None:
    """But for two: no consent to Growth ends by its date, and its terms never change."""
    told = {
        ParticipationStatus.NOT_REQUIRED: (world.LARKSPUR, world.SOLUTIONS, "2026-06-30"),
        ParticipationStatus.TAKES_PART: (world.HIGHMERE, world.REBATE, "2026-04-10"),
        ParticipationStatus.REVOKED: (world.HIGHMERE, world.REBATE, "2026-05-10"),
        ParticipationStatus.NOT_YET: (world.LARKSPUR, world.REBATE, "2026-01-03"),
        ParticipationStatus.NOT_COMPANY_WIDE: (world.FERNHILL, world.REBATE, "2026-06-30"),
        ParticipationStatus.NEVER_GRANTED: (world.DOVECOTE, world.REBATE, "2026-06-30"),
    }
    untold = {ParticipationStatus.EXPIRED, ParticipationStatus.OLD_TERMS}
    assert set(ParticipationStatus) == {*told, *untold}
    for status, (name, program_name, as_of) in told.items():
        found = eligibility(demo, name, program_name, as_of)
        assert status == found["participation"]["status"], name


def test_c21_the_companys_and_the_peoples_side_are_one_offer(demo: Told) -> None:
    document = (
        "{ viewer { programOffers { program { name } companyRules { words }"
        " individualRules { words } } } }"
    )
    offers = {
        one["program"]["name"]: one for one in demo.ask(ANSELM, document)["viewer"]["programOffers"]
    }
    growth, rebate = offers[world.GROWTH], offers[world.REBATE]
    assert growth["companyRules"]
    assert growth["individualRules"]
    assert ("Of what the company wins in a quarter", []) == (
        rebate["companyRules"][0]["words"].partition(":")[0],
        rebate["individualRules"],
    )


def test_c22_objections_stand_in_every_way_and_the_forgone_is_summed(demo: Told) -> None:
    """Not every category: four of seven have come up."""
    found = [
        one
        for each in demo.partners()
        for one in nodes(
            partner(demo, each.name, "objections { edges { node { category status answer } } }")[
                "objections"
            ]
        )
    ]
    assert set(ObjectionStatus) == {one["status"] for one in found}
    assert all(bool(one["answer"]) is (one["status"] != "OPEN") for one in found)
    untold = {ObjectionCategory.NOT_WORTH_IT, ObjectionCategory.LEGAL_OR_COMPLIANCE}
    untold |= {ObjectionCategory.OTHER}
    assert set(ObjectionCategory) - untold == {one["category"] for one in found}
    executive = next(
        one.name
        for one in demo.people
        if (one.partner, one.role) == (world.BRIGHTMOOR, "PARTNER_EXECUTIVE")
    )
    document = (
        "{ viewer { partner { forgoneEarnings { program { name }"
        " amounts { money { amount } points } } } } }"
    )
    forgone = {
        one["program"]["name"]: [worth(amount) for amount in one["amounts"] or ()]
        for one in demo.ask(executive, document)["viewer"]["partner"]["forgoneEarnings"]
    }
    assert forgone[world.GROWTH]
