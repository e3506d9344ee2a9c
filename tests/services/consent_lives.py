"""Two clients at work on consents, enrollments, employments and activities, drawn from a seed.

``Stage`` is the world that all seeds start from, copied for each; ``Client`` draws its requests and
repeats what was not answered, as a portal does. ``judged`` replays what was committed and knows
nothing of the program: it looks at the stored items alone.
"""

import itertools
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.consent import Whom
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import Level
from portal_api.domain.granting import Terms
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.partners import PartnerType, Role
from portal_api.domain.plans import Rule
from portal_api.services import consent, deal_changes, deals, enrollment, people, programs
from portal_api.services.retroactive import pay_looking_back
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Ask, Portal, Unauthenticated
from portal_api.storage import table
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine, Key
from tests.services.world import Company, World

TRIES = 6
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stage:
    """The common start: two partners, a program for individuals and one with a company rebate."""

    file: Path
    world: World
    companies: tuple[Company, Company]
    program: str
    rebates: str

    def opened(self, folder: Path) -> Engine:
        """A copy of its table."""
        copied = folder / "portal.sqlite"
        shutil.copyfile(self.file, copied)
        return SqliteEngine(copied, durable=False)

    def people(self) -> tuple[str, ...]:
        """Everybody's reps."""
        return tuple(rep for company in self.companies for rep in company.reps)


def staged(folder: Path, rebate: Rule) -> Stage:
    """The start, in a table in ``folder``; ``rebate`` is the rule that pays the company."""
    engine = SqliteEngine(folder / "stage.sqlite", durable=False)
    engine.create()
    world = World(TableStore(engine))
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="DEMO",
        name="Demo",
        stage=ProcessStage.OPPORTUNITY_MANAGEMENT,
        five_c=FiveC.COVERAGE,
        review_needed=False,
    )
    companies = (world.company(reps=3), world.company(PartnerType.LAR, reps=1))
    demo = Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Flat("DEMO", 1_000))
    sales = Rule("sales", "Sales", Level.INDIVIDUAL, "USD", PercentOfDeal(100))
    program = world.program(demo, sales, retroactive=True)
    rebates = world.program(rebate, participation_in=program)
    world.now += HOUR
    for company in companies:
        world.enroll(company, program)
    world.consent(companies[1], program)
    world.now += 47 * HOUR
    engine.close()
    return Stage(folder / "stage.sqlite", world, companies, program, rebates)


