"""What becomes of the rows of an export: new, changed, contradicting, early, late or unpaid."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal_api.demo.exports import write_export
from portal_api.domain.activities import Activity
from portal_api.domain.consent import ConsentFile
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.events import Event
from portal_api.domain.partners import Individual, Partner, PartnerType, Role, Team, Tier
from portal_api.services.import_frame import ImportTerms, id_of, own_id
from portal_api.services.import_report import NoteLevel
from portal_api.services.store import Holder, Many, One, Store, of_events, of_person
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.importing import findings, run, stored, write_rows

WON = "R1,Ann,Large,Acme,Won,2026-01-05,2026-02-10,2400"
LOST = "R2,Ann,Small,,Lost,2026-01-06,2026-01-07,"
OPEN = "R3,Bob,Large,,Engaging,2026-02-01,,"
PRG = id_of("prg", "crm")
EAST, ANN, BOB = id_of("ptn", "East"), id_of("ind", "agent", "Ann"), id_of("ind", "agent", "Bob")


@pytest.fixture
def store(sqlite_engine: SqliteEngine) -> Store:
    return TableStore(sqlite_engine)


@pytest.fixture
def other_store(tmp_path: Path) -> Iterator[Store]:
    engine = SqliteEngine(tmp_path / "other.sqlite", durable=False)
    engine.create()
    yield TableStore(engine)
    engine.close()


def deal_of(store: Store, reference: str) -> Deal:
    holder = Holder(f"deal:{PRG}:{reference}")
    deal_id = store.read([holder])[holder]
    assert deal_id is not None
    deal = store.read([One(Deal, deal_id)])[One(Deal, deal_id)]
    assert deal is not None
    return deal


def test_what_is_set_up_is_declared_historical(store: Store, tmp_path: Path) -> None:
    """Everything counts from the first day of the year in which the first deal was engaged."""
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    terms = ImportTerms(partner_type=PartnerType.LAR, tier=Tier.SILVER)
    run(store, write_rows(tmp_path, WON, OPEN), terms)
    wants = One(Partner, EAST), One(ConsentFile, f"{EAST}.{PRG}"), One(Individual, ANN)
    found = store.read(wants)
    partner, file, ann = (found[want] for want in wants)
    assert isinstance(partner, Partner)
    assert isinstance(file, ConsentFile)
    assert isinstance(ann, Individual)
    assert ("East", PartnerType.LAR, "East") == (partner.name, partner.type, partner.region)
    assert (None, Tier.SILVER) == (
        partner.tier_at(datetime.min.replace(tzinfo=UTC)),
        partner.tier_at(begins),
    )
    assert (Team(id_of("team", "East", "Max"), "Max"),) == partner.teams
    (consent,) = file.consents
    assert (True, begins, id_of("ind", "executive", "East")) == (
        consent.historical,
        consent.valid_from,
        consent.granted_by,
    )
    employment = ann.employment_at(begins)
    assert employment is not None
    assert (EAST, partner.teams[0].id, Role.SALES_REP) == (
        employment.partner_id,
        employment.team_id,
        employment.role,
    )


def test_a_deal_keeps_reference_days_amount_and_activities(store: Store, tmp_path: Path) -> None:
    """Registered from the start of the engage date, closed at the end of the close date."""
    run(store, write_rows(tmp_path, WON, LOST, OPEN))
    won, lost, still = (deal_of(store, reference) for reference in ("R1", "R2", "R3"))
    assert (DealStage.WON, 240_000, "Acme") == (won.stage, won.amount_minor, won.end_customer)
    assert datetime(2026, 1, 5, tzinfo=UTC) == won.submitted_at == won.approved_at
    assert datetime(2026, 2, 10, 23, 59, 59, 999_999, tzinfo=UTC) == won.closed_at
    assert [1_500, 5_700] == [award.amount_minor for award in won.awards]
    assert (DealStage.LOST, 30_000, None) == (lost.stage, lost.amount_minor, lost.end_customer)
    assert (DealStage.OPEN, 300_000, None) == (still.stage, still.amount_minor, still.closed_at)
    of_ann = Many(Activity, of_person(EAST, ANN))
    told = [(each.source_event_id, each.source) for each in store.read([of_ann])[of_ann].records]
    assert [
        ("R1:DEAL_REGISTERED", "crm"),
        ("R2:DEAL_REGISTERED", "crm"),
        ("R2:DEAL_LOST", "crm"),
        ("R1:DEAL_WON", "crm"),
    ] == told


def test_every_opportunity_leaves_an_event(store: Store, tmp_path: Path) -> None:
    """Who and when is on record for each deal that came in or changed (L21)."""
    run(store, write_rows(tmp_path, WON, LOST, OPEN))
    run(
        store,
        write_rows(
            tmp_path,
            WON,
            LOST,
            OPEN.replace("Engaging,2026-02-01,,", "Lost,2026-02-01,2026-02-02,"),
        ),
    )
    events = Many(Event, of_events(EAST))
    kinds = Counter(event.kind for event in store.read([events])[events].records)
    expected = {"PartnerImported": 1, "IndividualImported": 2, "DealImported": 3, "DealUpdated": 1}
    assert expected == kinds


def test_days_are_those_of_the_programs_time_zone(store: Store, tmp_path: Path) -> None:
    """A later run keeps the zone that the program has, whatever it is told."""
    run(store, write_rows(tmp_path, WON), ImportTerms(time_zone="America/New_York"))
    won = deal_of(store, "R1")
    assert datetime(2026, 1, 5, 5, tzinfo=UTC) == won.approved_at
    assert datetime(2026, 2, 11, 4, 59, 59, 999_999, tzinfo=UTC) == won.closed_at
    assert 1 == run(store, tmp_path).report.unchanged


def test_a_deal_may_be_won_on_the_day_it_was_engaged(store: Store, tmp_path: Path) -> None:
    """And below its list price: what its registration paid too much is taken back."""
    told = run(store, write_rows(tmp_path, "R1,Ann,Large,Acme,Won,2026-01-05,2026-01-05,100"))
    assert (300, 300) == (told.report.totals.earned_minor, told.report.totals.earned_on_won_minor)
    assert [] == findings(store)


def test_a_later_export_ends_open_deals_and_names_their_customers(
    store: Store, tmp_path: Path
) -> None:
    """Engaging became Won, or Lost; an account was filled in; the rest stays as it is."""
    other = "R4,Cid,Small,,Engaging,2026-02-01,,"
    run(store, write_rows(tmp_path, WON, LOST, OPEN, other))
    told = run(
        store,
        write_rows(
            tmp_path,
            WON,
            LOST,
            "R3,Bob,Large,Acme,Won,2026-02-01,2026-03-01,3000",
            "R4,Cid,Small,Acme,Lost,2026-02-01,2026-03-01,",
            "R5,Cid,Small,Acme,Engaging,2026-02-01,,",
        ),
    )
    report = told.report
    assert (1, 2, 2, 0) == (report.imported, report.updated, report.unchanged, report.conflicts)
    assert (DealStage.WON, "Acme", 300_000) == (
        deal_of(store, "R3").stage,
        deal_of(store, "R3").end_customer,
        deal_of(store, "R3").amount_minor,
    )
    assert DealStage.LOST is deal_of(store, "R4").stage
    assert 7_200 + 150 + 9_000 + 150 + 150 == report.totals.earned_minor
    assert [] == findings(store)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (WON.replace(",2400", ",2500"), "close value"),
        (WON.replace("2026-02-10", "2026-02-11"), "close date"),
        (WON.replace("2026-01-05", "2026-01-04"), "engage date"),
        (WON.replace("Ann", "Bob"), "agent"),
        (WON.replace("Ann", "Cid"), "agent"),
        (WON.replace("Large", "Small"), "product"),
        (WON.replace("Acme", "Emca"), "account"),
        (WON.replace("Won", "Lost").replace(",2400", ","), "stage"),
        ("R1,Ann,Large,Acme,Engaging,2026-01-05,,", "stage"),
    ],
)
def test_a_row_that_contradicts_the_portal_is_named_and_left(
    store: Store, tmp_path: Path, row: str, what: str
) -> None:
    run(store, write_rows(tmp_path, OPEN, WON))
    before = stored(tmp_path / "portal.sqlite")
    told = run(store, write_rows(tmp_path, OPEN, row))
    assert [(3, "CONTRADICTION")] == told.lines(NoteLevel.CONFLICT)
    assert f"another {what} for R1" in next(
        note.text for note in told.notes if note.line == 3 and note.level is NoteLevel.CONFLICT
    )
    assert (1, 1) == (told.report.conflicts, told.report.unchanged)
    assert before == stored(tmp_path / "portal.sqlite")


def test_new_agents_managers_and_offices_of_a_later_export_are_added(
    store: Store, tmp_path: Path
) -> None:
    """One that has moved stays where it is, and is named."""
    run(store, write_rows(tmp_path, WON))
    teams = ("Ann,Max,East", "Bob,Eva,West", "Cid,Eva,West", "Dan,Una,East", "Eli,Ida,North")
    rows = (
        WON,
        "R7,Dan,Small,Acme,Engaging,2026-02-01,,",
        "R8,Bob,Small,Acme,Engaging,2026-02-01,,",
    )
    told = run(store, write_rows(tmp_path, *rows, teams=teams))
    assert 2 == told.report.imported
    partner = store.read([One(Partner, EAST)])[One(Partner, EAST)]
    assert partner is not None
    assert ["Max", "Una"] == [team.name for team in partner.teams]
    assert EAST == deal_of(store, "R8").partner_id
    assert [(None, "MOVED")] == told.lines(NoteLevel.CONFLICT)
    assert [] == findings(store)


def test_what_is_still_to_come_cannot_have_happened(store: Store, tmp_path: Path) -> None:
    """A day that has begun may be told of."""
    rows = (
        "R1,Ann,Large,Acme,Won,2027-03-01,2027-03-01,10",
        "R2,Ann,Large,Acme,Won,2027-03-01,2027-03-02,10",
        "R3,Ann,Large,Acme,Engaging,2027-03-02,,",
    )
    told = run(store, write_rows(tmp_path, *rows))
    assert [(3, "IN_THE_FUTURE"), (4, "IN_THE_FUTURE")] == told.lines(NoteLevel.BAD)
    assert (1, 2) == (told.report.imported, told.report.bad_rows)


def test_a_row_that_the_portal_does_not_take_is_named_and_the_others_go_in(
    store: Store, tmp_path: Path
) -> None:
    """A reference of more than 100 characters, which a deal cannot have."""
    long = WON.replace("R1", "R" * 101)
    told = run(store, write_rows(tmp_path, long, WON, LOST))
    assert [(2, "REFUSED")] == told.lines(NoteLevel.BAD)
    assert (2, 1) == (told.report.imported, told.report.bad_rows)
    assert [] == findings(store)


def test_deals_of_before_the_consent_go_in_without_pay(store: Store, tmp_path: Path) -> None:
    told = run(store, write_rows(tmp_path, WON, OPEN), ImportTerms(consent_from=date(2026, 2, 1)))
    assert {"OUT_OF_WINDOW": 1} == told.report.withheld
    assert (6_000 + 1_500, 2) == (told.report.totals.earned_minor, told.report.totals.registered)


def test_a_budget_that_ends_withholds_the_rest_and_is_never_overspent(
    store: Store, tmp_path: Path
) -> None:
    write_export(tmp_path, rows=80, seed=10)
    told = run(store, tmp_path, ImportTerms(budget_minor=100_000))
    assert told.report.withheld["BUDGET_EXHAUSTED"] > 0
    assert 0 < told.report.totals.earned_minor <= 100_000
    assert (80, True) == (told.report.imported, told.report.totals.agree)
    assert [] == findings(store)


def test_the_same_names_have_the_same_ids_everywhere(
    store: Store, other_store: Store, tmp_path: Path
) -> None:
    """So that a second run, here or in a rebuilt store, finds what is there."""
    write_rows(tmp_path, WON)
    run(store, tmp_path)
    run(other_store, tmp_path)
    assert deal_of(store, "R1").id == deal_of(other_store, "R1").id
    assert id_of("ptn", "East") != id_of("ptn", "West")
    assert 24 == len(id_of("ptn", "East"))


def test_the_own_part_of_an_id_sorts_by_its_instant() -> None:
    instants = [
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(2016, 5, 1, tzinfo=UTC),
        datetime(2199, 1, 1, tzinfo=UTC),
    ]
    ids = [own_id(instant, "same") for instant in instants]
    assert sorted(ids) == ids
    assert {20} == {len(own) for own in ids}
    assert own_id(instants[1], "same") != own_id(instants[1], "other")
