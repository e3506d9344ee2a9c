"""The insight as portals read it: what was kept, in units for people, and what it stands on."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.writes import Save
from tests.schema.answered import AS_OF, BREADTH, INTERVAL, MONEY, STANDING, Told, ranking
from tests.schema.client import Client

BASIS = "basis { method n nOf thresholds { name value } startsOn endsOn }"
MONEY_INTERVAL = f"{{ value {MONEY} low {MONEY} high {MONEY} level }}"
HABIT = (
    f"behavior {{ code }} weeks before during after lift {INTERVAL} left {INTERVAL} kept verdict"
)
WINDOW = f"""weeks pipeline pipelineValue {MONEY} won lost winRatio daysToClose sales {MONEY}
    salesPerPartner {MONEY}"""


@pytest.fixture
def told(quick_client: Client) -> Told:
    """Give answers that were kept."""
    return Told(quick_client).kept()


def interval(value: str, low: str, high: str) -> dict[str, str]:
    """An interval of 99 %."""
    return {"value": value, "low": low, "high": high, "level": "99.00"}


def usd(amount: str) -> dict[str, str]:
    """US dollars as an answer."""
    return {"amount": amount, "currencyCode": "USD"}


def basis(method: str, n: int = 12, n_of: str = "partners") -> dict[str, Any]:
    """What an answer stands on."""
    limits = [{"name": "window_weeks", "value": 52}, {"name": "level_bps", "value": 9_500}]
    return {
        "method": method,
        "n": n,
        "nOf": n_of,
        "thresholds": limits,
        "startsOn": "2025-01-06",
        "endsOn": "2026-01-05",
    }


SPIKE = {
    "behavior": {"code": "TRAINING"},
    "weeks": 13,
    "before": "1.000",
    "during": "3.000",
    "after": "1.125",
    "lift": interval("2.000", "1.500", "3.000"),
    "left": interval("0.125", "-0.125", "0.625"),
    "kept": "6.25",
    "verdict": "SPIKE",
}


def test_what_is_kept_is_told_on_each_engine(client: Client) -> None:
    """It comes back from the table as it went in, dates, enums and intervals included."""
    told = Told(client)
    assert (None, None) == (told.whole("asOf"), told.own("asOf"))
    told.kept()
    stored = client.world.load
    for record in (told.answers.of_program(), told.answers.of_partner()):
        assert replace(record, version=1) == stored(type(record), record.id)
    assert "2026-01-05T09:00:00Z" == told.whole("asOf")["asOf"] == told.own("asOf")["asOf"]
    assert ["JPY"] == told.whole("unconverted")["unconverted"]


def test_C25_partners_and_people_are_ranked_in_cohorts_with_their_totals(told: Told) -> None:
    """Each with its node; a person also with its company."""
    asked = f"""{BASIS} sufficient periods periodsNeeded cohorts {{ cohort parties sales {MONEY} }}
        standings {{ edges {{ node {{ {STANDING} partner {{ id }} individual {{ id }} }} }} }}"""
    found = told.whole(f"ranking {{ {asked} }} peopleRanking {{ {asked} }}")
    partners, people = found["ranking"], found["peopleRanking"]

    assert (basis("ranking", 2), True, 13, 6) == tuple(
        partners[name] for name in ("basis", "sufficient", "periods", "periodsNeeded")
    )
    assert [("TOP", 3, usd("29999.50")), ("NON", 2, usd("0.00"))] == [
        (one["cohort"], one["parties"], one["sales"]) for one in partners["cohorts"]
    ]
    first, second = (edge["node"] for edge in partners["standings"]["edges"])
    assert {
        "rank": 1,
        "cohort": "TOP",
        "sales": usd("9999.50"),
        "won": 99,
        "periodsAtTop": 7,
        "consistency": "CONSISTENT",
        "partner": {"id": told.partner},
        "individual": None,
    } == first
    assert told.other == second["partner"]["id"]
    assert [(told.partner, one.id) for one in told.reps] == [
        (edge["node"]["partner"]["id"], edge["node"]["individual"]["id"])
        for edge in people["standings"]["edges"]
    ]


def test_C25_a_ranking_is_read_page_by_page(told: Told) -> None:
    """Up to its end, and cursors of the one are none of the other."""
    ids = [f"ptn-{number}" for number in range(45)]
    record = replace(told.answers.of_program(), ranking=ranking(ids, "ranking"), version=1)
    told.client.world.store.commit([Save(record)])
    document = """query($id: ID!, $after: String) { node(id: $id) { ... on Program { insights {
        %s { standings(after: $after) { edges { cursor node { rank } }
        pageInfo { hasNextPage endCursor } } } } } } }"""
    ranks: list[int] = []
    cursors: list[str | None] = [None]
    for after in cursors:
        given = {"id": told.program, "after": after}
        page = told.client.query(told.manager, document % "ranking", **given)
        shown = page["node"]["insights"]["ranking"]["standings"]
        ranks += [edge["node"]["rank"] for edge in shown["edges"]]
        cursors += [shown["pageInfo"]["endCursor"]] if shown["pageInfo"]["hasNextPage"] else []
    assert (list(range(1, 46)), 3) == (ranks, len(cursors))
    given = {"id": told.program, "after": cursors[-1]}
    refused = told.client.answer(told.manager, document % "peopleRanking", **given)
    assert ["BAD_CURSOR"] == [one["extensions"]["code"] for one in refused["errors"]]


def test_C26_N6_the_profile_of_the_top_tells_each_gap_with_its_interval_and_n(told: Told) -> None:
    asked = f"""{BASIS} top others behaviors {{ behavior {{ code name }} occurrences topAdoption
        othersAdoption adoptionGap {INTERVAL} topPerWeek othersPerWeek frequencyGap {INTERVAL}
        verdict }} training {{ level topReached othersReached gap {INTERVAL} verdict }}"""
    found = told.whole(f"profile {{ {asked} }} peopleProfile {{ basis {{ method }} }}")
    (training,) = found["profile"]["behaviors"]
    assert (basis("top and others"), 3, 9) == tuple(
        found["profile"][name] for name in ("basis", "top", "others")
    )
    assert {
        "behavior": {"code": "TRAINING", "name": "Training"},
        "occurrences": 240,
        "topAdoption": "100.00",
        "othersAdoption": "37.50",
        "adoptionGap": interval("62.50", "52.50", "82.50"),
        "topPerWeek": "2.500",
        "othersPerWeek": "0.250",
        "frequencyGap": interval("2.250", "1.500", "3.750"),
        "verdict": "TOP_DOES_MORE",
    } == training
    level = {"level": 2, "topReached": "90.00", "othersReached": "12.50", "gap": None}
    assert [{**level, "verdict": "INSUFFICIENT_DATA"}] == found["profile"]["training"]


def test_C26_what_to_pay_for_next_has_its_price_and_what_one_partner_misses(told: Told) -> None:
    asked = f"""nextIncentives {{ {BASIS} sufficient suggestions {{ behavior {{ code }} paidAlready
        parties missing price {MONEY} cost {MONEY} }} }}"""
    found = told.whole(asked)["nextIncentives"]
    priced = {"behavior": {"code": "TRAINING"}, "paidAlready": True, "parties": 9, "missing": 263}
    free = {"behavior": {"code": "DEAL_REGISTERED"}, "paidAlready": False, "parties": 4}
    assert (basis("next"), True) == (found["basis"], found["sufficient"])
    assert [
        {**priced, "price": usd("50.25"), "cost": usd("13215.75")},
        {**free, "missing": 99, "price": None, "cost": None},
    ] == found["suggestions"]
    missing = (
        "missing { basis { method } behaviors { behavior { code } ownPerWeek topPerWeek never } }"
    )
    lacking = {"ownPerWeek": "0.000", "topPerWeek": "2.500", "never": True}
    assert {
        "basis": {"method": "top and others"},
        "behaviors": [{"behavior": {"code": "TRAINING"}, **lacking}],
    } == told.own(missing)["missing"]


def test_C27_the_five_Cs_are_numbers_with_what_they_are_out_of(told: Told) -> None:
    """For the manager; for the partner's executive without what others have sold."""
    asked = f"""scorecard {{ basis {{ method }} contribution {{ sales {MONEY} salesShare }}
        capacity {{ staff active certified trainingLevel }}
        coverage {{ stages stagesOf products productsOf }}
        commitment {{ activeWeeks weeks activeShare registeredBefore won registeredShare }}
        consumption {{ behaviors perWonDeal }} }}"""
    expected: dict[str, Any] = {
        "basis": {"method": "five C's"},
        "contribution": {"sales": usd("700000.05"), "salesShare": "12.34"},
        "capacity": {"staff": 6, "active": 3, "certified": 3, "trainingLevel": "1.500"},
        "coverage": {"stages": 3, "stagesOf": 5, "products": 2, "productsOf": 4},
        "commitment": {
            "activeWeeks": 26,
            "weeks": 52,
            "activeShare": "50.00",
            "registeredBefore": 6,
            "won": 7,
            "registeredShare": "85.71",
        },
        "consumption": {"behaviors": 9, "perWonDeal": "1.286"},
    }
    assert expected == told.own(asked)["scorecard"]
    expected["contribution"] |= {"salesShare": None}
    expected["coverage"] |= {"productsOf": None}
    assert expected == told.own(asked, told.executive)["scorecard"]


