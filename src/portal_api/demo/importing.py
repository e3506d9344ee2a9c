"""The demo's files: people of a partner, and what they learned; each with a row that is wrong."""

from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.services import bulk_imports, enrollment, wallets
from portal_api.services.partners import name_of_person
from portal_api.services.store import Holder

_FIRST, _SECOND = (("HR-2210", "Signe Aldaine"), ("HR-2211", "Torvald Pryce"))
"""Who comes with a file: the one learns and earns, the account of the other is closed before."""
_PEOPLE = ("external_id", "name", "email", "partner", "team", "role", "from")
_ACTIVITIES = (
    *("source", "source_event_id", "individual", "program", "behavior"),
    "occurred_at",
)


def plan(teller: Teller) -> None:
    """Plans the files, what those who came with them do, and a closing."""
    house = teller.house(world.LARKSPUR)
    for on, known in ((day(5, 6, hour=9), 1), (day(5, 7, hour=9), 2)):
        teller.at(on, partial(_people, teller, house, known))
    for external_id, _ in (_FIRST, _SECOND):
        teller.at(day(5, 8, hour=9), partial(_enroll, teller, house, external_id))
    mara = teller.house(world.FERNHILL).reps[0].email
    first, second = (world.email_of(name, world.LARKSPUR) for _, name in (_FIRST, _SECOND))
    learned = (
        (*("course-7001", mara, world.TRAINING), "2026-05-14"),
        (*("course-7001", first, world.TRAINING), "2026-05-14T09:30:00Z"),
        (*("course-7002", first, world.TRAINING), "14.05.2026"),
    )
    teller.at(day(5, 18, hour=9), partial(_activities, teller, learned))
    teller.at(day(6, 22, hour=9), partial(_close, teller, house))
    late = (("course-7003", second, world.TRAINING, "2026-06-23"),)
    teller.at(day(6, 24, hour=9), partial(_activities, teller, late))


def _people(teller: Teller, house: House, known: int) -> None:
    """The partner's file of that day: the next one has one more, and all of the one before."""
    team, partner_id = house.partner.teams[0].name, house.partner.id
    joined = day(5, 4).date().isoformat()
    rows = [
        (own, name, world.email_of(name, world.LARKSPUR), partner_id, team, "SALES_ENGINEER")
        for own, name in (_FIRST, _SECOND)[:known]
    ]
    wrong = ("HR-2212", "Guest account", "guest@larkspur.example", partner_id, team, "VISITOR")
    content = _csv(_PEOPLE, *((*row, joined) for row in (*rows, wrong)))
    bulk_imports.import_people(
        teller.portal, teller.ask(teller.managers[0]), content=content, seconds=None
    )


def _activities(teller: Teller, learned: tuple[tuple[str, str, str, str], ...]) -> None:
    program_id = teller.programs[world.GROWTH].id
    rows = (
        ("academy", event, email, program_id, behavior, occurred)
        for event, email, behavior, occurred in learned
    )
    bulk_imports.import_activities(
        teller.portal,
        teller.ask(teller.service),
        content=_csv(_ACTIVITIES, *rows),
        seconds=None,
    )


def _enroll(teller: Teller, house: House, external_id: str) -> None:
    program = teller.programs[world.GROWTH]
    enrollment.enroll(
        teller.portal,
        teller.ask(_id_of(teller, house, external_id)),
        partner_id=house.partner.id,
        program_id=program.id,
        terms_version=program.terms_version,
    )


def _close(teller: Teller, house: House) -> None:
    wallets.close_wallet(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        partner_id=house.partner.id,
        party_id=_id_of(teller, house, _SECOND[0]),
        reason="Left the sales team before the first payout.",
    )


def _id_of(teller: Teller, house: House, external_id: str) -> str:
    """Whom the file has added under the id that the partner gave."""
    holder = Holder(name_of_person(house.partner.id, external_id))
    return teller.portal.store.read([holder])[holder] or ""


def _csv(*rows: tuple[str, ...]) -> str:
    return "".join(f"{','.join(row)}\n" for row in rows)
