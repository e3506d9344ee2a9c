"""Obstacles: why behaviors are not done, as their reporters, executives and the vendor see it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from portal_api.domain.events import Event
from portal_api.domain.obstacles import ObstacleReport, ObstacleStatus
from portal_api.schema.ids import encoded, split
from portal_api.services.obstacles import obstacles_at, obstacles_to
from portal_api.services.store import Listed, Many, One, of_events
from tests.schema.client import Client, Person

REPORT = """id behavior kind text role status answer
    program { id } partner { id } reportedBy { id } closedBy { id }"""
DONE = """id behavior text startedOn partner { id } reports { id } corrects { id }
    recordedBy { id } program { id }"""
OF_PROGRAM = f"""query($id: ID!, $status: ObstacleStatus! = OPEN, $first: Int! = 20,
        $after: String) {{ node(id: $id) {{ ... on Program {{
    obstacleReports(status: $status, first: $first, after: $after) {{
        edges {{ node {{ {REPORT} }} }} pageInfo {{ hasNextPage endCursor }} }}
    interventions(first: $first) {{ edges {{ node {{ {DONE} }} }} }} }} }} }}"""
OWN = f"{{ viewer {{ individual {{ obstacleReports {{ edges {{ node {{ {REPORT} }} }} }} }} }} }}"
SHARED = "{ viewer { partner { sharedObstacles { behavior kind program { id } } } } }"
NODE = "query($id: ID!) { node(id: $id) { id } }"


@dataclass
class Setting:
    """A partner with its executive and four of its staff, and a program that is for all."""

    client: Client

    def __post_init__(self) -> None:
        client = self.client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        roles = ("SALES_REP", "SALES_REP", "SALES_ENGINEER", "MARKETER")
        self.staff = [client.person(role, self.partner) for role in roles]
        self.program = client.program(self.manager)
        client.behavior(self.manager)

    def report(self, who: Person, **given: Any) -> dict[str, Any]:
        """What is answered to a report of friction in trainings."""
        wish = {"partnerId": self.partner, "programId": self.program, "behavior": "TRAINING"}
        wish |= {"kind": "FRICTION", "text": "The page\nis slow."}
        told = f"... on ObstacleReported {{ report {{ {REPORT} }} }} ... on NotFound {{ field }}"
        told += " ... on ObstacleAlreadyReported { reportId }"
        return self.client.do(who, "reportObstacle", told, **wish | given)

    def reported(self, who: Person, **given: Any) -> dict[str, Any]:
        """A report."""
        made: dict[str, Any] = self.report(who, **given)["report"]
        return made

    def close(self, report: dict[str, Any], again: str | None = None) -> dict[str, Any]:
        told = f"... on ObstacleClosed {{ report {{ {REPORT} }} }}"
        told += " ... on ObstacleNotOpen { closedAt }"
        wish = {"obstacleReportId": report["id"], "answer": "It is fast now."}
        return self.client.do(self.manager, "closeObstacle", told, again=again, **wish)

    def intervene(self, who: Person | None = None, **given: Any) -> dict[str, Any]:
        """What is answered to an intervention of today, everywhere."""
        wish = {"programId": self.program, "behavior": "TRAINING", "text": "A faster page."}
        wish |= {"startedOn": self.client.world.now.date().isoformat()}
        told = f"... on InterventionRecorded {{ intervention {{ {DONE} }} }}"
        told += " ... on NotFound { field } ... on InvalidInput { field }"
        return self.client.do(who or self.manager, "recordIntervention", told, **wish | given)

    def of_program(self, who: Person, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.query(who, OF_PROGRAM, id=self.program, **given)["node"]
        return found

    def shared(self) -> list[tuple[str, str]]:
        """What the executive is told that several report."""
        found = self.client.query(self.executive, SHARED)["viewer"]["partner"]["sharedObstacles"]
        assert {self.program} >= {one["program"]["id"] for one in found}
        return [(one["behavior"], one["kind"]) for one in found]


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


def test_C28_an_obstacle_is_reported_done_about_and_closed(client: Client) -> None:
    """With who, what and when; the vendor reads all, and the reporter its own with the answer."""
    setting = Setting(client)
    rep = setting.staff[0]
    made = setting.reported(rep)
    noted = setting.reported(setting.manager, behavior="DEAL_SUBMITTED", kind="MOTIVATION")
    client.world.wait()
    done = setting.intervene(partnerId=setting.partner, obstacleReportIds=[made["id"]] * 2)
    everywhere = setting.intervene(correctsId=done["intervention"]["id"])
    waiting = setting.of_program(setting.manager)
    closed = setting.close(made)["report"]
    again = setting.close(made)

    about = {"program": {"id": setting.program}, "partner": {"id": setting.partner}}
    words = {"text": "The page\nis slow.", "answer": None, "closedBy": None, "status": "OPEN"}
    assert {
        "id": made["id"],
        "behavior": "TRAINING",
        "kind": "FRICTION",
        "role": "SALES_REP",
        **({"reportedBy": {"id": rep.id}} | about | words),
    } == made
    assert ("MOTIVATION", "CHANNEL_MANAGER", setting.manager.id) == (
        *(noted["kind"], noted["role"]),
        noted["reportedBy"]["id"],
    )
    assert {
        "id": done["intervention"]["id"],
        "behavior": "TRAINING",
        "text": "A faster page.",
        "startedOn": client.world.now.date().isoformat(),
        "partner": {"id": setting.partner},
        "reports": [{"id": made["id"]}],
        "corrects": None,
        "recordedBy": {"id": setting.manager.id},
        "program": {"id": setting.program},
    } == done["intervention"]
    assert (None, [], {"id": done["intervention"]["id"]}) == (
        *(everywhere["intervention"]["partner"], everywhere["intervention"]["reports"]),
        everywhere["intervention"]["corrects"],
    )
    # Newest first.
    assert [noted, made] == nodes(waiting["obstacleReports"])
    assert [everywhere["intervention"], done["intervention"]] == nodes(waiting["interventions"])
    by = {"closedBy": {"id": setting.manager.id}}
    assert made | {"status": "CLOSED", "answer": "It is fast now."} | by == closed
    assert ("ObstacleNotOpen", True) == (again["__typename"], bool(again["closedAt"]))
    assert [noted] == nodes(setting.of_program(setting.manager)["obstacleReports"])
    assert [closed] == nodes(
        setting.of_program(setting.manager, status="CLOSED")["obstacleReports"]
    )
    own = client.query(rep, OWN)["viewer"]["individual"]["obstacleReports"]
    assert [closed | {"closedBy": None}] == nodes(own)


def test_C28_a_report_is_its_reporters_and_the_vendors(quick_client: Client) -> None:
    """No executive and no colleague reads it, or finds it by its id or in a list."""
    client, setting = quick_client, Setting(quick_client)
    rep, colleague, *_ = setting.staff
    rival = client.person("PARTNER_EXECUTIVE", client.partner())
    made = setting.reported(rep)
    done = setting.intervene(obstacleReportIds=[made["id"]])["intervention"]
    person = "query($id: ID!) { node(id: $id) { ... on Individual { obstacleReports { edges {"
    person += " node { id } } } } } }"

    for who in (setting.executive, colleague, rival):
        assert None is client.query(who, NODE, id=made["id"])["node"]
        assert None is setting.of_program(who)["obstacleReports"]
        found = client.query(who, person, id=rep.id)["node"]
        assert found is None or found["obstacleReports"] is None
    for who in (setting.executive, rep):
        assert None is client.query(who, NODE, id=done["id"])["node"]
        assert None is setting.of_program(who)["interventions"]
        assert "NotPermitted" == setting.intervene(who)["__typename"]
    assert made["id"] == client.query(rep, NODE, id=made["id"])["node"]["id"]
    assert None is client.query(rep, SHARED)["viewer"]["partner"]["sharedObstacles"]


def test_C28_an_executive_is_told_what_three_of_its_people_say_and_no_more(
    client: Client,
) -> None:
    """Three different people, of one behavior and kind, whose reports are open.

    Neither its own report counts nor what the vendor noted, and one person counts once.
    """
    setting = Setting(client)
    first, second, third, fourth = setting.staff
    setting.reported(setting.executive)
    setting.reported(setting.manager)
    for who in (first, second):
        setting.reported(who)
    setting.report(first)
    setting.reported(third, kind="MOTIVATION")
    setting.reported(third, behavior="DEAL_SUBMITTED")
    of_two = setting.shared()
    made = setting.reported(fourth)
    of_three = setting.shared()
    setting.close(made)

    assert [] == of_two
    assert [("TRAINING", "FRICTION")] == of_three
    assert [] == setting.shared()


def test_a_second_report_of_the_same_names_the_one_that_is_open(quick_client: Client) -> None:
    """Of one person, partner, program, behavior and kind; once that is closed there may be one."""
    setting = Setting(quick_client)
    rep, colleague = setting.staff[:2]
    made = setting.reported(rep)
    again = setting.report(rep, text="Still.")
    others = [
        setting.reported(colleague),
        setting.reported(rep, kind="MOTIVATION"),
        setting.reported(rep, behavior="DEAL_SUBMITTED"),
        setting.reported(rep, programId=quick_client.program(setting.manager)),
    ]
    setting.close(made)
    anew = setting.reported(rep)

    assert ("ObstacleAlreadyReported", made["id"]) == (again["__typename"], again["reportId"])
    assert 6 == len({made["id"], anew["id"], *(one["id"] for one in others)})
    assert anew["id"] == setting.report(rep)["reportId"]


def test_the_vendor_notes_what_each_partner_says(quick_client: Client) -> None:
    """The same once for each of them."""
    setting = Setting(quick_client)
    setting.reported(setting.manager)
    elsewhere = setting.report(setting.manager, partnerId=quick_client.partner())
    assert ["ObstacleReported", "ObstacleAlreadyReported"] == [
        *(elsewhere["__typename"], setting.report(setting.manager)["__typename"]),
    ]


def test_a_promoted_executives_own_former_report_is_not_counted_for_it(
    quick_client: Client,
) -> None:
    """Else it would know that the two others are of the rest."""
    client, setting = quick_client, Setting(quick_client)
    first, second, third, _ = setting.staff
    for who in (first, second, third):
        setting.reported(who)
    told = setting.shared()
    change = {"individualId": first.id, "role": "PARTNER_EXECUTIVE"}
    client.do(client.admin, "changeEmployment", "", **change)
    client.world.wait()
    of_it = client.query(first, SHARED)["viewer"]["partner"]["sharedObstacles"]
    assert ([("TRAINING", "FRICTION")], [], told) == (told, of_it, setting.shared())


def test_the_event_of_a_report_is_the_vendors_own(quick_client: Client) -> None:
    """A partner's webhook endpoint is not told of it: its id names who made it."""
    client, setting = quick_client, Setting(quick_client)
    setting.close(setting.reported(setting.staff[0]))

    def kinds(whose: str | None) -> set[str]:
        events = Many(Event, of_events(whose))
        return {one.kind for one in client.world.store.read([events])[events].records}

    told = {"ObstacleReported", "ObstacleClosed"}
    assert (set(), told) == (
        told & kinds(split(setting.partner)[1]),
        told & kinds(None),
    )