def test_C28_obstacles_come_with_the_advice(told: Told) -> None:
    asked = f"obstacles {{ {BASIS} behaviors {{ behavior {{ code }} openFriction advice }} }}"
    found = told.whole(asked)["obstacles"]
    advised = {"behavior": {"code": "TRAINING"}, "openFriction": 2, "advice": "FIX_FIRST"}
    assert {"basis": basis("obstacles"), "behaviors": [advised]} == found


def test_C30_a_partners_pace_is_told_beside_that_of_the_top(told: Told) -> None:
    whole = told.whole(
        f"pace {{ {BASIS} behaviors {{ code }} before since change {INTERVAL} verdict }}"
    )
    assert {
        "basis": basis("pace"),
        "behaviors": [{"code": "TRAINING"}],
        "before": "2.500",
        "since": "2.625",
        "change": interval("0.125", "-0.175", "0.725"),
        "verdict": "UNCHANGED",
    } == whole["pace"]
    asked = f"pace {{ {BASIS} before since ratio {INTERVAL} verdict }}"
    assert {
        "basis": basis("pace"),
        "before": "0.500",
        "since": "1.250",
        "ratio": interval("47.62", "38.62", "65.62"),
        "verdict": "BEHIND",
    } == told.own(asked, told.executive)["pace"]


