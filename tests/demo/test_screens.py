"""The three screens of the README, asked of the demo: what they cost, and what they show."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from portal_api.demo import habits, world
from portal_api.dev.examples import Example, Places, examples
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import call
from tests.demo.asking import nodes, worth
from tests.demo.telling import AFTERWARDS, Told
from tests.schema.test_round_trips import CountingEngine

PHONE, COMPANY, VENDOR = "01-my-screen", "02-our-company", "10-what-waits"


class Screens:
    """The demo behind an engine that counts its round trips."""

    def __init__(self, demo: Told, engine: SqliteEngine) -> None:
        self.demo, self.counting = demo, CountingEngine(engine)
        self.examples: dict[str, Example] = {one.key: one for one in examples()}

    def asked(self, key: str, **given: object) -> tuple[Any, int]:
        """What a screen shows to the person it is for, and how many round trips that took."""
        example, store = self.examples[key], TableStore(self.counting)
        portal = Portal(store, lambda: AFTERWARDS, lambda: "asked000000000000000")
        places = Places(store, self.demo.people, portal.new_id)
        variables = {**places.fill(example.variables), **given}
        self.counting.waves.clear()
        answer = call(portal, self.demo.person(example.person).id, example.document, variables)
        assert "errors" not in answer, answer
        assert {"read"} == set(self.counting.waves)
        return answer["data"], len(self.counting.waves)


@pytest.fixture(scope="module")
def screens(demo: Told) -> Iterator[Screens]:
    """Give the demo's screens."""
    engine = SqliteEngine(demo.path, durable=False)
    yield Screens(demo, engine)
    engine.close()


def by_name(found: list[Any], at: str = "program") -> dict[str, Any]:
    """What is listed, by the name of its program."""
    return {one[at]["name"]: one for one in found}


def test_the_reps_phone_costs_two_round_trips(screens: Screens) -> None:
    """Who asks, then all else, with 20 earnings."""
    shown, trips = screens.asked(PHONE, last=20)
    assert 2 == trips
    person = shown["viewer"]["individual"]
    assert 20 == len(nodes(person["earnings"]))
    enrolled = {name: one["consented"] for name, one in by_name(person["enrollments"]).items()}
    programs = (world.GROWTH, world.ENABLEMENT, world.SOLUTIONS, world.SPRINT)
    assert {**dict.fromkeys(programs, True), world.CLOUD: False} == enrolled


def test_the_reps_phone_says_what_to_do_next(screens: Screens) -> None:
    """Where nothing can be done it says which tier and which role the program is for."""
    viewer = screens.asked(PHONE)[0]["viewer"]
    offers = {
        name: (one["nextStep"], one["tiersNeeded"], one["rolesNeeded"])
        for name, one in by_name(viewer["programOffers"]).items()
    }
    assert ("EARNING", [], []) == offers[world.GROWTH]
    assert ("WAIT_FOR_EXECUTIVE", [], []) == offers[world.CLOUD]
    assert ("NOTHING", ["PLATINUM"], []) == offers[world.CIRCLE]
    assert ("NOTHING", [], ["MARKETER"]) == offers[world.MAKERS]
    kinds = {one["kind"] for one in viewer["inbox"]["items"]}
    assert {"EARNING_AVAILABLE", "GOAL_REACHED", "EXPIRING_SOON", "DISPUTE_ANSWERED"} == kinds


def test_the_reps_phone_shows_goal_stretch_and_what_is_earned_at_each(screens: Screens) -> None:
    """Two sales of 30,000.00 to a goal of 40,000.00; four advanced trainings of four."""
    goals = {one["name"]: one for one in screens.asked(PHONE)[0]["viewer"]["individual"]["goals"]}
    spring = goals["Spring 2026"]
    assert ("150.0", "60000.00", "50000.00") == (
        spring["attainment"],
        spring["progress"]["money"]["amount"],
        spring["stretch"]["money"]["amount"],
    )
    assert ("100.0", 4) == (
        goals["Advanced trainings"]["attainment"],
        goals["Advanced trainings"]["progress"]["count"],
    )
    year = goals["Year 2026"]
    assert Decimal(100) < Decimal(year["attainment"]) < Decimal(125)
    now, at_stretch = (
        Decimal(one["money"]["amount"])
        for point in ("now", "atStretch")
        for one in year["earnings"][point]
        if one["money"]
    )
    # What is missing in deals that are registered before, at 3 %, and the stretch goal's bonus.
    missing = Decimal("412500.00") - Decimal(year["progress"]["money"]["amount"])
    assert missing * 3 / 100 + 300 == at_stretch - now


def test_the_executives_portal_costs_two_round_trips(screens: Screens) -> None:
    """Who asks, then the company, its consents, goals, totals, rebate and inbox at once."""
    shown, trips = screens.asked(COMPANY)
    assert 2 == trips
    partner = shown["viewer"]["partner"]
    assert (world.FERNHILL, "VAR", "GOLD", "SERVICES_LED", "VERTICAL_FOCUS", "SELECTIVE") == tuple(
        partner[of]
        for of in ("name", "type", "tier", "businessModel", "strategy", "participationPolicy")
    )


