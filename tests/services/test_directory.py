"""Partners change: profile, tiers with their dates, teams with names of their own."""

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.partners import (
    BusinessModel,
    Partner,
    PartnerType,
    SalesStrategy,
    Segment,
    Tier,
)
from portal_api.services import directory
from portal_api.services.partners import MAX_TEAMS, Profile, add_partner
from tests.services.world import DAY, Company, World, awarded, outcomes_of, withheld


def assign(world: World, company: Company, tier: Tier, in_days: int | None = None) -> Partner:
    return directory.assign_tier(
        world.portal,
        world.manage(),
        partner_id=company.id,
        tier=tier,
        valid_from=None if in_days is None else world.now + in_days * DAY,
    ).partner


def update(world: World, company: Company, by: str | None = None, **given: object) -> Partner:
    return directory.update_partner(
        world.portal,
        world.ask(by or world.admin),
        partner_id=company.id,
        **given,  # type: ignore[arg-type]
    ).partner


def paid_for(world: World, company: Company, program: str) -> list[object]:
    """What an approved registration makes now."""
    return list(outcomes_of(world.approve(world.register(company, program)).activity))


def test_a_tier_holds_from_its_start_and_the_former_ones_stay_on_record(world: World) -> None:
    """A program for platinum pays from the day on which the partner has it."""
    company = world.company()
    program = world.program(segment=Segment(tiers=(Tier.PLATINUM,)))
    world.consent(company, program)
    began = world.now
    partner = assign(world, company, Tier.PLATINUM, in_days=2)
    assert [(Tier.GOLD, began), (Tier.PLATINUM, began + 2 * DAY)] == [
        (one.tier, one.valid_from) for one in partner.tiers
    ]
    world.wait()
    assert [withheld(15_000, WithheldReason.OUT_OF_SEGMENT)] == paid_for(world, company, program)
    world.wait()
    world.enroll(company, program)
    world.wait()
    assert [awarded(15_000)] == paid_for(world, company, program)


def test_a_tier_is_never_backdated_and_one_in_between_comes_in_its_order(
    quick_world: World,
) -> None:
    world, company = quick_world, quick_world.company()
    began = world.now
    world.wait()
    with pytest.raises(InvalidInput) as refused:
        assign(world, company, Tier.SILVER, in_days=-1)
    assert "validFrom" == refused.value.field
    assign(world, company, Tier.PLATINUM, in_days=10)
    partner = assign(world, company, Tier.SILVER, in_days=5)
    assert [Tier.GOLD, Tier.SILVER, Tier.PLATINUM] == [one.tier for one in partner.tiers]
    corrected = assign(world, company, Tier.BRONZE, in_days=5)
    held = [corrected.tier_at(began + days * DAY) for days in (-1, 0, 5, 6, 11)]
    assert [None, Tier.GOLD, Tier.GOLD, Tier.BRONZE, Tier.PLATINUM] == held


def test_a_profile_changes_and_segments_look_at_it_as_it_is(world: World) -> None:
    company = world.company()
    segment = Segment(
        business_models=(BusinessModel.SERVICES_LED,), strategies=(SalesStrategy.HUNTING,)
    )
    program = world.program(segment=segment)
    update(world, company, business_model=BusinessModel.SERVICES_LED)
    assert not segment.admits_partner(_loaded(world, company), world.now)
    changed = update(world, company, strategy=SalesStrategy.HUNTING, name=" Contoso ")
    assert ("Contoso", "EMEA", BusinessModel.SERVICES_LED) == (
        changed.name,
        changed.region,
        changed.business_model,
    )
    world.consent(company, program)
    world.enroll(company, program)
    world.wait()
    assert [awarded(15_000)] == paid_for(world, company, program)
    update(world, company, business_model=BusinessModel.RESALE)
    assert [withheld(15_000, WithheldReason.OUT_OF_SEGMENT)] == paid_for(world, company, program)


def _loaded(world: World, company: Company) -> Partner:
    found = world.load(Partner, company.id)
    assert found is not None
    return found


def test_only_an_administrator_changes_a_partner_s_type(quick_world: World) -> None:
    """It decides how the partner takes part; the same type again is no change."""
    world, company = quick_world, quick_world.company()
    manager = world.colleague()
    assert (
        company.partner.version + 1
        == update(world, company, manager, partner_type=PartnerType.VAR).version
    )
    with pytest.raises(NotPermitted):
        update(world, company, manager, partner_type=PartnerType.MSP)
    assert PartnerType.MSP is update(world, company, partner_type=PartnerType.MSP).type
    with pytest.raises(NotPermitted):
        update(world, company, company.executive, name="Mine")


def test_a_team_s_name_is_its_own_within_the_partner(quick_world: World) -> None:
    """Files name teams by it; the case of letters does not tell two apart."""
    world, company = quick_world, quick_world.company()
    other = world.company()

    def add(name: str, to: Company = company) -> Partner:
        return directory.add_team(world.portal, world.manage(), partner_id=to.id, name=name).partner

    def rename(team_id: str, name: str) -> Partner:
        return directory.rename_team(
            world.portal, world.manage(), partner_id=company.id, team_id=team_id, name=name
        ).partner

    field = add("Field").teams[-1]
    add("Field", other)
    for taken in ("field", " TEAM "):
        with pytest.raises(InvalidInput):
            add(taken)
    assert ["Team", "FIELD"] == [team.name for team in rename(field.id, "FIELD").teams]
    with pytest.raises(InvalidInput):
        rename(field.id, "team")
    with pytest.raises(NotFound):
        rename(other.partner.teams[0].id, "Another")
    with pytest.raises(InvalidInput):
        add_partner(
            world.portal,
            world.manage(),
            name="Twice",
            partner_type=PartnerType.VAR,
            tier=Tier.GOLD,
            region="EMEA",
            team_names=("One", "one"),
        )


def test_a_partner_has_so_many_teams_at_most(quick_world: World) -> None:
    names = tuple(f"Team {number}" for number in range(MAX_TEAMS + 1))
    with pytest.raises(InvalidInput):
        _add(quick_world, team_names=names)
    assert MAX_TEAMS == len(_add(quick_world, team_names=names[:-1]).teams)


def _add(world: World, **changed: object) -> Partner:
    given: dict[str, object] = {
        "name": "Northwind",
        "partner_type": PartnerType.VAR,
        "tier": Tier.GOLD,
        "region": "EMEA",
        "team_names": (),
    }
    return add_partner(world.portal, world.manage(), **given | changed).partner  # type: ignore[arg-type]


def test_the_partner_that_is_there_by_an_external_id_is_answered_and_not_changed(
    quick_world: World,
) -> None:
    first = _add(quick_world, profile=Profile(external_id="ERP-1"))
    again = _add(quick_world, name="Another", profile=Profile(external_id=" ERP-1 "))
    assert (first.id, "Northwind") == (again.id, again.name)
    assert first.id != _add(quick_world, profile=Profile(external_id="ERP-2")).id