def test_C31_N3_durability_is_told_of_all_of_a_partner_its_teams_and_its_people(told: Told) -> None:
    """A team that fell below where it began has kept less than nothing."""
    report = f"durability {{ {BASIS} behaviors {{ {HABIT} }} }}"
    whole, own = told.whole(report)["durability"], told.own(report)["durability"]
    assert {"basis": basis("durability"), "behaviors": [SPIKE]} == whole == own
    asked = f"""teams {{ team {{ name }} durability {{ {HABIT} }} }} people {{ edges {{ node {{
        individual {{ id }} standing {{ rank sales {MONEY} }} durability {{ {HABIT} }} }} }} }}"""
    found = told.own(asked)
    fallen = {**SPIKE, "kept": "-25.05"}
    assert [{"team": {"name": "Field"}, "durability": [fallen]}] == found["teams"]
    places = [{"rank": rank, "sales": usd("1.00")} for rank in (1, 2, 3, 4)]
    assert [
        {"individual": {"id": one.id}, "standing": place, "durability": [SPIKE]}
        for one, place in zip(told.reps, places, strict=True)
    ] == [edge["node"] for edge in found["people"]["edges"]]


def test_C32_N4_breadth_is_told_with_its_flag(told: Told) -> None:
    (spread,) = told.own(BREADTH)["breadth"]["behaviors"]
    assert {
        "behavior": {"code": "TRAINING"},
        "staff": 6,
        "doing": 3,
        "occurrences": 40,
        "doingShare": interval("50.00", "30.00", "90.00"),
        "verdict": "STAR_DEPENDENT",
        "topOne": "60.00",
        "topTwo": "90.25",
        "flag": "TALK_TO_LEADERSHIP",
    } == spread


def test_C32_N4_whom_to_invest_in_and_to_talk_to_is_a_list_of_the_program(told: Told) -> None:
    """Page by page, and its partners are read together."""
    asked = """flags(first: %d) { edges { node { partner { id } behavior { code } verdict flag } }
        pageInfo { hasNextPage } }"""
    found = told.whole(asked % 20)["flags"]
    training = {"behavior": {"code": "TRAINING"}}
    assert [
        {
            "partner": {"id": told.partner},
            "verdict": "STAR_DEPENDENT",
            "flag": "TALK_TO_LEADERSHIP",
            **training,
        },
        {"partner": {"id": told.other}, "verdict": "ORG_WIDE", "flag": "INVEST", **training},
    ] == [edge["node"] for edge in found["edges"]]
    assert told.whole(asked % 1)["flags"]["pageInfo"]["hasNextPage"]
    assert told.whole("flags { edges { node { flag } } }", told.executive) is None