def test_the_executives_portal_says_who_takes_part_and_what_is_asked(screens: Screens) -> None:
    """Counts and totals, no names and no single amounts; what ends soon and what was withheld."""
    viewer = screens.asked(COMPANY)[0]["viewer"]
    partner = viewer["partner"]
    taking = by_name(partner["participation"])
    none = (world.REBATE, habits.PLANNING, habits.WEBINARS, habits.QUOTES)
    assert {4} == {one["enrolled"] for name, one in taking.items() if name not in none}
    # Two people of three reps have sold in the sprint: too few for a total.
    assert taking[world.SPRINT]["staffEarned"] is None
    assert taking[world.GROWTH]["staffEarned"]
    (asked,) = partner["consentRequests"]
    assert (world.CLOUD, 2) == (asked["program"]["name"], asked["remindersSent"])
    ending = [one for one in partner["consents"] if one["validTo"]]
    assert [(world.ENABLEMENT, ["SALES_ENGINEER"], "1000 P")] == [
        (one["program"]["name"], one["roles"], worth(one["caps"][0])) for one in ending
    ]
    # Three appointments at 15.00 and a proof of concept at 120.00.
    assert ["165.00"] == [
        worth(one) for one in by_name(partner["forgoneEarnings"])[world.CLOUD]["amounts"]
    ]
    told = {one["kind"] for one in viewer["inbox"]["items"]}
    assert {"CONSENT_REQUESTED", "CONSENT_ENDING", "OBJECTION_ANSWERED"} == told


def test_the_executives_portal_shows_both_sides_of_the_rebate(screens: Screens) -> None:
    """Its own people earn; the company does not, since not all of it takes part."""
    shown = screens.asked(COMPANY)[0]
    rebate = shown["rebateEligibility"]
    missing = [one["check"] for one in rebate["reasons"] if not one["holds"]]
    assert (False, ["PARTICIPATION"]) == (rebate["eligible"], missing)
    assert ("NOT_COMPANY_WIDE", world.GROWTH) == (
        rebate["participation"]["status"],
        rebate["participation"]["program"]["name"],
    )
    assert ["0.00"] * 2 == [one["revenue"]["amount"] for one in rebate["standings"]]
    (objection,) = nodes(shown["viewer"]["partner"]["objections"])
    assert (world.REBATE, "ANSWERED") == (objection["program"]["name"], objection["status"])


def test_the_executives_goals_sum_up_and_tell_of_no_two_people(screens: Screens) -> None:
    (tree,) = screens.asked(COMPANY)[0]["viewer"]["partner"]["goalTrees"]
    company, teams = tree["company"], tree["teams"]
    assert company["addsUp"]
    for value in ("goal", "stretch", "progress"):
        assert Decimal(company["goal"][value]["money"]["amount"]) == sum(
            Decimal(team["goal"][value]["money"]["amount"]) for team in teams
        )
    assert [None, None] == [team["goal"]["earnings"] for team in teams]
    assert company["goal"]["earnings"]["now"]


def test_the_channel_managers_day_shows_every_queue(screens: Screens) -> None:
    """Each in the inbox with its first entries; a budget of which 80 % is used."""
    shown, trips = screens.asked(VENDOR)
    assert 5 >= trips
    viewer = shown["viewer"]
    assert {
        *("REGISTRATIONS_TO_DECIDE", "PAYOUTS_TO_BATCH", "ADJUSTMENTS_TO_APPROVE"),
        *("DISPUTES_TO_ANSWER", "CLAIMS_TO_REVIEW", "EXTENSIONS_TO_DECIDE"),
        *("OBJECTIONS_TO_ANSWER", "BUDGET_LOW"),
    } == {one["kind"] for one in viewer["inbox"]["items"]}
    assert "Juno Observatory" == nodes(viewer["submittedDeals"])[0]["endCustomer"]
    assert 2 == len(nodes(viewer["claimsToReview"]))
    (objection,) = nodes(viewer["openObjections"])
    assert (world.BRIGHTMOOR, "CONFLICTS_WITH_OWN_PLAN") == (
        objection["partner"]["name"],
        objection["category"],
    )
    assert [world.MAKERS] == [
        one["name"] for one in viewer["programs"] if any(use["low"] for use in one["budgetUse"])
    ]
    waiting = {one["name"]: one["consentRequests"] for one in nodes(viewer["partners"])}
    assert {world.LARKSPUR: 0, world.DOVECOTE: 2} == {
        name: len(asked) for name, asked in waiting.items()
    }
    log = nodes(viewer["auditLog"])
    assert ["PlanDrafted", "TermsUpdated", "ProgramFunded"] == [one["kind"] for one in log]
    assert {"Ines Valcourt"} == {one["actor"]["name"] for one in log}
