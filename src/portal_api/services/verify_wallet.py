"""Proving one wallet: its journals as stored, in their order, and all that must follow from them.

Invariants are named as in ``verify``. A damaged journal is named once; what comes after it is held
against what it says of itself, so that one fault is not reported a hundred times.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from portal_api.domain import ledger
from portal_api.domain.consent import ConsentFile
from portal_api.domain.goals import Progress
from portal_api.domain.ledger import (
    AVAILABLE,
    GENESIS,
    HELD,
    MAX_TRANSFERS,
    PENDING,
    RECEIVABLE,
    VENDOR_FUNDING,
    VENDOR_PAID,
    Balance,
    Earning,
    Journal,
    JournalKind,
    Trace,
    Transfer,
    Wallet,
    budget_of,
)
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, is_asset
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.services.store import (
    Holder,
    Many,
    One,
    RawJournal,
    Store,
    Unreadable,
    Want,
    of_wallet,
)
from portal_api.services.verify_reading import Answers, Finding, records
from portal_api.services.verify_replay import Replays

OWN_ACCOUNTS: Final = (PENDING, AVAILABLE, HELD, RECEIVABLE)
_BUDGET: Final = budget_of("")
_JOURNALS_AT_ONCE: Final = 25
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far the clocks of two servers may be apart, one that pays and one that revokes."""