def test_C33_an_uneven_incentive_is_flagged_with_its_dispersion_partner_by_partner(
    told: Told,
) -> None:
    asked = f"""consistency {{ {BASIS} incentives {{ behavior {{ code }} mean q p spread verdict
        partners {{ edges {{ node {{ partner {{ id }} change error }} }} }} }} }}"""
    found = told.whole(asked)["consistency"]
    (uneven,) = found["incentives"]
    partners = [edge["node"] for edge in uneven.pop("partners")["edges"]]
    numbers = {"mean": "0.375", "q": "31.415", "p": "0.03", "spread": "81.25"}
    assert {"behavior": {"code": "TRAINING"}, **numbers, "verdict": "INCONSISTENT"} == uneven
    assert basis("consistency") == found["basis"]
    assert [
        {"partner": {"id": told.partner}, "change": "-0.250", "error": "0.125"},
        {"partner": {"id": told.other}, "change": "0.000", "error": "0.050"},
    ] == partners


def test_C34_N5_deadweight_is_told_in_exact_money_by_the_name_of_its_baseline(told: Told) -> None:
    amount = f"{{ money {MONEY} points }}"
    asked = f"""deadweight {{ {BASIS} incentives {{ behavior {{ code }} baseline participants others
        actual predicted {INTERVAL} anywayShare {INTERVAL} verdict money {{ paid {amount}
        anyway {amount} anywayLow {amount} anywayHigh {amount} total {amount} }}
        parallelBefore }} }}"""
    found = told.whole(asked)["deadweight"]
    before, last_year = found["incentives"]
    dollars, points = before.pop("money")
    names = ("paid", "anyway", "anywayLow", "anywayHigh", "total")
    sums = ("500000.25", "350000.10", "300000.05", "400000.20", "600000.30")
    assert [{"money": usd(one), "points": None} for one in sums] == [dollars[one] for one in names]
    assert [9_000, 6_300, 5_400, 7_200, 9_500] == [points[one]["points"] for one in names]
    assert {
        "behavior": {"code": "TRAINING"},
        "baseline": "BEFORE",
        "participants": 8,
        "others": 4,
        "actual": 286,
        "predicted": interval("200", "170", "260"),
        "anywayShare": interval("70.00", "60.00", "90.00"),
        "verdict": "MOSTLY_DEADWEIGHT",
        "parallelBefore": None,
    } == before
    unknown = {"predicted": None, "anywayShare": None, "verdict": "INSUFFICIENT_DATA"}
    assert {**before, **unknown, "baseline": "LAST_YEAR", "money": []} == last_year
    assert basis("deadweight") == found["basis"]


def test_C35_the_bottom_line_is_before_and_since_and_against_others(told: Told) -> None:
    change = f"{{ change {INTERVAL} verdict }}"
    money = f"{{ change {MONEY_INTERVAL} verdict }}"
    asked = f"""bottomLine {{ {BASIS} participants others before {{ {WINDOW} }} since {{ won lost }}
        winRatio {change} daysToClose {change} salesPerPartner {money} againstOthers {money}
        selfSelected }}"""
    found = told.whole(asked)["bottomLine"]
    before = {
        "weeks": 26,
        "pipeline": 5,
        "pipelineValue": usd("250000.00"),
        "won": 7,
        "lost": 3,
        "winRatio": "70.00",
        "daysToClose": "41.500",
        "sales": usd("700000.00"),
        "salesPerPartner": usd("26923.08"),
    }
    rose = {"value": usd("1000.50"), "low": usd("500.50"), "high": usd("2000.50")}
    against = {"value": usd("750.25"), "low": usd("-249.75"), "high": usd("2750.25")}
    assert {
        "basis": basis("bottom line"),
        "participants": 8,
        "others": 4,
        "before": before,
        "since": {"won": 9, "lost": 1},
        "winRatio": {"change": interval("20.00", "15.00", "30.00"), "verdict": "ROSE"},
        "daysToClose": {"change": interval("-3.500", "-4.500", "-1.500"), "verdict": "FELL"},
        "salesPerPartner": {"change": {**rose, "level": "99.00"}, "verdict": "ROSE"},
        "againstOthers": {"change": {**against, "level": "99.00"}, "verdict": "NO_CHANGE"},
        "selfSelected": True,
    } == found
    own = told.own(f"pipeline {{ basis {{ method }} before {{ {WINDOW} }} since {{ won }} }}")
    expected = {"basis": {"method": "bottom line"}, "before": before, "since": {"won": 8}}
    assert {"pipeline": expected} == own


def test_C36_every_answer_has_the_time_of_its_refresh(told: Told) -> None:
    """A later one takes its place."""
    later = AS_OF.replace(hour=10)
    for record in (told.answers.of_program(), told.answers.of_partner()):
        told.client.world.store.commit([Save(replace(record, as_of=later, version=1))])
    assert "2026-01-05T10:00:00Z" == told.whole("asOf")["asOf"] == told.own("asOf")["asOf"]