def test_a_report_is_about_ones_own_company_and_what_there_is(quick_client: Client) -> None:
    """Another partner's, a program that is not for one's own, and no behavior are not found."""
    client, setting = quick_client, Setting(quick_client)
    rep, elsewhere = setting.staff[0], client.partner(region="APAC")
    hidden = client.program(setting.manager, segment={"regions": ["APAC"]})
    unknown = encoded("Program", "prg-0")
    fields = [
        setting.report(rep, **given).get("field")
        for given in (
            {"partnerId": elsewhere},
            {"programId": hidden},
            {"programId": unknown},
            {"behavior": "NOTHING"},
        )
    ]
    assert ["partnerId", "programId", "programId", "behavior"] == fields
    told = setting.report(setting.manager, partnerId=elsewhere, programId=hidden)
    assert "ObstacleReported" == told["__typename"]
    assert ["InvalidInput"] * 2 == [
        setting.report(rep, text=text)["__typename"] for text in (" ", "x" * 2_001)
    ]


def test_an_intervention_is_past_and_about_what_it_names(quick_client: Client) -> None:
    client, setting = quick_client, Setting(quick_client)
    made = setting.reported(setting.staff[0])
    elsewhere, other = client.partner(), client.program(setting.manager)
    of_other = setting.intervene(programId=other)["intervention"]["id"]
    tomorrow = (client.world.now + timedelta(days=1)).date().isoformat()
    named = {"obstacleReportIds": [made["id"]]}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("startedOn", {"startedOn": tomorrow}),
        ("programId", {"programId": encoded("Program", "prg-0")}),
        ("partnerId", {"partnerId": encoded("Partner", "ptn-0")}),
        ("behavior", {"behavior": "NOTHING"}),
        ("correctsId", {"correctsId": of_other}),
        ("correctsId", {"correctsId": encoded("Intervention", "prg-0.0")}),
        ("obstacleReportIds", named | {"programId": other}),
        ("obstacleReportIds", named | {"behavior": "DEAL_SUBMITTED"}),
        ("obstacleReportIds", named | {"partnerId": elsewhere}),
    ]
    assert [field for field, _ in cases] == [
        setting.intervene(**given).get("field") for _, given in cases
    ]
    assert [] == nodes(setting.of_program(setting.manager)["interventions"])


