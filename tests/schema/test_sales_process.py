"""Sales processes through the API: defined by the vendor, read from either end, gaps named."""

from typing import Any

import pytest

from portal_api.domain.weeks import week_of
from portal_api.schema import process_trends
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.schema.client import Client, Person
from tests.schema.planning import MILESTONES, TRAINING, create, paying, publish_plan
from tests.services.world import World

PROCESS = """partnerType tier
    steps { code stage journeyStage friction gaps { code }
      behaviors { behavior { code } incentivePoint paidBy { program { name } rule { code words } } }
    }
    gaps { code stepCode behaviorCode stage message program { name } } """
BY_TYPE = f"""query($type: PartnerType!, $tier: Tier, $direction: Direction!) {{
    salesProcess(partnerType: $type, tier: $tier, direction: $direction) {{ {PROCESS} }} }}"""
OWN = f"{{ viewer {{ partner {{ salesProcess(direction: BACKWARDS) {{ {PROCESS} }} }} }} }}"


@pytest.fixture
def client(lonely_engine: Engine) -> Client:
    """Give the API on each engine in turn, with no programs but the test's own."""
    return Client(World(TableStore(lonely_engine)))


def step(code: str, stage: str, journey: str | None, *behaviors: str, **given: Any) -> Any:
    """A step whose behaviors are all meant to be paid, unless told otherwise."""
    points = {"incentivePoints": list(behaviors)}
    named = {"code": code, "name": code.title(), "stage": stage, "journeyStage": journey}
    return named | {"behaviors": list(behaviors)} | points | given


DEMAND = step("demand", "DEMAND_GENERATION", "UNAWARE", "EVENT")
LEAD = step(
    "lead",
    "LEAD_MANAGEMENT",
    None,
    "TRAINING",
    friction="Nobody has time for training.\nIt takes two days.",
)
REGISTER = step("register", "DEAL_REGISTRATION", "EVALUATION", "DEAL_REGISTERED")
CLOSE = step("close", "CLOSING", "DECISION", "DEAL_WON")
STEPS = [DEMAND, LEAD, REGISTER, CLOSE]


def define(client: Client, who: Person, steps: list[Any], **given: Any) -> dict[str, Any]:
    """The process of VARs; as the answer tells it."""
    return client.do(
        who,
        "defineSalesProcess",
        f"""... on SalesProcessDefined {{ process {{ {PROCESS} }} }}
        ... on InvalidInput {{ field }} ... on NotFound {{ field }}""",
        **{"partnerType": "VAR", "steps": steps} | given,
    )


class Mapped:
    """A vendor with behaviors, a process of VARs, and a program for all of them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        for code in ("EVENT", "TRAINING"):
            client.behavior(self.manager, code)
        self.program("Growth", paying("deals", MILESTONES), paying("trained", TRAINING))
        self.defined = define(client, self.manager, STEPS)
        assert "SalesProcessDefined" == self.defined["__typename"], self.defined

    def program(self, name: str, *rules: dict[str, Any], **given: Any) -> str:
        """A program with a plan."""
        program = create(self.client, self.manager, name=name, **given)
        published = publish_plan(self.client, self.manager, program, *rules)
        assert "PlanPublished" == published["__typename"], published
        return program

    def of(self, who: Person, tier: str | None = None, direction: str = "BACKWARDS") -> Any:
        """The process of VARs of a tier as somebody reads it."""
        asked = {"type": "VAR", "tier": tier, "direction": direction}
        return self.client.query(who, BY_TYPE, **asked)["salesProcess"]

    def own(self, who: Person) -> Any:
        """The process of somebody's own partner."""
        return self.client.query(who, OWN)["viewer"]["partner"]["salesProcess"]


def codes(process: dict[str, Any]) -> list[str]:
    """The codes of the steps."""
    return [one["code"] for one in process["steps"]]


