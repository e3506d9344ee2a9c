"""Partners from files: each row goes in once, bad ones are told with their lines."""

from collections.abc import Callable

import pytest

from portal_api.domain.cells import csv_text
from portal_api.domain.errors import IdempotencyConflict, NotPermitted
from portal_api.domain.partners import BusinessModel, Partner, PartnerType, SalesStrategy, Tier
from portal_api.services import directory
from portal_api.services.bulk_imports import import_people
from portal_api.services.csv_files import Report
from portal_api.services.partner_imports import PARTNERS, import_partners
from portal_api.services.partners import name_of_partner
from portal_api.services.store import Holder
from portal_api.services.use_case import Portal
from tests.services.stores import FaultyStore, Killed, killed_after, killed_before
from tests.services.world import World


def _row(world: World, number: int = 1, /, **changed: str) -> tuple[str, ...]:
    row = {
        "external_id": f"ERP-{world.number}-{number}",
        "name": f"Partner {number}",
        "type": "var",
        "tier": "Gold",
        "region": "EMEA",
        "business_model": "SERVICES_LED",
        "strategy": "",
        "teams": "Field; Inside sales",
    }
    return tuple((row | changed).values())


def _import(
    world: World, *rows: tuple[str, ...], who: str | None = None, portal: Portal | None = None
) -> Report:
    asked = world.ask(who or world.admin)
    return import_partners(portal or world.portal, asked, content=csv_text(PARTNERS, rows))


def _told(report: Report) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in report.problems]


def _named(world: World, number: int = 1) -> Partner | None:
    holder = Holder(name_of_partner(f"ERP-{world.number}-{number}"))
    there = world.store.read([holder])[holder]
    return world.load(Partner, there) if there else None


def test_a_file_of_partners_goes_in_once(world: World) -> None:
    """With their profile and teams; a second run changes nothing."""
    rows = [_row(world), _row(world, 2, business_model="", strategy="HUNTING", teams="")]
    for done, same in ((2, 0), (0, 2)):
        report = _import(world, *rows)
        assert (done, same, []) == (report.imported, report.unchanged, _told(report))
    first, second = _named(world), _named(world, 2)
    assert first is not None
    assert second is not None
    assert (PartnerType.VAR, Tier.GOLD, BusinessModel.SERVICES_LED, None) == (
        first.type,
        first.tiers[0].tier,
        first.business_model,
        first.strategy,
    )
    assert ["Field", "Inside sales"] == [team.name for team in first.teams]
    assert ((), SalesStrategy.HUNTING) == (second.teams, second.strategy)


def test_bad_rows_are_told_and_the_others_go_in(quick_world: World) -> None:
    world = quick_world
    report = _import(
        world,
        _row(world),
        _row(world, 2, type="RESELLER"),
        _row(world, 3, tier="TIN"),
        _row(world, 4, business_model="LUCK"),
        _row(world, 5, strategy="WAITING"),
        _row(world, 1),
        _row(world, 6, name=""),
        _row(world, 7, teams="Field;field"),
        _row(world, 8),
    )
    assert 2 == report.imported
    assert [
        (3, "WRONG_VALUE"),
        (4, "WRONG_VALUE"),
        (5, "WRONG_VALUE"),
        (6, "WRONG_VALUE"),
        (7, "DUPLICATE_ROW"),
        (8, "MISSING_VALUE"),
        (9, "INVALID_INPUT"),
    ] == _told(report)


def test_what_is_there_otherwise_is_told_and_not_changed(quick_world: World) -> None:
    """A tier that the partner has had is no contradiction, and neither are more teams."""
    world = quick_world
    _import(world, _row(world))
    partner = _named(world)
    assert partner is not None
    directory.assign_tier(world.portal, world.manage(), partner_id=partner.id, tier=Tier.PLATINUM)
    directory.add_team(world.portal, world.manage(), partner_id=partner.id, name="Third")
    assert 1 == _import(world, _row(world)).unchanged
    for changed in ({"name": "Other"}, {"region": "APAC"}, {"tier": "BRONZE"}, {"teams": "New"}):
        assert [(2, "CONTRADICTED")] == _told(_import(world, _row(world, 1, **changed)))
    stored = _named(world)
    assert stored is not None
    assert ("Partner 1", "EMEA") == (stored.name, stored.region)


@pytest.mark.parametrize("fault", [killed_before, killed_after])
def test_a_killed_import_is_finished_by_running_it_again(
    quick_world: World, fault: Callable[[Callable[[], None]], None]
) -> None:
    world = quick_world
    rows = [_row(world, number) for number in range(3)]

    def fine(commit: Callable[[], None]) -> None:
        commit()

    portal = world.on(FaultyStore(world.store, fine, fine, fault))
    with pytest.raises(Killed):
        _import(world, *rows, portal=portal)
    report = _import(world, *rows)
    assert 3 == report.imported + report.unchanged
    assert all(_named(world, number) is not None for number in range(3))


def test_the_same_request_is_of_one_file_and_for_managers(quick_world: World) -> None:
    world = quick_world
    ask = world.manage()
    first, other = (csv_text(PARTNERS, [_row(world, number)]) for number in (1, 2))
    one, two = (import_partners(world.portal, ask, content=first) for _ in range(2))
    assert one == two
    with pytest.raises(IdempotencyConflict):
        import_partners(world.portal, ask, content=other)
    with pytest.raises(NotPermitted):
        _import(world, _row(world), who=world.company().executive)


def test_people_are_imported_by_their_partner_s_external_id_and_the_name_of_a_team(
    quick_world: World,
) -> None:
    """The ids of both stay what they are: the same row by the partner's own id is unchanged."""
    world = quick_world
    _import(world, _row(world))
    partner = _named(world)
    assert partner is not None
    header = ("external_id", "name", "email", "partner", "team", "role")

    def people(named: str, team: str = "inside SALES") -> Report:
        row = ("HR-1", "Ada", "ada@partner.example", named, team, "SALES_REP")
        return import_people(world.portal, world.manage(), content=csv_text(header, [row]))

    assert partner.external_id is not None
    assert 1 == people(partner.external_id).imported
    assert 1 == people(partner.id).unchanged
    assert [(2, "NOT_FOUND")] == _told(people("ERP-nowhere"))
    assert [(2, "NOT_FOUND")] == _told(people(partner.external_id, "Outside sales"))
