"""Proving one wallet: its journals as stored, in their order, and all that must follow from them.

Invariants are named as in ``verify``. What journals say of earnings, payouts and statements is
compared with those by ``Facts``, since there may be any number of them; where the two sides differ,
a second walk names in what.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from portal_api.domain.events import Answer
from portal_api.domain.goals import Progress
from portal_api.domain.holdings import OWN_ACCOUNTS, Moves
from portal_api.domain.ledger import Journal, Wallet
from portal_api.domain.statements import Statement
from portal_api.services import (
    verify_adjustments,
    verify_awards,
    verify_journal,
    verify_requests,
)
from portal_api.services.store import One, RawJournal, Store, Want
from portal_api.services.verify_awards import Awards, partner_of
from portal_api.services.verify_differences import Differences
from portal_api.services.verify_fold import Chain, Months, Problem, Running
from portal_api.services.verify_head import head_problems, statement_problems
from portal_api.services.verify_reading import Answers, Finding, Scope
from portal_api.services.verify_records import Facts, record_problems, told
from portal_api.services.verify_replay import Replays

_JOURNALS_AT_ONCE: Final = 25


@dataclass
class Totals:
    """Sums over all wallets so far: nothing in it grows with the number of journals.

    ``accounts`` are the budgets' and the vendor's by name and asset, ``stored`` what the wallets'
    heads say by own account and asset, ``moves`` what programs' accounts must show (none: a damaged
    journal hides it), ``counters`` what is compared over all wallets.
    """

    wallets: int = 0
    journals: int = 0
    transfers: int = 0
    accounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    stored: Counter[tuple[str, str]] = field(default_factory=Counter)
    moves: Moves | None = field(default_factory=Counter)
    counters: Differences = field(default_factory=Differences)


@dataclass
class Reading:
    """What all walks share: the store, as of when, how much of it is there, and the sums."""

    store: Store
    now: datetime | None
    scope: Scope
    totals: Totals
    replays: Replays | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A journal, its place, and the statement of the month that it has ended."""

    journal: Journal
    place: str
    statement: Statement | None