@dataclass
class Fold:
    """Sums over all wallets so far: nothing in it grows with the number of journals.

    ``accounts`` are the budgets' and the vendor's by name and asset, ``stored`` what the wallets'
    heads say by own account and asset, ``earned`` by progress id and counter.
    """

    wallets: int = 0
    journals: int = 0
    transfers: int = 0
    accounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    stored: Counter[tuple[str, str]] = field(default_factory=Counter)
    earned: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class WalletWalk:
    """One wallet on its way through its journals; None is what a damaged one left unknown."""

    store: Store
    fold: Fold
    wallet_id: str
    replays: Replays | None = None
    _sequence: int | None = 0
    _hashes: frozenset[str] | None = frozenset({GENESIS})
    _balances: Mapping[str, Balance] | None = field(default_factory=dict)
    _awarded: int = 0
    _taken: Counter[str] = field(default_factory=Counter)
    _pending: set[str] = field(default_factory=set)
    _holds: dict[str, tuple[str, int]] = field(default_factory=dict)
    _earned: Counter[tuple[str, str]] = field(default_factory=Counter)
    _traces: list[tuple[Journal, str, Trace]] = field(default_factory=list)
    _taken_back: list[tuple[Journal, str, Transfer]] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with the wallet."""
        self.fold.wallets += 1
        for number, raw in enumerate(self.store.journals(self.wallet_id), start=1):
            self.fold.journals += 1
            yield from self._journal(raw)
            if number % _JOURNALS_AT_ONCE == 0:
                yield from self._earnings_of_journals()
        yield from self._earnings_of_journals()
        yield from self._head()
        yield from self._payouts()
        yield from self._earnings()
        yield from self._progress()

    def _found(self, invariant: str, text: str) -> Finding:
        return Finding(invariant, text, self.wallet_id)

    def _journal(self, raw: RawJournal) -> Iterator[Finding]:
        """One journal: its bytes, its place in the chain, its transfers."""
        journal = raw.journal
        stored = dict(raw.attributes or {})
        told = stored.pop("hash", None)
        computed = _hash_of(stored)
        problems = [] if told == computed else [("L16", "Its hash is not that of its content.")]
        if raw.attributes is None:
            problems = [("L16", "What is stored cannot be read.")]
        elif journal is None:
            problems.append(("L16", "What is stored is no journal."))
        elif raw.misplaced or journal.wallet_id != self.wallet_id:
            problems.append(("L15", "It lies where its content does not belong."))
        elif ledger.content(journal) != stored:
            problems.append(("L16", "It holds more than a journal does, or is spelled otherwise."))
        if journal is None:
            self._sequence = None if self._sequence is None else self._sequence + 1
            self._hashes = self._balances = None
        else:
            problems += self._chained(journal, computed)
            problems += (*_transfer_problems(journal), *self._posted(journal))
            problems += (*self._held(journal), *_award_problems(journal))
            self._remember(journal, raw.place)
        number = journal.sequence if journal else _sequence_in(raw.place)
        for invariant, text in problems:
            yield Finding(invariant, text, self.wallet_id, raw.place, number)

    def _remember(self, journal: Journal, place: str) -> None:
        """What is to be held against other records, many at once."""
        for transfer in journal.transfers:
            earning_id = transfer.earning_id or ""
            if transfer.credit == PENDING:
                self._pending.add(earning_id)
            elif (transfer.debit, transfer.credit) == (PENDING, AVAILABLE):
                self._pending.discard(earning_id)
        self._traces += [(journal, place, trace) for trace in journal.traces]
        self._taken_back += [
            (journal, place, transfer)
            for transfer in journal.transfers
            if transfer.credit.startswith(_BUDGET) and transfer.debit in OWN_ACCOUNTS
        ]

    def _chained(self, journal: Journal, computed: str) -> Iterator[tuple[str, str]]:
        """A journal as the next one of its wallet; L15 and L16."""
        expected = None if self._sequence is None else self._sequence + 1
        if expected is not None and journal.sequence != expected:
            yield "L15", f"It has number {journal.sequence} where {expected} comes next."
        if self._hashes is not None and journal.previous_hash not in self._hashes:
            yield "L16", "The chain is broken: it does not name the journal before it."
        self._sequence = journal.sequence
        self._hashes = frozenset({journal.hash, computed})

    def _posted(self, journal: Journal) -> Iterator[tuple[str, str]]:
        """The balances after a journal, held against what it says; L5 and L23."""
        self.fold.transfers += len(journal.transfers)
        for transfer in journal.transfers:
            amount, asset = transfer.amount_minor, transfer.asset
            for account, delta in ((transfer.debit, -amount), (transfer.credit, amount)):
                if ":" in account:
                    self.fold.accounts[account, asset] += delta
        if self._balances is not None:
            try:
                after = ledger.after(self._balances, journal.transfers)
            except (ValueError, TypeError, AttributeError) as problem:
                yield "L23", f"Its transfers cannot be posted: {problem}."
            else:
                if _nonzero(after) != _nonzero(journal.balance_after):
                    yield "L5", "Its balances are not those that its transfers lead to."
        self._balances = journal.balance_after

    def _held(self, journal: Journal) -> Iterator[tuple[str, str]]:
        """Holds of payouts, each resolved once and in full; L7."""
        payout = journal.cause.get("payout", "")
        moved = [(transfer.asset, transfer.amount_minor) for transfer in journal.transfers]
        if journal.kind is JournalKind.PAYOUT_HELD:
            if payout in self._holds or len(moved) != 1:
                yield "L7", f"The payout {payout} is not held once, in one amount."
            self._holds.update((payout, hold) for hold in moved)
        resolves = journal.kind in (JournalKind.PAYOUT_SETTLED, JournalKind.PAYOUT_RELEASED)
        if resolves and [self._holds.pop(payout, None)] != moved:
            yield "L7", f"The payout {payout} is resolved, and not held with this amount."

    def _earnings_of_journals(self) -> Iterator[Finding]:
        """The awards and reversals of the last journals, against earnings, claims, consents."""
        traces, taken_back = self._traces, self._taken_back
        self._traces, self._taken_back = [], []
        wants: list[Want[object]] = []
        for _, _, trace in traces:
            wants += [One(Earning, trace.earning_id), Holder(trace.reserved or trace.earning_id)]
            wants += [One(ConsentFile, _file_of(trace))]
        wants += [One(Earning, transfer.earning_id or "") for _, _, transfer in taken_back]
        if not wants:
            return
        answers = Answers(self.store, wants)
        for place in answers.damaged:
            yield self._found("L5", f"What is stored at {place} cannot be read.")
        for journal, place, trace in traces:
            self._awarded += 1
            for invariant, text in self._award(journal, trace, answers):
                yield Finding(invariant, text, self.wallet_id, place, journal.sequence)
        for journal, place, transfer in taken_back:
            earning = answers[One(Earning, transfer.earning_id or "")]
            if earning is None or earning.wallet_id != self.wallet_id:
                text = "It takes back what no earning of this wallet names."
                yield Finding("L4", text, self.wallet_id, place, journal.sequence)
                continue
            self._taken[earning.id] += transfer.amount_minor
            self._count(earning.trace, -transfer.amount_minor)

    def _award(self, journal: Journal, trace: Trace, answers: Answers) -> Iterator[tuple[str, str]]:
        """One award: its earning, its own name, for an individual its consent; L12 and L14."""
        self._count(trace, trace.amount_minor)
        name = trace.earning_id
        earning = answers[One(Earning, name)]
        if earning is None or earning.wallet_id != self.wallet_id:
            yield "L14", f"The earning {name} is missing."
        elif earning.trace != trace:
            yield "L14", f"The earning {name} says something else."
        if trace.reserved is None or answers[Holder(trace.reserved)] != name:
            yield "L14", f"The earning {name} is not the one that may be paid for this."
        problem = self.replays.problem(trace, self.wallet_id) if self.replays else None
        if problem is not None:
            yield "L18", f"The earning {name} {problem}"
        if self.wallet_id == _partner_of(trace):
            return
        file = answers[One(ConsentFile, _file_of(trace))]
        for problem in _consent_problems(trace, file, self.wallet_id, journal.recorded_at):
            yield "L12", f"The earning {name} {problem}"

    def _count(self, trace: Trace, amount_minor: int) -> None:
        """Adds to what the partner's and the person's counters must show."""
        partner_id = _partner_of(trace)
        company = self.wallet_id == partner_id
        counter = f"{'company' if company else 'earned'}:{trace.asset}"
        progress = f"{partner_id}.{trace.program_id}"
        self.fold.earned[f"{progress}.partner", counter] += amount_minor
        if not company:
            self._earned[f"{progress}.individual.{self.wallet_id}", counter] += amount_minor

    def _head(self) -> Iterator[Finding]:
        """The wallet's head against its last journal; L5, L15 and L16."""
        want = One(Wallet, self.wallet_id)
        answers = Answers(self.store, [want])
        head = answers[want]
        if head is None:
            yield self._found("L5", "The wallet has no head that can be read.")
            return
        if self._sequence is not None and head.sequence != self._sequence:
            text = f"The wallet's head is at {head.sequence}, its last journal is {self._sequence}."
            yield self._found("L15", text)
        if self._hashes is not None and head.head_hash not in self._hashes:
            yield self._found("L16", "The wallet's head does not name its last journal.")
        if self._balances is not None and _nonzero(head.balances) != _nonzero(self._balances):
            yield self._found("L5", "The wallet's balances are not those after its last journal.")
        for asset, balance in head.balances.items():
            for account in OWN_ACCOUNTS:
                self.fold.stored[account, asset] += getattr(balance, account)

    def _payouts(self) -> Iterator[Finding]:
        """What is held against the payouts that are open; L6 and L7."""
        requested: dict[str, tuple[str, int]] = {}
        held: Counter[str] = Counter()
        for payout in records(self.store, Many(Payout, of_wallet(self.wallet_id))):
            if isinstance(payout, Unreadable):
                yield self._found("L7", str(payout))
            elif payout.status is PayoutStatus.REQUESTED:
                requested[payout.id] = (payout.asset, payout.amount_minor)
                held[payout.asset] += payout.amount_minor
        for payout_id in sorted(requested.keys() | self._holds.keys()):
            if requested.get(payout_id) != self._holds.get(payout_id):
                text = f"The payout {payout_id} is open or held, but not both in one amount."
                yield self._found("L7", text)
        balances = self._balances or {}
        for asset in sorted(held.keys() | balances.keys()):
            stored = balances.get(asset, Balance()).held
            if self._balances is not None and stored != held[asset]:
                text = f"{stored} of {asset} is held for open payouts of {held[asset]}."
                yield self._found("L6", text)

    def _earnings(self) -> Iterator[Finding]:
        """What was taken back of each earning, what of it is pending, its journal; L4, L5, L14."""
        stored, pending = 0, Counter[str]()
        for earning in records(self.store, Many(Earning, of_wallet(self.wallet_id))):
            stored += 1
            if isinstance(earning, Unreadable):
                yield self._found("L14", str(earning))
                continue
            taken = self._taken.pop(earning.id, 0)
            if earning.pending != (earning.id in self._pending):
                text = f"The earning {earning.id} is pending or not otherwise than its journals."
                yield self._found("L5", text)
            if earning.pending:
                pending[earning.trace.asset] += earning.trace.amount_minor - earning.reversed_minor
            if earning.reversed_minor != taken or taken > earning.trace.amount_minor:
                text = (
                    f"The earning {earning.id} of {earning.trace.amount_minor} says that"
                    f" {earning.reversed_minor} was taken back, the journals took {taken}."
                )
                yield self._found("L4", text)
        balances = self._balances or {}
        for asset in sorted(balances.keys() | pending.keys()):
            kept = balances.get(asset, Balance()).pending
            if self._balances is not None and kept != pending[asset]:
                text = f"{kept} of {asset} is pending, by its earnings {pending[asset]}."
                yield self._found("L5", text)
        if stored != self._awarded:
            text = f"There are {stored} earnings, and {self._awarded} awards in the journals."
            yield self._found("L14", text)

    def _progress(self) -> Iterator[Finding]:
        """The person's own counters of what it earned; L24."""
        wants = [One(Progress, progress_id) for progress_id, _ in self._earned]
        answers = Answers(self.store, wants)
        for (progress_id, counter), earned in self._earned.items():
            progress = answers[One(Progress, progress_id)]
            counted = progress.count(counter) if progress else 0
            if counted != earned:
                text = f"{progress_id} counts {counted} of {counter}, the journals {earned}."
                yield self._found("L24", text)


