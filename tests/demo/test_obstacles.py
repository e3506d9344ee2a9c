"""Whoever tries the portal finds in the demo what is in the way, and what was done about it."""

from typing import Any

from portal_api.demo import world
from portal_api.demo.obstructing import SURVEY
from tests.demo.asking import ANSELM, INES, MARA, nodes, program
from tests.demo.telling import Told

REPORT = "behavior kind status role answer partner { name } reportedBy { name }"
DONE = "id behavior startedOn text partner { name } reports { status } corrects { id }"


def told_of(demo: Told, fields: str) -> Any:
    """The program for enabling people as the channel manager sees it."""
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Program {{ {fields} }} }} }}"
    return demo.ask(INES, document, id=program(demo, world.ENABLEMENT, "id")["id"])["node"]


def test_c28_obstacles_are_reported_and_done_about(demo: Told) -> None:
    """Friction in three behaviors, and no motivation for two; the vendor noted one of these."""
    fields = f"open: obstacleReports {{ edges {{ node {{ {REPORT} }} }} }}"
    fields += f" closed: obstacleReports(status: CLOSED) {{ edges {{ node {{ {REPORT} }} }} }}"
    found = told_of(demo, fields)
    waiting, closed = nodes(found["open"]), nodes(found["closed"])

    assert {
        (world.SELL_OUT, "FRICTION", world.FERNHILL),
        (world.EVENT, "FRICTION", world.HIGHMERE),
        (world.ADVANCED, "MOTIVATION", world.LARKSPUR),
        (world.LEAD, "MOTIVATION", world.NORRLAND),
    } == {(one["behavior"], one["kind"], one["partner"]["name"]) for one in waiting}
    noted = [one for one in waiting if one["role"] == "CHANNEL_MANAGER"]
    assert [INES] == [one["reportedBy"]["name"] for one in noted]
    assert [(SURVEY, "FRICTION", True)] * 2 == [
        (one["behavior"], one["kind"], "one page" in one["answer"]) for one in closed
    ]


def test_c28_interventions_are_dated_and_corrected(demo: Told) -> None:
    found = told_of(demo, f"interventions {{ edges {{ node {{ {DONE} }} }} }}")
    lately, right, wrong = nodes(found["interventions"])
    assert (world.SELL_OUT, world.FERNHILL, [{"status": "OPEN"}] * 3) == (
        *(lately["behavior"], lately["partner"]["name"]),
        lately["reports"],
    )
    assert ("2026-04-13", None, [{"status": "CLOSED"}] * 2, {"id": wrong["id"]}) == (
        *(right["startedOn"], right["partner"]),
        *(right["reports"], right["corrects"]),
    )


def test_c28_a_rep_reads_its_own_report_and_its_executive_that_several_say_so(demo: Told) -> None:
    """Three of her company do: its executive is told no more of it."""
    own = (
        f"{{ viewer {{ individual {{ obstacleReports {{ edges {{ node {{ {REPORT} }} }} }} }} }} }}"
    )
    (mine,) = nodes(demo.ask(MARA, own)["viewer"]["individual"]["obstacleReports"])
    assert (world.SELL_OUT, "OPEN", MARA) == (
        *(mine["behavior"], mine["status"]),
        mine["reportedBy"]["name"],
    )
    told = "{ viewer { partner { sharedObstacles { behavior kind program { name } } } } }"
    shared = demo.ask(ANSELM, told)["viewer"]["partner"]["sharedObstacles"]
    assert [
        {"behavior": world.SELL_OUT, "kind": "FRICTION", "program": {"name": world.ENABLEMENT}}
    ] == shared


def test_c28_the_insight_tells_to_fix_first_to_watch_and_to_incent(demo: Told) -> None:
    """The shorter form helped, it is too early for what is new, and some see no point in it."""
    fields = "insights { obstacles { behaviors { behavior { code } advice unanswered"
    fields += " trends { verdict weeks change { low } intervention { partner { name } } } } } }"
    found = told_of(demo, fields)["insights"]["obstacles"]["behaviors"]
    of = {one["behavior"]["code"]: one for one in found}

    assert ("FIX_FIRST", 1) == (of[world.EVENT]["advice"], of[world.EVENT]["unanswered"])
    assert ("WATCH", ["TOO_EARLY"]) == (
        of[world.SELL_OUT]["advice"],
        [one["verdict"] for one in of[world.SELL_OUT]["trends"]],
    )
    assert "INCENT" == of[world.ADVANCED]["advice"] == of[world.LEAD]["advice"]
    (trend,) = of[SURVEY]["trends"]
    assert ("SOLVED", "IMPROVED", 8) == (of[SURVEY]["advice"], trend["verdict"], trend["weeks"])
    assert float(trend["change"]["low"]) > 0
    assert "NOTHING_REPORTED" == of[world.RENEWAL]["advice"]