@dataclass
class Clock:
    """The time of one history, which every request moves on."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Client:
    """Somebody's portal: draws requests and makes each until it is answered."""

    def __init__(self, stage: Stage, portal: Portal, clock: Clock, seed: str) -> None:
        self._stage, self._portal, self._clock = stage, portal, clock
        self._draw = random.Random(seed)
        self._name = seed
        self._numbers = itertools.count(1)
        self._open: list[tuple[str, int, datetime]] = []
        self._won: list[str] = []

    def work(self, requests: int) -> None:
        """Makes so many requests."""
        deeds: list[Callable[[], Any]] = [self._grant, self._grant, self._revoke, self._revoke]
        deeds += [self._enroll, self._enroll, self._leave_program, self._move, self._come_back]
        deeds += [self._demo] * 6 + [self._deal] * 4 + [self._win] * 5 + [self._return]
        deeds += [self._terms, self._series]
        for _ in range(requests):
            self._clock.now += self._draw.choice((0, 1, 30)) * timedelta(minutes=1)
            try:
                self._draw.choice(deeds)()
            except (Refusal, Unauthenticated, StoreUnavailable):
                continue

    def _asked(self, who: str, do: Callable[[Ask], Any]) -> Any:
        """The answer, asked for again under the same request id while there is none."""
        ask = Ask(who, f"{self._name}-{next(self._numbers):06}")
        for _ in range(TRIES):
            try:
                return do(ask)
            except StoreUnavailable:
                continue
        raise StoreUnavailable

    def _company(self) -> Company:
        return self._draw.choice(self._stage.companies)

    def _person(self, company: Company | None = None) -> str:
        """Anybody; more often somebody who began at the company."""
        near = company is not None and self._draw.random() < 0.8
        return self._draw.choice(company.reps if company and near else self._stage.people())

    def _grant(self) -> None:
        company, now = self._company(), self._clock.now
        whom = self._draw.choice(
            (Whom(), Whom(), Whom((self._person(),)), Whom((), (company.partner.teams[0].id,)))
        )
        if self._draw.random() < 0.2:
            whom = replace(whom, roles=(self._draw.choice((Role.SALES_REP, Role.MARKETER)),))
        terms = Terms(
            whom,
            valid_from=self._draw.choice((None, None, now + HOUR)),
            valid_to=self._draw.choice((None, now + 2 * HOUR, now + 90 * HOUR)),
            covers_from=self._draw.choice((None, now - 40 * HOUR)),
        )
        self._asked(
            company.executive,
            lambda ask: consent.grant_consent(
                self._portal,
                ask,
                partner_id=company.id,
                program_id=self._stage.program,
                terms=terms,
            ),
        )

    def _revoke(self) -> None:
        company = self._company()
        consent_id = f"{company.id}.{self._stage.program}.{self._draw.choice((1, 1, 2, 2, 3, 4))}"
        self._asked(
            company.executive,
            lambda ask: consent.revoke_consent(self._portal, ask, consent_id=consent_id),
        )

    def _enroll(self) -> None:
        company, version = self._company(), self._draw.choice((1, 1, 2))
        self._asked(
            self._person(company),
            lambda ask: enrollment.enroll(
                self._portal,
                ask,
                partner_id=company.id,
                program_id=self._stage.program,
                terms_version=version,
            ),
        )

    def _leave_program(self) -> None:
        company = self._company()
        self._asked(
            self._person(company),
            lambda ask: enrollment.end_enrollment(
                self._portal, ask, partner_id=company.id, program_id=self._stage.program
            ),
        )

    def _demo(self) -> None:
        company = self._company()
        person = self._person(company)
        event = f"{self._name}-{next(self._numbers)}"
        occurred_at = self._clock.now - self._draw.choice((0, 0, 1, 3, 30)) * HOUR
        world = self._stage.world
        self._asked(
            world.admin,
            lambda ask: world.record(
                company,
                self._stage.program,
                "DEMO",
                event,
                rep=person,
                ask=ask,
                occurred_at=occurred_at,
                portal=self._portal,
            ),
        )

    def _deal(self) -> None:
        """A deal in one of the programs, that is won later on."""
        company = self._company()
        person = self._person(company)
        program = self._draw.choice((self._stage.program, self._stage.rebates))
        amount = self._draw.randint(1, 900_000)
        customer, admin = f"{self._name}-{next(self._numbers)}", self._stage.world.admin
        terms = deals.DealTerms(customer, "Product", amount, "USD", None, ())
        deal = self._asked(
            admin,
            lambda ask: deals.register_deal(
                self._portal,
                ask,
                partner_id=company.id,
                owner_id=person,
                program_id=program,
                terms=terms,
            ),
        ).deal
        self._asked(
            admin,
            lambda ask: deals.approve_deal(self._portal, ask, deal_id=deal.id, occurred_at=None),
        )
        self._open.append((deal.id, amount, self._clock.now))

    def _win(self) -> None:
        """One of its deals is won, at any instant since it was registered."""
        if not self._open:
            return
        deal_id, amount, since = self._open.pop(self._draw.randrange(len(self._open)))
        sold_at = since + self._draw.random() * (self._clock.now - since)
        self._asked(
            self._stage.world.admin,
            lambda ask: deals.win_deal(
                self._portal,
                ask,
                deal_id=deal_id,
                amount_minor=amount,
                currency="USD",
                occurred_at=sold_at,
            ),
        )
        self._won.append(deal_id)

    def _return(self) -> None:
        """One of its sales comes back."""
        if not self._won:
            return
        deal_id = self._won.pop(self._draw.randrange(len(self._won)))
        self._asked(
            self._stage.world.admin,
            lambda ask: deal_changes.return_deal(
                self._portal, ask, deal_id=deal_id, occurred_at=None
            ),
        )

    def _move(self) -> None:
        """Another team, role or company, or none."""
        company, other = self._draw.sample(self._stage.companies, 2)
        person, admin = self._person(), self._stage.world.admin
        wish = self._draw.choice(
            (
                people.Wish(role=self._draw.choice((Role.SALES_REP, Role.MARKETER))),
                people.Wish(team_id=None, other_team=True),
                people.Wish(other.id, Role.SALES_REP, other.partner.teams[0].id, other_team=True),
                None,
            )
        )
        if wish is None:
            self._asked(
                admin,
                lambda ask: people.end_employment(
                    self._portal, ask, at=company.id, individual_id=person
                ),
            )
            return
        self._asked(
            admin,
            lambda ask: people.change_employment(
                self._portal, ask, at=company.id, individual_id=person, wish=wish
            ),
        )

    def _come_back(self) -> None:
        company = self._company()
        person = self._person(company)
        team = company.partner.teams[0].id
        wish = people.Wish(company.id, Role.SALES_REP, team, other_team=True)
        self._asked(
            self._stage.world.admin,
            lambda ask: people.change_employment(
                self._portal, ask, at=company.id, individual_id=person, wish=wish
            ),
        )

    def _terms(self) -> None:
        if self._draw.random() < 0.8:
            return
        self._asked(
            self._stage.world.admin,
            lambda ask: programs.update_terms(
                self._portal,
                ask,
                program_id=self._stage.program,
                terms="Be fair still.",
                discloses_amounts=False,
            ),
        )

    def _series(self) -> None:
        pay_looking_back(self._portal)


