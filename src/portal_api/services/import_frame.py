"""What an import of deals stands on: a funded program, partners, people, consents, enrollments.

All of it is declared historical: the export tells of years in which nobody used this portal. What
is there already is left as it is, so setting up again changes nothing, and what a later export
adds (an office, a manager, an agent) is added. Ids are derived from the names in the export, so
that a second run, or one that was killed, finds what is there.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal_api.domain import ids
from portal_api.domain.access import Viewer, viewer_of
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.crm import TEAMS_FILE, Agent
from portal_api.domain.errors import InvalidInput
from portal_api.domain.events import Event
from portal_api.domain.goals import Level
from portal_api.domain.granting import Terms, grant
from portal_api.domain.ledger import Wallet
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import (
    Employment,
    Individual,
    ParticipationPolicy,
    Partner,
    PartnerType,
    Role,
    Segment,
    Team,
    Tier,
    TierAssignment,
)
from portal_api.domain.plans import Rule
from portal_api.domain.programs import Program
from portal_api.domain.records import canonical
from portal_api.domain.writes import Create, Enlist, Save, Write
from portal_api.services.import_report import Note, NoteLevel
from portal_api.services.partners import individual_writes, partner_writes
from portal_api.services.plans import PlanContent, new_plan
from portal_api.services.programs import (
    ProgramTerms,
    funding_writes,
    new_program,
    program_writes,
)
from portal_api.services.retrying import retried
from portal_api.services.store import One
from portal_api.services.use_case import VENDOR, Portal, Unauthenticated

T = TypeVar("T")

_ENDS_AT: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """What an import cannot read in the export, for what it makes: the first import decides.

    Consents, enrollments and the program count from ``consent_from``, by default from the first
    day of the year in which the first deal was engaged.
    """

    consent_from: date | None = None
    partner_type: PartnerType = PartnerType.VAR
    tier: Tier = Tier.GOLD
    rate_bps: int = 300
    budget_minor: int = 100_000_000
    currency: str = "USD"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agent of the export sits in the portal."""

    partner_id: str
    individual_id: str


@dataclass(frozen=True, slots=True)
class Frame:
    """All that is set up: who imports, for which program, and where each agent sits, by name."""

    viewer: Viewer
    program: Program
    partners: tuple[Partner, ...]
    seats: Mapping[str, Seat]
    notes: tuple[Note, ...]

    def start_of(self, day: date) -> datetime:
        """The first instant of a day in the program's time zone, in UTC."""
        return start_of(day, self.program.time_zone)

    def end_of(self, day: date) -> datetime:
        """The last microsecond of a day, so that a deal may close on the day it was registered."""
        return self.start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def id_of(kind: str, *names: str) -> str:
    """The id of something that only has a name, such as ``ptn-`` and 20 characters of a hash."""
    digest = hashlib.sha256(canonical([kind, *names])).digest()
    return f"{kind}-{ids.characters(int.from_bytes(digest[:13], 'big') >> 4)}"


def own_id(at: datetime, *names: str) -> str:
    """The own part of an id that sorts by an instant and is derived from names."""
    digest = hashlib.sha256(canonical(list(names))).digest()
    return ids.timed(at, int.from_bytes(digest[:8], "big") >> (64 - ids.MORE_BITS))


