"""The demo's comings and goings: a tier, a leaver, a mover, a promotion; and a leaderboard."""

from datetime import timedelta
from functools import partial
from typing import Final

from portal_api.demo import world
from portal_api.demo.consenting import About, enroll
from portal_api.demo.scenes import Scene
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.money import POINTS
from portal_api.domain.partners import Individual, Role, Tier
from portal_api.services import (
    activities,
    directory,
    erasing,
    leaderboards,
    partners,
    payouts,
    people,
)

LEAVER, MOVER, PROMOTED = "Greta Molander", "Ruben Okonjo", "Ingrid Solheim"
"""Who is not there any more, elsewhere, and an executive by now."""
BOARD: Final = ("Northern star", "Gale", "Harbour light", "Kingfisher")
"""The names on the leaderboard: of Fernhill's reps, and of one at Larkspur."""

_LEFT: Final = day(5, 4, hour=9)


def plan(teller: Teller) -> None:
    """Plans all of it."""
    teller.at(day(5, 4, hour=8), partial(_promote_company, teller, world.GLASSWATER))
    teller.at(day(3, 2, hour=8), partial(_leaver, teller))
    teller.at(day(2, 16, hour=8), partial(_mover, teller))
    teller.at(day(2, 2, hour=8), partial(_promoted, teller))
    fernhill, larkspur = teller.house(world.FERNHILL), teller.house(world.LARKSPUR)
    joining = [(fernhill, rep) for rep in fernhill.reps] + [(larkspur, larkspur.reps[0])]
    for place, ((house, rep), name) in enumerate(zip(joining, BOARD, strict=True)):
        joins = partial(_join_board, teller, house, rep.id, name)
        teller.at(day(6, 2, hour=9) + timedelta(minutes=place), joins)


def _promote_company(teller: Teller, name: str) -> None:
    """A company has the highest tier from now on."""
    directory.assign_tier(
        teller.portal,
        teller.ask(teller.managers[0]),
        partner_id=teller.house(name).partner.id,
        tier=Tier.PLATINUM,
    )


def _leaver(teller: Teller) -> None:
    """Registers a deal, learns, leaves; the vendor pays it out, and erases it later.

    Its deal is won after it has left: that is withheld.
    """
    house = teller.house(world.EASTFOLD)
    person = _added(teller, house, LEAVER)
    about = About(house, world.GROWTH)
    teller.at(day(3, 3, hour=8), partial(enroll, teller, about, person.id))
    teller.at(day(3, 10, hour=8), partial(_learns, teller, about, person.id))
    deal = Scene(teller, house, person, world.GROWTH, "Rowan Hotels", by=house.executive.id)
    deal.registered(day(3, 11, hour=10)).approved(day(3, 13, hour=10)).won(day(5, 15, hour=10))
    teller.at(_LEFT, partial(_leaves, teller, house, person.id))
    for days, (asset, amount_minor) in enumerate((("USD", 150_00), (POINTS, 50)), start=1):
        pays = partial(_pays, teller, house, person.id, asset, amount_minor)
        teller.at(_LEFT + timedelta(days=days), pays)
    teller.at(day(6, 1, hour=9), partial(_erases, teller, house, person.id))


def _mover(teller: Teller) -> None:
    """Works at Ivorygate, and from May on at Glasswater."""
    before, after = teller.house(world.IVORYGATE), teller.house(world.GLASSWATER)
    person = _added(teller, before, MOVER)
    teller.at(day(2, 17, hour=8), partial(enroll, teller, About(before, world.GROWTH), person.id))
    wish = people.Wish(after.partner.id, team_id=after.partner.teams[0].id, other_team=True)
    teller.at(day(5, 11, hour=8), partial(_placed, teller, before, person.id, wish))
    teller.at(day(5, 12, hour=8), partial(enroll, teller, About(after, world.GROWTH), person.id))
    learns = partial(_learns, teller, About(after, world.GROWTH), person.id)
    teller.at(day(5, 18, hour=8), learns)


def _promoted(teller: Teller) -> None:
    """Learns and earns as a rep, and leads the company with its executive from June on."""
    house = teller.house(world.ALDERBROOK)
    person = _added(teller, house, PROMOTED)
    about = About(house, world.GROWTH)
    teller.at(day(2, 3, hour=8), partial(enroll, teller, about, person.id))
    teller.at(day(3, 5, hour=8), partial(_learns, teller, about, person.id))
    wish = people.Wish(role=Role.PARTNER_EXECUTIVE, other_team=True)
    teller.at(day(6, 1, hour=8), partial(_placed, teller, house, person.id, wish))


def _added(teller: Teller, house: House, name: str) -> Individual:
    return partners.add_individual(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        name=name,
        email=world.email_of(name, house.sketch.name),
        role=Role.SALES_REP,
        partner_id=house.partner.id,
        team_id=house.partner.teams[0].id,
    ).individual


def _learns(teller: Teller, about: About, person_id: str) -> None:
    """The learning system tells of a training."""
    activities.record_activity(
        teller.portal,
        teller.ask(teller.service),
        partner_id=about.house.partner.id,
        individual_id=person_id,
        program_id=teller.programs[about.program].id,
        behavior=world.TRAINING,
        source="learning",
        source_event_id="first-course",
        occurred_at=None,
    )


def _leaves(teller: Teller, house: House, person_id: str) -> None:
    people.end_employment(
        teller.portal,
        teller.ask(house.executive.id),
        at=house.partner.id,
        individual_id=person_id,
    )


def _placed(teller: Teller, house: House, person_id: str, wish: people.Wish) -> None:
    people.change_employment(
        teller.portal,
        teller.ask(teller.managers[0]),
        at=house.partner.id,
        individual_id=person_id,
        wish=wish,
    )


def _pays(teller: Teller, house: House, person_id: str, asset: str, amount_minor: int) -> None:
    """The vendor asks for all that somebody has left behind, and pays it."""
    payout = payouts.request_payout(
        teller.portal,
        teller.ask(teller.managers[0]),
        wallet_id=person_id,
        asset=asset,
        amount_minor=amount_minor,
        partner_id=house.partner.id,
    ).payout
    payouts.resolve_payout(
        teller.portal,
        teller.ask(teller.managers[1]),
        payout_id=payout.id,
        paid=True,
        reference=f"LEAVER-{asset}",
    )


def _erases(teller: Teller, house: House, person_id: str) -> None:
    erasing.erase_individual(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        at=house.partner.id,
        individual_id=person_id,
    )


def _join_board(teller: Teller, house: House, person_id: str, name: str) -> None:
    leaderboards.join_leaderboard(
        teller.portal,
        teller.ask(person_id),
        partner_id=house.partner.id,
        program_id=teller.programs[world.GROWTH].id,
        display_name=name,
    )