class Judge:
    """The stored items as they were at every commit, and what a credit then needed."""

    def __init__(self, stage: Stage, start: Sequence[tuple[Key, dict[str, Any]]]) -> None:
        self._stage = stage
        self._items: dict[Key, dict[str, Any]] = dict(start)
        self.credits = self.rebates = 0

    def findings(self, committed: Sequence[Sequence[table.Write]]) -> Iterator[str]:
        """What was credited without a right to it."""
        for ops in committed:
            for op in ops:
                if isinstance(op, table.PutIfAbsent) and op.key.sk.startswith("EARNING#"):
                    yield from self._earning(dict(op.item))
            for op in ops:
                self._apply(op)

    def _apply(self, op: table.Write) -> None:
        if isinstance(op, table.PutIfAbsent | table.PutIfVersion):
            self._items[op.key] = {**self._items.get(op.key, {}), **op.item}

    def _earning(self, item: dict[str, Any]) -> Iterator[str]:
        trace, person = item["trace"], item["id"].partition(".")[0]
        partner, at = trace["reserved"].split(":")[1], _instant(trace["occurred_at"])
        program = self._items[Key("CATALOGUE", f"PROGRAM#{self._stage.program}")]
        terms = _terms_at(program, at)
        file = self._items.get(Key(f"PARTNER#{partner}", f"CONSENT#{self._stage.program}"), {})
        consents = file.get("consents", [])
        if trace["rule_code"] == "rebate":
            self.rebates += 1
            if not any(_whole(one, at, terms) for one in consents):
                yield f"a rebate of {partner} at {at} without participation"
            return
        self.credits += 1
        employments = self._items[Key(f"PERSON#{person}", "PERSON")]["employments"]
        held = [one for one in employments if _in_force(one, at)]
        held = held or [one for one in employments if one.get("valid_to") is None]
        employment = held[-1] if held else None
        if employment is None or employment.get("partner_id") != partner:
            yield f"{person} was not employed at {partner} at {at}"
            return
        number = int(trace["consent_id"].rpartition(".")[2])
        named = next((one for one in consents if one["number"] == number), None)
        if named is None or not _covers(named, person, employment, at, terms):
            yield f"{person} at {at}: not covered by {trace['consent_id']} at commit"
            return
        key = Key(f"PARTNER#{partner}#PERSON#{person}", f"ENROLLMENT#{self._stage.program}")
        # What is paid afterwards is for whoever had accepted by the consent's start.
        accepted = max(at, _instant(named["valid_from"]))
        if not _enrolled(self._items.get(key), accepted, _terms_at(program, accepted)):
            yield f"{person} at {at} was not enrolled at {partner}"


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromisoformat(text)


def _terms_at(program: dict[str, Any], at: datetime) -> int:
    since = program.get("terms_since") or []
    return int(program["terms_version"]) - sum(at < _instant(one) for one in since)


def _in_force(dated: dict[str, Any], at: datetime) -> bool:
    return _instant(dated["valid_from"]) <= at < _instant(dated.get("valid_to"))


def _covers(
    one: dict[str, Any], person: str, employment: dict[str, Any], at: datetime, terms: int
) -> bool:
    """A consent that is not revoked now, and covered the person then."""
    begins = _instant(one.get("covers_from") or one["valid_from"])
    roles, named = one.get("roles") or [], one.get("individual_ids") or []
    teams = one.get("team_ids") or []
    return (
        one.get("revoked_at") is None
        and begins <= at < _instant(one.get("valid_to"))
        and one["terms_version"] >= terms
        and (not roles or employment["role"] in roles)
        and (not named or person in named)
        and (not teams or employment.get("team_id") in teams)
    )


def _whole(one: dict[str, Any], at: datetime, terms: int) -> bool:
    """A consent of the whole company that was in force at that instant."""
    ends = min(_instant(one.get("valid_to")), _instant(one.get("revoked_at")))
    whole = not (one.get("individual_ids") or one.get("team_ids") or one.get("roles"))
    return whole and one["terms_version"] >= terms and _instant(one["valid_from"]) <= at < ends


def _enrolled(item: dict[str, Any] | None, at: datetime, terms: int) -> bool:
    """Whether the person had accepted the terms that were in force then."""
    periods = [item, *(item.get("earlier") or [])] if item else []
    return any(
        _instant(one["enrolled_at"]) <= at < _instant(one.get("withdrawn_at"))
        and one["terms_version"] >= terms
        for one in periods
    )