@dataclass
class WalletWalk:
    """One wallet on its way through its journals."""

    reading: Reading
    wallet_id: str
    facts: Facts = field(default_factory=Facts)
    head: Wallet | None = None
    chain: Chain = field(init=False)
    months: Months = field(init=False)
    running: Running = field(default_factory=Running)
    _earned: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _among: dict[tuple[str, str, str], Counter[str]] = field(default_factory=dict)
    """What was earned in each team, or in none."""
    _unplaced: set[tuple[str, str, str]] = field(default_factory=set)
    """Where some of it was earned before earnings kept the team."""
    _batch: list[_Read] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain, self.months = Chain(self.wallet_id), Months(self.wallet_id)

    def findings(self) -> Iterator[Finding | None]:
        """Everything that is wrong with the wallet; None now and then: it goes on."""
        yield from self.walk()
        if not self.facts.unequal(self._lots_known):
            return
        again = replace(self.reading, totals=Totals(), replays=None)
        second = WalletWalk(again, self.wallet_id, self.facts.narrowed())
        for _ in second.walk():
            yield None
        if not second._lots_known:
            second.facts.lots = Differences()
        named = list(told(self.reading.store, second.facts))
        for invariant, text in named or [("L5", "It has changed while it was looked at.")]:
            yield self._found(invariant, text)
        more = self.facts.others.left_out(second.facts.others)
        if more:
            yield self._found("L14", f"Records and journals differ in {more} more groups.")

    def walk(self) -> Iterator[Finding | None]:
        """One walk: head, journals, records."""
        self.reading.totals.wallets += 1
        want = One(Wallet, self.wallet_id)
        self.head = Answers(self.reading.store, [want])[want]
        for number, raw in enumerate(self.reading.store.journals(self.wallet_id), start=1):
            self.reading.totals.journals += 1
            yield from self._journal(raw)
            if number % _JOURNALS_AT_ONCE == 0:
                yield from self._looked_up()
                yield None
        yield from self._looked_up()
        yield from self._headed()
        waiting, balances = self.reading.totals.counters, self.running.balances
        store, wallet_id = self.reading.store, self.wallet_id
        for problem in record_problems(store, wallet_id, self.facts, balances, waiting):
            yield self._found(*problem)
        if self.reading.scope.whole:
            yield from self._counted()
        if self.chain.broken_at is not None:
            text = f"What is stored is not what was committed, first after {self.chain.broken_at}."
            yield self._found("L3", text)

    @property
    def _lots_known(self) -> bool:
        return self.running.holdings is not None

    def _found(self, invariant: str, text: str) -> Finding:
        return Finding(invariant, text, self.wallet_id)

    def _journal(self, raw: RawJournal) -> Iterator[Finding]:
        """One journal: its bytes, its place in the chain, its transfers."""
        journal, problems = raw.journal, list(self.chain.link(raw))
        if journal is None:
            self.running.lose()
            self.months.lose()
            self.reading.totals.moves = None
        else:
            problems += [*verify_journal.problems(journal), *self._posted(journal, raw.place)]
        number = journal.sequence if journal else _sequence_in(raw.place)
        for invariant, text in problems:
            yield Finding(invariant, text, self.wallet_id, raw.place, number)

    def _posted(self, journal: Journal, place: str) -> Iterator[Problem]:
        """What a journal does to balances, lots, months and the accounts of others."""
        totals, statement = self.reading.totals, None
        ended = self.months.post(journal, self.running.balances)
        if ended is not None:
            month, statement = ended
            self.facts.statement(month, 1)
        yield from self.running.post(journal)
        self.facts.journal(journal, tuple(self.running.received))
        self._batch.append(_Read(journal, place, statement))
        if not self._lots_known:
            totals.moves = None
        if totals.moves is not None:
            totals.moves.update(self.running.moves)
        totals.transfers += len(journal.transfers)
        for transfer in journal.transfers:
            amount, asset = transfer.amount_minor, transfer.asset
            for account, delta in ((transfer.debit, -amount), (transfer.credit, amount)):
                if ":" in account:
                    totals.accounts[account, asset] += delta

    def _looked_up(self) -> Iterator[Finding]:
        """The last journals against earnings, statements, events and answers."""
        batch, self._batch = self._batch, []
        wants: list[Want[object]] = []
        for read in batch:
            wants += verify_awards.wants_of(read.journal)
            wants += verify_adjustments.wants_of(read.journal)
            wants += verify_requests.wants_of(read.journal, self.head)
            if read.statement is not None:
                wants.append(One(Statement, read.statement.id))
        if not wants:
            return
        answers = Answers(self.reading.store, wants)
        for place in answers.damaged:
            yield self._found("L5", f"What is stored at {place} cannot be read.")
        for read in batch:
            for invariant, text in self._against(read, answers):
                yield Finding(invariant, text, self.wallet_id, read.place, read.journal.sequence)
        if self.reading.scope.records:
            yield from self._lost(batch, answers)

    def _against(self, read: _Read, answers: Answers) -> Iterator[Problem]:
        """One journal against what was read for it."""
        journal, reading = read.journal, self.reading
        awards = Awards(self.wallet_id, journal, answers)
        yield from awards.problems()
        yield from verify_adjustments.problems(journal, answers, reading.scope.whole)
        for trace, amount in awards.counts():
            of = (partner_of(trace), trace.program_id, trace.asset)
            self._earned[of] += amount
            self._among.setdefault(of, Counter())[trace.team_id or ""] += amount
            if trace.role is None:
                self._unplaced.add(of)
            if trace.team_id is not None:
                team = f"{partner_of(trace)}.{trace.program_id}.team.{trace.team_id}"
                reading.totals.counters.add(f"earned:{trace.asset}", team, amount)
        for trace in journal.traces if reading.replays is not None else ():
            problem = reading.replays.problem(trace, self.wallet_id) if reading.replays else None
            if problem is not None:
                yield "L18", f"The earning {trace.earning_id} {problem}"
        scope, now = reading.scope, reading.now
        yield from verify_requests.problems(journal, self.head, answers, now, scope)
        if read.statement is not None:
            stored = answers[One(Statement, read.statement.id)]
            yield from statement_problems(read.statement, stored)

    def _lost(self, batch: list[_Read], answers: Answers) -> Iterator[Finding]:
        """Whether all is there that requests were told of; L10."""
        told_of: list[tuple[_Read, Answer]] = []
        for read in batch:
            answer = verify_requests.answer_of(read.journal, answers)
            if answer is not None:
                told_of.append((read, answer))
        wants = [want for _, answer in told_of for want in verify_requests.told_of(answer)]
        found = Answers(self.reading.store, wants) if wants else answers
        for read, answer in told_of:
            for invariant, text in verify_requests.lost(answer, found):
                yield Finding(invariant, text, self.wallet_id, read.place, read.journal.sequence)

    def _headed(self) -> Iterator[Finding]:
        """The wallet's head against its last journal."""
        if self.head is None:
            yield self._found("L5", "The wallet has no head that can be read.")
            return
        for invariant, text in head_problems(self.head, self.chain, self.running, self.months):
            yield self._found(invariant, text)
            if invariant in ("L15", "L16") and self.chain.broken_at is None:
                self.chain.broken_at = self.chain.sequence or 0
        for asset, balance in self.head.balances.items():
            for account in OWN_ACCOUNTS:
                self.reading.totals.stored[account, asset] += getattr(balance, account)

    def _counted(self) -> Iterator[Finding]:
        """The counters of what was earned: a person's own, and its part in the company's; L24."""
        counters = self.reading.totals.counters
        wants: dict[tuple[str, str], One[Progress]] = {}
        for (partner_id, program_id, asset), earned in self._earned.items():
            company = f"{partner_id}.{program_id}.partner"
            if self.wallet_id == partner_id:
                counters.add(f"company:{asset}", company, earned)
                continue
            counters.add(f"earned:{asset}", company, earned)
            counters.add(f"earners:{asset}", company, int(earned > 0))
            own = f"{partner_id}.{program_id}.individual.{self.wallet_id}"
            wants[own, asset] = One(Progress, own)
        answers = Answers(self.reading.store, list(wants.values()))
        for (own, asset), want in wants.items():
            progress, (partner_id, program_id, *_) = answers[want], own.split(".")
            counted = progress.count(f"earned:{asset}") if progress else 0
            earned = self._earned[partner_id, program_id, asset]
            if counted != earned:
                text = f"{own} counts {counted} of earned:{asset}, the journals {earned}."
                yield self._found("L24", text)
            yield from self._placed(progress or Progress(own), (partner_id, program_id, asset))

    def _placed(self, own: Progress, of: tuple[str, str, str]) -> Iterator[Finding]:
        """What a person has earned in each team, and whether it is one of those who have; L24."""
        counters, (partner_id, program_id, asset) = self.reading.totals.counters, of
        ends = f":{asset}"
        stored = Counter(
            {
                name.removeprefix("among:").removesuffix(ends): amount
                for name, amount in own.counters.items()
                if name.startswith("among:") and name.endswith(ends)
            }
        )
        among = stored if of in self._unplaced else self._among[of]
        for team in sorted(stored.keys() | among.keys()):
            if stored[team] != among[team]:
                text = f"{own.id} counts {stored[team]} of among:{team}{ends}, the journals"
                yield self._found("L24", f"{text} {among[team]}.")
            party, what = (f"team.{team}", "earners") if team else ("partner", "teamless")
            whose = f"{partner_id}.{program_id}.{party}"
            counters.add(f"{what}{ends}", whose, int(among[team] > 0))


def _sequence_in(place: str) -> int | None:
    """The sequence number in a journal's key."""
    number = place.rpartition("#")[2]
    return int(number) if number.isascii() and number.isdecimal() else None
