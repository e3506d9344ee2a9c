"""The audit log through the API: who changed what, when and by which request."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from portal_api.app import id_maker
from portal_api.domain.events import Answer, Event
from portal_api.domain.writes import Create, Enlist, Write
from portal_api.schema import build_schema
from portal_api.schema.ids import encoded, split
from portal_api.services import audit
from portal_api.services.due_series import run_all
from portal_api.services.store import Found, Store, Want
from portal_api.services.use_case import answer_id
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.schema.audited import Audited
from tests.schema.client import Client, Person
from tests.schema.selling import Selling
from tests.services.world import DAY, START, World

LOG = """query($filter: AuditFilter, $first: Int! = 100, $after: String) { viewer {
    auditLog(filter: $filter, first: $first, after: $after) {
        edges { node {
            id at kind requestId actor { name automatic role individual { id } }
            subject { type id code } partner { id } program { id } } }
        pageInfo { hasNextPage endCursor } } } }"""
EXPORT = """query($filter: AuditFilter, $after: String) {
    auditExport(filter: $filter, after: $after) { csv rows next complete } }"""
BONUS = {
    "code": "deals",
    "name": "Deals",
    "level": "INDIVIDUAL",
    "assetCode": "USD",
    "mechanic": {"milestoneSplit": {"rateBps": 300}},
}
Record = dict[str, Any]


def log(client: Client, who: Person, first: int = 100, **given: Any) -> list[Record]:
    """All records, page by page; every page but the last says that there are more."""
    records: list[Record] = []
    after = None
    while True:
        found = client.query(who, LOG, filter=given or None, first=first, after=after)
        page = found["viewer"]["auditLog"]
        records += [edge["node"] for edge in page["edges"]]
        assert len(page["edges"]) <= first
        if not page["pageInfo"]["hasNextPage"]:
            return records
        after = page["pageInfo"]["endCursor"]


def exported(client: Client, who: Person, **given: Any) -> list[dict[str, str]]:
    """All rows of an export, page by page."""
    rows: list[dict[str, str]] = []
    after = None
    while True:
        page = client.query(who, EXPORT, filter=given or None, after=after)["auditExport"]
        found = list(csv.DictReader(io.StringIO(page["csv"], newline="")))
        assert page["rows"] == len(found)
        assert page["complete"] is (page["next"] is None)
        rows += found
        after = page["next"]
        if after is None:
            return rows


def kinds(records: list[Record]) -> list[str]:
    return [record["kind"] for record in records]


def test_S20_a_record_says_who_did_what_when_and_by_which_request(client: Client) -> None:
    """The rep registers, the manager approves under a request of its own: newest first."""
    selling = Selling(client, BONUS)
    deal = selling.register()
    client.world.wait()
    again = client.request_id()
    for _ in range(2):
        client.do(selling.manager, "approveDeal", "", again=again, dealId=deal)

    approved, registered, *_ = log(client, selling.manager, partnerId=selling.partner)

    assert ["DealApproved", "DealRegistered"] == kinds([approved, registered])
    assert (again, "CHANNEL_MANAGER") == (approved["requestId"], approved["actor"]["role"])
    assert client.world.now == datetime.fromisoformat(approved["at"])
    assert client.world.now - DAY == datetime.fromisoformat(registered["at"])
    actors = [record["actor"]["individual"]["id"] for record in (approved, registered)]
    assert [selling.manager.id, selling.rep.id] == actors
    for record in (approved, registered):
        assert {"type": "Deal", "id": deal, "code": None} == record["subject"]
        assert (selling.partner, selling.program) == (
            record["partner"]["id"],
            record["program"]["id"],
        )
        assert ("Robin Reyes", False) == (record["actor"]["name"], record["actor"]["automatic"])
    node = "query($id: ID!) { node(id: $id) { ... on AuditRecord { kind } } }"
    assert "DealApproved" == client.query(selling.manager, node, id=approved["id"])["node"]["kind"]


def test_S20_the_vendors_own_changes_have_their_codes_and_plan_numbers(client: Client) -> None:
    """What concerns no partner: behaviors, programs, plans, minimums."""
    manager = client.person("CHANNEL_MANAGER")
    program = client.program(manager)
    client.do(manager, "setPayoutMinimum", "", minimum={"points": 10})

    mine = log(client, manager, actorId=manager.id)

    told = [(one["kind"], one["subject"]["type"], one["subject"]["code"]) for one in mine]
    assert [
        ("PayoutMinimumSet", "PayoutMinimum", "POINTS"),
        ("ProgramFunded", "Program", None),
        ("ProgramFunded", "Program", None),
        ("PlanPublished", "Program", "1"),
        ("ProgramCreated", "Program", None),
        ("BehaviorDefined", "Behavior", "TRAINING"),
    ] == told
    assert [None, *[program] * 4, None] == [one["subject"]["id"] for one in mine]
    assert {None} == {one["partner"] for one in mine}


def test_S20_what_the_portal_does_by_itself_is_told_as_the_portals(quick_client: Client) -> None:
    """The end of a hold is nobody's request."""
    client = quick_client
    selling = Selling(client, BONUS | {"holdDays": 3})
    selling.win(selling.approved())
    client.world.wait(4)
    run_all(client.world.portal)

    (released, *_) = log(client, selling.manager, partnerId=selling.partner)

    assert "EarningReleased" == released["kind"]
    actor = {"name": "Portal", "automatic": True, "role": None, "individual": None}
    assert actor == released["actor"]
    assert released["requestId"].startswith("series:release:")
    assert "Earning" == released["subject"]["type"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page look at few records, so that there are many pages."""
    monkeypatch.setattr(audit, "SCANNED_AT_ONCE", 3)
    monkeypatch.setattr(audit, "PARTNERS_AT_ONCE", 2)
    monkeypatch.setattr(audit, "RECORDS_OF_EACH", 2)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("first", [1, 2, 100])
def test_S20_filters_pass_what_they_name_and_pages_miss_and_repeat_nothing(
    client: Client, first: int
) -> None:
    """Few records are looked at for a page, which can be empty and not the last."""
    selling = Selling(client, BONUS)
    deals = [selling.approved() for _ in range(3)]
    selling.win(deals[0])
    whole = log(client, selling.manager, partnerId=selling.partner)
    assert len(whole) == len({record["id"] for record in whole})
    assert sorted((record["at"] for record in whole), reverse=True) == [
        record["at"] for record in whole
    ]

    def found(**given: Any) -> list[Record]:
        return log(client, selling.manager, first, partnerId=selling.partner, **given)

    def those(**given: Any) -> list[Record]:
        return [
            record
            for record in whole
            if ("kinds" not in given or record["kind"] in given["kinds"])
            and record["subject"]["id"] == given.get("subject", record["subject"]["id"])
            and given.get("actor") in (None, (record["actor"]["individual"] or {}).get("id"))
        ]

    assert whole == found()
    for named in (["DealApproved"], ["DealWon", "Enrolled"], ["PartnerAdded"], ["NoSuchKind"]):
        assert those(kinds=named) == found(kinds=named)
    assert those(actor=selling.rep.id) == found(actorId=selling.rep.id)
    changes = found(subjectId=deals[0])
    assert ["DealWon", "DealApproved", "DealRegistered"] == kinds(changes)
    assert ["IndividualAdded"] == kinds(found(subjectId=selling.rep.id))
    wish = {"actorId": selling.manager.id, "kinds": ["DealApproved"], "subjectId": deals[1]}
    assert 1 == len(found(**wish))


@pytest.mark.usefixtures("few")
def test_S20_an_empty_page_that_is_not_the_last_says_so(quick_client: Client) -> None:
    """The first three records are no addition of a partner; the cursor leads behind them."""
    selling = Selling(quick_client, BONUS)
    given = {"partnerId": selling.partner, "kinds": ["PartnerAdded"]}
    found = quick_client.query(selling.manager, LOG, filter=given, first=1)
    page = found["viewer"]["auditLog"]
    assert [] == page["edges"]
    assert page["pageInfo"]["hasNextPage"]


class TimedWorld(World):
    """A world whose ids are as the portal makes them: in the order of its clock."""

    def __init__(self, store: Store) -> None:
        self._made = 0
        self.now = START
        super().__init__(store)

    def new_id(self) -> str:
        self._made += 1
        return id_maker(lambda: self.now, lambda _: self.number << 20 | self._made)()


def test_S20_the_bounds_of_time_are_exact(engine: Engine) -> None:
    """From an instant on, up to but without another; also where an id is a little off."""
    client = Client(TimedWorld(TableStore(engine)))
    partner = client.partner()
    at = []
    for _ in range(5):
        client.world.wait()
        at.append(client.world.now)
        client.person("SALES_REP", partner)
    manager = client.person("CHANNEL_MANAGER")

    def found(low: int | None, high: int | None) -> list[datetime]:
        given = {"from": low, "to": high}
        bounds: dict[str, Any] = {
            name: at[index].isoformat() for name, index in given.items() if index is not None
        }
        told = log(client, manager, partnerId=partner, kinds=["IndividualAdded"], **bounds)
        rows = exported(client, manager, partnerId=partner, kinds=["IndividualAdded"], **bounds)
        assert [row["at"] for row in reversed(rows)] == [
            one["at"].replace("+00:00", "Z") for one in told
        ]
        return [datetime.fromisoformat(one["at"]) for one in reversed(told)]

    assert at == found(None, None)
    assert at[1:] == found(1, None)
    assert at[:3] == found(None, 3)
    assert at[1:4] == found(1, 4)
    assert [] == found(3, 1)
    assert [] == found(2, 2)


@pytest.mark.usefixtures("few")
def test_S20_everything_is_exported_the_vendors_own_first(lonely_engine: Engine) -> None:
    """Several partners, page by page: what the logs have, once each, and oldest first in each."""
    client = Client(World(TableStore(lonely_engine)))
    selling = Selling(client, BONUS)
    selling.win(selling.approved())
    other = client.partner()
    client.person("SALES_REP", other)
    lonely = client.partner()

    rows = exported(client, selling.manager)

    assert len(rows) == len({row["record"] for row in rows})
    for partner in (selling.partner, other, lonely):
        told = log(client, selling.manager, partnerId=partner)
        mine = [row for row in rows if row["partner"] == partner]
        assert [one["id"] for one in reversed(told)] == [row["record"] for row in mine]
        assert mine == exported(client, selling.manager, partnerId=partner)
    vendors = [one["id"] for one in reversed(log(client, selling.manager))]
    assert vendors == [row["record"] for row in rows][: len(vendors)]
    won = next(row for row in rows if row["kind"] == "DealWon")
    assert ("Deal", "Robin Reyes") == (won["subject_type"], won["actor_name"])
    assert (selling.manager.id, selling.program) == (won["actor"], won["program"])


def test_S20_no_cell_of_an_export_is_a_formula(quick_client: Client) -> None:
    """A person who calls itself one is shown behind an apostrophe."""
    client = quick_client
    answer = client.do(
        client.admin,
        "addIndividual",
        "... on IndividualAdded { userName individual { id } }",
        name="=HYPERLINK(1)",
        email="x@vendor.example",
        role="CHANNEL_MANAGER",
    )
    manager = Person(answer["userName"], answer["individual"]["id"])
    client.behavior(manager)
    rows = exported(client, manager)
    assert ["'=HYPERLINK(1)"] == [
        row["actor_name"] for row in rows if row["kind"] == "BehaviorDefined"
    ]


def test_S20_the_log_is_for_channel_managers_and_administrators(quick_client: Client) -> None:
    """Neither an integration nor a partner's people read it: null, record by record too."""
    client = quick_client
    partner = client.partner()
    manager = client.person("CHANNEL_MANAGER")
    others = [client.person("SERVICE")]
    others += [client.person(role, partner) for role in ("SALES_REP", "PARTNER_EXECUTIVE")]
    record = log(client, manager, partnerId=partner)[0]["id"]
    node = "query($id: ID!) { node(id: $id) { id } }"
    given = {"partnerId": partner}
    for who in (client.admin, manager):
        assert log(client, who, partnerId=partner)
        assert exported(client, who, partnerId=partner)
        assert {"id": record} == client.query(who, node, id=record)["node"]
    for who in others:
        assert client.query(who, LOG, filter=given)["viewer"]["auditLog"] is None
        assert client.query(who, EXPORT, filter=given)["auditExport"] is None
        assert client.query(who, node, id=record)["node"] is None


def test_S20_a_filter_that_cannot_be_is_refused(quick_client: Client) -> None:
    """Ids of other types, and too many kinds; an export is asked for once."""
    manager = quick_client.person("CHANNEL_MANAGER")
    bad: list[dict[str, Any]] = [
        {"partnerId": manager.id},
        {"actorId": encoded("Partner", "ptn-1")},
        {"kinds": ["DealWon"] * 51},
    ]
    for given in bad:
        answer = quick_client.answer(manager, LOG, filter=given)
        assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]
    twice = "{ a: auditExport { rows } b: auditExport { rows } }"
    answer = quick_client.answer(manager, twice)
    assert "at most once" in answer["errors"][0]["message"]