def _transfer_problems(journal: Journal) -> Iterator[tuple[str, str]]:
    """What is wrong with a journal's transfers alone; L2."""
    if not 0 < len(journal.transfers) <= MAX_TRANSFERS:
        yield "L2", f"It has {len(journal.transfers)} transfers."
    for transfer in journal.transfers:
        if not 0 < transfer.amount_minor <= LARGEST_AMOUNT_MINOR:
            yield "L2", f"It moves {transfer.amount_minor}."
        if transfer.debit == transfer.credit:
            yield "L2", f"It moves from {transfer.debit} to itself."
        if not is_asset(transfer.asset):
            yield "L2", f"It moves {transfer.asset}, which is no asset."
        for account in (transfer.debit, transfer.credit):
            budget = account.startswith(_BUDGET) and account != _BUDGET
            if not budget and account not in (*OWN_ACCOUNTS, VENDOR_FUNDING, VENDOR_PAID):
                yield "L2", f"It names the account {account}, which is none of this wallet's."


def _award_problems(journal: Journal) -> Iterator[tuple[str, str]]:
    """Whether exactly what its traces explain is paid out of budgets; L12."""
    paid: Counter[tuple[str | None, str, str]] = Counter()
    traced: Counter[tuple[str | None, str, str]] = Counter()
    for transfer in journal.transfers:
        if transfer.debit.startswith(_BUDGET):
            paid[transfer.earning_id, transfer.debit, transfer.asset] += transfer.amount_minor
    for trace in journal.traces:
        traced[trace.earning_id, budget_of(trace.program_id), trace.asset] += trace.amount_minor
    if paid != traced:
        yield "L12", "What it pays out of budgets is not what its traces explain."