@pytest.mark.parametrize("seconds", [0, 60 * 60 * 3])
def test_a_day_is_the_programs_own(quick_client: Client, seconds: int) -> None:
    """What began today in Auckland is not to come, though it is yesterday in UTC."""
    client, setting = quick_client, Setting(quick_client)
    client.world.now = client.world.now.replace(hour=20) + timedelta(seconds=seconds)
    there = client.program(setting.manager, timeZone="Pacific/Auckland")
    made = setting.reported(setting.staff[0], programId=there)
    today = (client.world.now + timedelta(hours=13)).date()
    record = client.world.store.read([one := One(ObstacleReport, split(made["id"])[1])])[one]
    assert record is not None
    assert today == record.reported_on
    told = setting.intervene(
        programId=there, startedOn=today.isoformat(), obstacleReportIds=[made["id"]]
    )
    assert "InterventionRecorded" == told["__typename"]


def test_the_same_request_reports_and_closes_once(quick_client: Client) -> None:
    """Sent again, it answers as it is now; and each report is in one list by its status."""
    client, setting = quick_client, Setting(quick_client)
    rep, request = setting.staff[0], client.request_id()
    wish = {"partnerId": setting.partner, "programId": setting.program, "behavior": "TRAINING"}
    wish |= {"kind": "FRICTION", "text": "Slow."}
    told = "... on ObstacleReported { report { id status } }"
    first = client.do(rep, "reportObstacle", told, again=request, **wish)["report"]
    closing = client.request_id()
    closed = [setting.close(first, again=closing) for _ in range(2)]
    second = client.do(rep, "reportObstacle", told, again=request, **wish)["report"]

    assert (first["id"], "CLOSED") == (second["id"], second["status"])
    assert closed[0] == closed[1]
    program_id, partner_id = (split(one)[1] for one in (setting.program, setting.partner))
    lists = [Listed(obstacles_to(program_id, status)) for status in ObstacleStatus]
    lists.append(Listed(obstacles_at(partner_id)))
    found = client.world.store.read(lists)
    assert [0, 1, 0] == [len(found[one].ids) for one in lists]