def test_L21_a_commit_without_its_one_record_is_noticed(quick_client: Client) -> None:
    """What looks at all tests of the API finds a record too few, too many, or a wrong one."""
    world = quick_client.world
    entry = Enlist("list", "a", "a")
    event = Event("vendor.1", "ProgramCreated", "prg-1", "ind-1", "request-1", world.now)
    second = Event("vendor.2", "ProgramCreated", "prg-1", "ind-1", "request-1", world.now)
    nobody = Event("vendor.3", "ProgramCreated", "prg-1", "", "request-1", world.now)
    own = answer_id("ind-1", "request-1")
    told: dict[str, Any] = {"operation": "createProgram", "request_hash": "", "values": {}}
    told |= {"answered_at": world.now, "expires_at": 0, "event_id": event.id}
    right = Answer(own, outcome="ProgramCreated", **told)
    wrong = Answer(own, outcome="ProgramFunded", **told)
    mistakes: list[list[Write]] = [
        [entry],
        [entry, Create(event), Create(second)],
        [Create(event)],
        [entry, Create(nobody)],
        [entry, Create(event), Create(wrong)],
    ]
    for writes in mistakes:
        store = Audited(_Nothing())
        store.commit(writes)
        assert [] != list(store.problems())
    fine = Audited(_Nothing(there=True))
    fine.commit([entry, Create(event), Create(right)])
    fine.commit([Create(right)])
    assert [] == list(fine.problems())
    fine.commit([entry, Create(second)])
    assert ["2 records of one request: ('ind-1', 'request-1')"] == list(fine.problems())