def _consent_problems(
    trace: Trace, file: ConsentFile | None, individual_id: str, recorded_at: datetime
) -> Iterator[str]:
    """Why the consent that an award names did not allow it; a later revocation may be."""
    file_id, _, number = (trace.consent_id or "").rpartition(".")
    if file is None or file_id != file.id or not number.isdecimal():
        yield "names no consent of its partner and program."
        return
    if not 1 <= int(number) <= len(file.consents):
        yield f"names a consent that does not exist, {trace.consent_id}."
        return
    consent = file.consents[int(number) - 1]
    granted = replace(consent, revoked_at=None)
    if not granted.covers(individual_id, trace.occurred_at, consent.terms_version):
        yield f"is not covered by the consent that it names, {trace.consent_id}."
    if consent.revoked_at is not None and recorded_at > consent.revoked_at + _CLOCKS_DIFFER:
        yield f"was made after the consent {trace.consent_id} was revoked."
    if trace.consent_version is None or trace.consent_version > file.version:
        yield f"names a version of the consent {trace.consent_id} that there never was."


def _partner_of(trace: Trace) -> str:
    """The partner, from the activity's id."""
    return trace.activity_id.partition(".")[0]


def _file_of(trace: Trace) -> str:
    return f"{_partner_of(trace)}.{trace.program_id}"


def _nonzero(balances: Mapping[str, Balance]) -> dict[str, Balance]:
    return {asset: balance for asset, balance in balances.items() if balance != Balance()}


def _hash_of(stored: Mapping[str, object]) -> str:
    try:
        return ledger.content_hash(stored)
    except (ValueError, TypeError, RecursionError):
        return ""


def _sequence_in(place: str) -> int | None:
    """The sequence number in a journal's key."""
    number = place.rpartition("#")[2]
    return int(number) if number.isascii() and number.isdecimal() else None