def start_of(day: date, time_zone: str) -> datetime:
    """The first instant of a day in a time zone, in UTC; raises ``InvalidInput``."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"{time_zone[:40]!r} is no IANA time zone.", "timeZone") from None
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def set_up(portal: Portal, agents: Sequence[Agent], terms: ImportTerms, run_id: str) -> Frame:
    """Makes what is missing of the frame; raises ``InvalidInput`` for terms that cannot be used."""
    by = _By(portal, retried(partial(_actor, portal, run_id)), run_id)
    program = retried(partial(_program, by, terms))
    partners: list[Partner] = []
    seats: dict[str, Seat] = {}
    notes: list[Note] = []
    for office in dict.fromkeys(agent.office for agent in agents):
        staff = [agent for agent in agents if agent.office == office]
        partner = retried(partial(_partner, by, terms, program, office, staff))
        partners.append(partner)
        for agent, person in retried(partial(_people, by, program, partner, staff)):
            employment = person.employments[-1]
            seats[agent.name] = Seat(employment.partner_id or partner.id, person.id)
            if (employment.partner_id, employment.team_id) != (partner.id, _team_id(agent)):
                text = f"{agent.name} has another office or manager in the portal, and stays there."
                notes.append(Note(NoteLevel.CONFLICT, TEAMS_FILE, None, "MOVED", text))
    return Frame(by.actor, program, tuple(partners), seats, tuple(notes))


@dataclass(frozen=True, slots=True)
class _By:
    """In whose name, and in which run, things are made."""

    portal: Portal
    actor: Viewer
    run_id: str

    def commit(
        self,
        kind: str,
        subject_id: str,
        partner_id: str | None,
        writes: Sequence[Write],
        event_id: str | None = None,
    ) -> None:
        """The writes in one transaction, with the event that tells of them."""
        event = Event(
            id=event_id or f"{partner_id or VENDOR}.{self.portal.new_id()}",
            kind=kind,
            subject_id=subject_id,
            actor_id=self.actor.id,
            request_id=self.run_id,
            at=self.portal.clock(),
        )
        self.portal.store.commit((*writes, Create(event)))


def _actor(portal: Portal, run_id: str) -> Viewer:
    """The integration that does everything; raises ``Unauthenticated`` if it is suspended."""
    want = One(Individual, id_of("ind", "service", "crm"))
    known, now = portal.store.read([want])[want], portal.clock()
    employed = (Employment(None, Role.SERVICE, now),)
    person = known or Individual(want.id, "CRM import", _mail(want.id), employed)
    viewer = viewer_of(person, now)
    if viewer is None:
        raise Unauthenticated
    if known is None:
        by = _By(portal, viewer, run_id)
        by.commit("IndividualImported", person.id, None, individual_writes(person))
    return viewer


def _program(by: _By, terms: ImportTerms) -> Program:
    """The program with its plan, and then its budget."""
    prg, store = id_of("prg", "crm"), by.portal.store
    program_want, wallet_want = One(Program, prg), One(Wallet, prg)
    found, now = store.read([program_want, wallet_want]), by.portal.clock()
    program = found[program_want]
    if program is None:
        program = _new_program(prg, terms, now)
        split = MilestoneSplit(terms.rate_bps)
        rule = Rule("deals", "Imported deals", Level.INDIVIDUAL, terms.currency, split)
        content = PlanContent((rule,), ())
        plan = new_plan(program, 1, program.starts_at, content, by.actor.id, now)
        by.commit("ProgramImported", prg, None, (*program_writes(program), Create(plan)))
    if program.currency != terms.currency:
        raise InvalidInput(f"The import's program is in {program.currency}.", "currency")
    if found[wallet_want] is None and terms.budget_minor:
        event_id = f"{VENDOR}.{by.portal.new_id()}"
        cause = {"actor": by.actor.id, "request": by.run_id, "event": event_id, "program": prg}
        budget = (terms.currency, terms.budget_minor)
        writes = funding_writes(program, Wallet(prg), *budget, cause, now)
        by.commit("ProgramFunded", prg, None, writes, event_id)
    return program


def _new_program(program_id: str, terms: ImportTerms, now: datetime) -> Program:
    begins = terms.consent_from or now.date()
    return new_program(
        program_id,
        ProgramTerms(
            name="CRM import",
            description="Rewards the deals of an imported CRM export.",
            segment=Segment(),
            starts_at=start_of(begins, terms.time_zone),
            ends_at=_ENDS_AT,
            time_zone=terms.time_zone,
            currency=terms.currency,
            terms="Declared historical by an import.",
        ),
    )


def _partner(
    by: _By, terms: ImportTerms, program: Program, office: str, staff: Sequence[Agent]
) -> Partner:
    """An office as a partner with its teams, a placeholder executive and its consent."""
    want = One(Partner, id_of("ptn", office))
    executive_want = One(Individual, id_of("ind", "executive", office))
    file_want = One(ConsentFile, f"{want.id}.{program.id}")
    found = by.portal.store.read([want, executive_want, file_want])
    begins = program.starts_at
    known = found[want]
    tiers = (TierAssignment(terms.tier, begins),)
    before = known or Partner(want.id, office, terms.partner_type, tiers, region=office)
    teams = dict.fromkeys(Team(_team_id(agent), agent.manager) for agent in staff)
    missing = tuple(team for team in teams if team not in before.teams)
    partner = replace(before, teams=before.teams + missing)
    writes: list[Write] = []
    if known is None:
        writes += partner_writes(partner)
    elif missing:
        writes.append(Save(partner))
    if found[executive_want] is None:
        held = (Employment(want.id, Role.PARTNER_EXECUTIVE, begins),)
        name, mail = f"Executive of {office}", _mail(executive_want.id)
        writes += individual_writes(Individual(executive_want.id, name, mail, held))
    if found[file_want] is None:  # One that is there, also a revoked one, is the executive's word.
        file = ConsentFile(file_want.id, want.id, program.id)
        # The executive's declared word is for the whole company, which every policy allows.
        policy = ParticipationPolicy.COMPANY_WIDE
        given = (
            Terms(historical_from=begins),
            program.terms_version,
            executive_want.id,
            by.portal.clock(),
        )
        writes.append(Save(grant(file, partner, policy, *given)))
    if writes:
        by.commit("PartnerImported", want.id, want.id, writes)
    return partner


def _people(
    by: _By, program: Program, partner: Partner, staff: Sequence[Agent]
) -> list[tuple[Agent, Individual]]:
    """The agents of an office as sales reps of their team, enrolled from the beginning."""
    wants = {agent: One(Individual, id_of("ind", "agent", agent.name)) for agent in staff}
    found = by.portal.store.read(list(wants.values()))
    people: list[tuple[Agent, Individual]] = []
    for agent, want in wants.items():
        held = (Employment(partner.id, Role.SALES_REP, program.starts_at, _team_id(agent)),)
        known = found[want]
        person = known or Individual(want.id, agent.name, _mail(want.id), held)
        if known is None:
            writes = (*individual_writes(person), *_enrolled(program, partner.id, person.id))
            by.commit("IndividualImported", person.id, partner.id, writes)
        people.append((agent, person))
    return people


def _enrolled(program: Program, partner_id: str, individual_id: str) -> tuple[Write, ...]:
    enrollment = Enrollment(
        id=f"{partner_id}.{individual_id}.{program.id}",
        partner_id=partner_id,
        individual_id=individual_id,
        program_id=program.id,
        terms_version=program.terms_version,
        enrolled_at=program.starts_at,
    )
    listed = Enlist(f"{partner_id}.{program.id}.enrolled", individual_id, individual_id)
    return Save(enrollment), listed


def _team_id(agent: Agent) -> str:
    return id_of("team", agent.office, agent.manager)


def _mail(individual_id: str) -> str:
    """An address that can reach nobody."""
    return f"{individual_id}@import.invalid"