class _Nothing(TableStore):
    """A store that keeps nothing; whether all that is looked for is there is told beforehand."""

    def __init__(self, *, there: bool = False) -> None:
        self._there = there

    def commit(self, writes: Sequence[Write]) -> None:
        """Forgets it."""

    def read(self, wants: Sequence[Want[object]]) -> Found:
        return Found({want: want if self._there else None for want in wants})


def test_L21_no_mutation_goes_unwatched() -> None:
    """Each is asked for somewhere in the tests of the API, where every commit is looked at."""
    here = Path(__file__)
    texts = [path.read_text() for path in here.parent.glob("*.py") if path != here]
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    asked = set(re.findall(r"""(?:"|\b)([a-z][A-Za-z]+)(?:"|\()""", "\n".join(texts)))
    assert set() == set(mutation.fields) - asked


def test_S20_a_person_is_followed_to_its_next_partner(quick_client: Client) -> None:
    """The filter names a person, whatever partner it was seen at."""
    client = quick_client
    partner = client.partner()
    manager = client.person("CHANNEL_MANAGER")
    rep = client.person("SALES_REP", partner)
    elsewhere = encoded("Individual", f"ptn-other.{split(rep.id)[1].rpartition('.')[2]}")
    found = log(client, manager, partnerId=partner, subjectId=elsewhere)
    assert [rep.id] == [record["subject"]["id"] for record in found]