def gaps(process: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Each gap and what it is of."""
    return [(gap["code"], gap["stepCode"] or gap["stage"]) for gap in process["gaps"]]


def paid_by(process: dict[str, Any], behavior: str) -> list[str]:
    """The programs and rules that pay for a behavior."""
    return [
        f"{incentive['program']['name']}: {incentive['rule']['code']}"
        for one in process["steps"]
        for done in one["behaviors"]
        if done["behavior"]["code"] == behavior
        for incentive in done["paidBy"]
    ]


GAPS = [
    ("NO_JOURNEY_STAGE", "lead"),
    ("NO_INCENTIVE", "demand"),
    ("STAGE_NOT_COVERED", "OPPORTUNITY_MANAGEMENT"),
]


def test_C13_a_process_is_read_from_both_ends_and_its_gaps_are_named(client: Client) -> None:
    """Misaligned and unincented steps, and what is left out between demand and close."""
    mapped = Mapped(client)
    backwards, forwards = (
        mapped.of(mapped.manager, direction=direction) for direction in ("BACKWARDS", "FORWARDS")
    )

    assert mapped.defined["process"] == backwards
    assert ["close", "register", "lead", "demand"] == codes(backwards)
    assert ["demand", "lead", "register", "close"] == codes(forwards)
    assert GAPS == gaps(backwards)
    assert GAPS[::-1] == gaps(forwards)
    of_step = {one["code"]: [gap["code"] for gap in one["gaps"]] for one in backwards["steps"]}
    assert {"lead": ["NO_JOURNEY_STAGE"], "demand": ["NO_INCENTIVE"]} == {
        code: found for code, found in of_step.items() if found
    }


def test_C13_an_incentive_closes_a_gap_and_its_end_opens_it_again(client: Client) -> None:
    """The gaps are those of now; a plan that pays no registration is one of its own."""
    mapped = Mapped(client)
    event = {"flat": {"behavior": "EVENT", "amount": "10.00"}}
    ends = client.world.now.replace(month=3).isoformat()
    mapped.program("Events", paying("event", event), endsAt=ends)
    paid = mapped.of(mapped.manager)
    client.world.wait(90)
    over = mapped.of(mapped.manager)

    assert ["Events: event"] == paid_by(paid, "EVENT")
    without = [gap for gap in GAPS if gap[0] != "NO_INCENTIVE"]
    assert [*without, ("REGISTRATION_NOT_PAID", None)] == gaps(paid)
    assert "Events" == paid["gaps"][-1]["program"]["name"]
    assert ([], GAPS) == (paid_by(over, "EVENT"), gaps(over))


def test_C14_a_step_has_its_friction_and_the_incentive_that_is_to_remove_it(
    client: Client,
) -> None:
    """For the people of the partner as for the vendor."""
    mapped = Mapped(client)
    rep = client.person("SALES_REP", client.partner())
    words = "50.00 USD for each TRAINING."
    for process in (mapped.of(mapped.manager), mapped.own(rep)):
        (lead,) = (one for one in process["steps"] if one["code"] == "lead")
        assert LEAD["friction"] == lead["friction"]
        (training,) = lead["behaviors"]
        assert training["incentivePoint"]
        assert [words] == [incentive["rule"]["words"] for incentive in training["paidBy"]]


TREND = """{ viewer { partner { salesProcess {
    steps { code friction trend(weeks: 3) { week count } } } } } }"""


def test_C14_friction_is_seen_beside_its_trend_by_the_executive_and_the_vendor(
    client: Client,
) -> None:
    """How often the step was walked in the last weeks; not for colleagues, nor of a whole type.

    The executive is not told of what one has done, nor that one or two have done nothing.
    """
    mapped, home = Mapped(client), client.partner()
    program = mapped.program("Trainings", paying("trained", TRAINING))
    rep, executive = client.person("SALES_REP", home), client.person("PARTNER_EXECUTIVE", home)
    other = client.person("SALES_REP", client.partner())
    more = [client.person("SALES_REP", home) for _ in range(2)]
    weeks = []
    for number, done in enumerate((1, 0, 2)):
        weeks.append(week_of(client.world.now, "UTC").isoformat())
        for event in range(done):
            client.record(rep, rep, program, f"{number}-{event}")
        client.record(other, other, program, f"other-{number}")
        client.world.wait(7)
    client.world.wait(-7)

    def trends(who: Person) -> dict[str, Any]:
        steps = client.query(who, TREND)["viewer"]["partner"]["salesProcess"]["steps"]
        return {one["code"]: one["trend"] for one in steps}

    def counts(who: Person, step: str) -> list[int | None]:
        assert weeks == [one["week"] for one in trends(who)[step]]
        return [one["count"] for one in trends(who)[step]]

    assert [None] * 3 == counts(executive, "lead") == counts(executive, "demand")
    for person in more:
        client.record(person, person, program, f"more-{person.id}")
    assert [None, 0, 4] == counts(executive, "lead")
    assert [0, 0, 0] == counts(executive, "demand")
    assert {None} == set(trends(rep).values())
    kind = "{ salesProcess(partnerType: VAR) { steps { trend { count } } } }"
    steps = client.query(mapped.manager, kind)["salesProcess"]["steps"]
    assert [None] * 4 == [one["trend"] for one in steps]


def test_a_trend_of_more_than_may_be_read_is_not_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the weeks of thousands of people, and half of them is no trend."""
    mapped, home = Mapped(client), client.partner()
    program = mapped.program("Trainings", paying("trained", TRAINING))
    executive = client.person("PARTNER_EXECUTIVE", home)
    for number in range(3):
        rep = client.person("SALES_REP", home)
        client.record(rep, rep, program, f"done-{number}")

    def lead() -> Any:
        steps = client.query(executive, TREND)["viewer"]["partner"]["salesProcess"]["steps"]
        return next(one["trend"] for one in steps if one["code"] == "lead")

    monkeypatch.setattr(process_trends, "MOST_COUNTED", 3)
    assert 3 == lead()[-1]["count"]
    monkeypatch.setattr(process_trends, "MOST_COUNTED", 2)
    assert lead() is None


def test_C13_a_tiers_own_process_is_read_and_else_that_of_the_type(client: Client) -> None:
    """A gold VAR sells another way; other types have no process yet."""
    mapped = Mapped(client)
    define(client, mapped.manager, [CLOSE], tier="GOLD")

    def of(tier: str, kind: str = "VAR") -> Any:
        rep = client.person("SALES_REP", client.partner(kind, tier=tier))
        return mapped.own(rep)

    assert (["close"], "GOLD") == (codes(of("GOLD")), of("GOLD")["tier"])
    assert (4, None) == (len(codes(of("SILVER"))), of("SILVER")["tier"])
    assert (["close"], 4) == (
        codes(mapped.of(mapped.manager, "GOLD")),
        len(codes(mapped.of(mapped.manager, "SILVER"))),
    )
    assert of("GOLD", "MSP") is None


def test_C13_partners_read_their_own_process_with_what_is_for_them(client: Client) -> None:
    """What another region or tier is paid is not told; nor is another type's process."""
    mapped = Mapped(client)
    event = {"flat": {"behavior": "EVENT", "amount": "10.00"}}
    mapped.program("Asia", paying("event", event), segment={"regions": ["APAC"]})
    mapped.program("Top", paying("event", event), segment={"tiers": ["PLATINUM"]})
    ours, theirs = client.partner(), client.partner(region="APAC", tier="PLATINUM")
    rep = client.person("SALES_REP", ours)
    executive = client.person("PARTNER_EXECUTIVE", theirs)

    assert ["Asia: event", "Top: event"] == paid_by(mapped.of(mapped.manager), "EVENT")
    assert ["Asia: event"] == paid_by(mapped.of(mapped.manager, "GOLD"), "EVENT")
    assert [] == paid_by(mapped.own(rep), "EVENT")
    assert GAPS == gaps(mapped.own(rep))
    assert ["Asia: event", "Top: event"] == paid_by(mapped.own(executive), "EVENT")
    for who in (rep, executive):
        assert mapped.of(who) is None
        document = "query($id: ID!) { node(id: $id) { ... on Partner { salesProcess { tier } } } }"
        other = theirs if who is rep else ours
        assert client.query(who, document, id=other)["node"] is None
    seen = client.query(
        mapped.manager,
        f"""query($id: ID!) {{ node(id: $id) {{ ... on Partner {{
            salesProcess {{ {PROCESS} }} }} }} }}""",
        id=ours,
    )["node"]["salesProcess"]
    assert GAPS[::-1] == gaps(seen)


def test_a_process_is_replaced_as_a_whole(quick_client: Client) -> None:
    mapped = Mapped(quick_client)
    again = define(quick_client, mapped.manager, [CLOSE])
    assert ["close"] == codes(again["process"]) == codes(mapped.of(mapped.manager))


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step(f"s{number}", "CLOSING", "DECISION") for number in range(31)],
        [CLOSE, CLOSE],
        [{**CLOSE, "code": "no code"}],
        [{**CLOSE, "code": ""}],
        [{**CLOSE, "name": " "}],
        [{**CLOSE, "name": "x" * 201}],
        [{**CLOSE, "friction": "x" * 1_001}],
        [{**CLOSE, "friction": ""}],
        [{**CLOSE, "behaviors": ["DEAL_WON", "DEAL_WON"]}],
        [{**CLOSE, "behaviors": ["DEAL_WON"] * 21}],
        [{**CLOSE, "incentivePoints": ["DEAL_REGISTERED"]}],
        [{**CLOSE, "incentivePoints": ["DEAL_WON", "DEAL_WON"]}],
    ],
    ids=[
        "none",
        "31",
        "a code twice",
        "no code",
        "an empty code",
        "no name",
        "a long name",
        "a long friction",
        "an empty friction",
        "a behavior twice",
        "many behaviors",
        "a point of another step",
        "a point twice",
    ],
)
def test_steps_that_cannot_be_kept_are_refused(quick_client: Client, steps: list[Any]) -> None:
    manager = quick_client.person("CHANNEL_MANAGER")
    refused = define(quick_client, manager, steps)
    assert ("InvalidInput", "steps") == (refused["__typename"], refused["field"])


def test_thirty_steps_and_one_without_anything_done_in_it_are_fine(quick_client: Client) -> None:
    manager = quick_client.person("CHANNEL_MANAGER")
    steps = [step(f"s{number}", "CLOSING", "DECISION") for number in range(30)]
    assert 30 == len(define(quick_client, manager, steps)["process"]["steps"])


def test_a_behavior_that_is_not_in_the_catalogue_is_not_found(quick_client: Client) -> None:
    manager = quick_client.person("CHANNEL_MANAGER")
    refused = define(quick_client, manager, [{**CLOSE, "behaviors": ["DANCE"]}])
    told = "'DANCE' is no behavior of the catalogue."
    assert ("NotFound", "steps", told) == tuple(
        refused[name] for name in ("__typename", "field", "message")
    )
