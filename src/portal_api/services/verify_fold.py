"""What a wallet's journals lead to, one after the other: its chain, balances, lots and months.

A damaged journal leaves something unknown, and None stands for it: what comes after is held against
what the next journal says of itself, so that one fault is not reported a hundred times.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal_api.domain import ledger
from portal_api.domain.holdings import OWN_ACCOUNTS, Balance, Holding, Moves, columns_of
from portal_api.domain.ledger import GENESIS, Journal, JournalKind
from portal_api.domain.statements import Month, Statement, month_of
from portal_api.services.store import RawJournal

Problem = tuple[str, str]
"""The invariant that does not hold, and what is wrong."""


@dataclass
class Chain:
    """The numbers and hashes of one wallet's journals so far; L15 and L16."""

    wallet_id: str
    sequence: int | None = 0
    hashes: frozenset[str] | None = frozenset({GENESIS})
    broken_at: int | None = None

    def link(self, raw: RawJournal) -> Iterator[Problem]:
        """One journal: its bytes, and its place in the chain."""
        found = list(self._linked(raw))
        if found and self.broken_at is None:
            self.broken_at = self.sequence or 0
        yield from found

    def _linked(self, raw: RawJournal) -> Iterator[Problem]:
        journal = raw.journal
        stored = dict(raw.attributes or {})
        told = stored.pop("hash", None)
        computed = _hash_of(stored)
        if raw.attributes is not None and told != computed:
            yield "L16", "Its hash is not that of its content."
        if raw.attributes is None:
            yield "L16", "What is stored cannot be read."
        elif journal is None:
            yield "L16", "What is stored is no journal."
        elif raw.misplaced or journal.wallet_id != self.wallet_id:
            yield "L15", "It lies where its content does not belong."
        elif ledger.content(journal) != stored:
            yield "L16", "It holds more than a journal does, or is spelled otherwise."
        if journal is None:
            self.sequence = None if self.sequence is None else self.sequence + 1
            self.hashes = None
            return
        expected = None if self.sequence is None else self.sequence + 1
        if expected is not None and journal.sequence != expected:
            yield "L15", f"It has number {journal.sequence} where {expected} comes next."
        if self.hashes is not None and journal.previous_hash not in self.hashes:
            yield "L16", "The chain is broken: it does not name the journal before it."
        self.sequence = journal.sequence
        self.hashes = frozenset({journal.hash, computed})


@dataclass
class Months:
    """The statements that a wallet's journals lead to.

    ``whole``: the running month is known from its first journal on. ``frozen`` counts those that
    have ended.
    """

    wallet_id: str
    running: Month | None = None
    whole: bool = True
    _last: tuple[int, str] = (0, "")
    _doubtful: bool = False

    def lose(self) -> None:
        """Something unknown was posted in this month, or in the next."""
        self.whole, self._doubtful = False, True

    def post(
        self, journal: Journal, before: Mapping[str, Balance] | None
    ) -> tuple[str, Statement | None] | None:
        """The month that a journal ends, with its statement as far as that is known."""
        name, ended = month_of(journal.recorded_at), None
        if self.running is None or self.running.month != name:
            if self.running is not None:
                ended = self.running.month, self._statement(self.running, before)
            self.running = Month(name, before or {}, first_sequence=journal.sequence)
            self.whole = before is not None and not self._doubtful
        for transfer in journal.transfers:
            columns = columns_of(transfer, journal.kind is JournalKind.ADJUSTMENT)
            self.running = self.running.plus(transfer.asset, columns)
        self._last, self._doubtful = (journal.sequence, journal.hash), False
        return ended

    def _statement(self, month: Month, closing: Mapping[str, Balance] | None) -> Statement | None:
        if not self.whole or closing is None:
            return None
        sequence, head_hash = self._last
        return Statement(
            id=f"{self.wallet_id}.{month.month}",
            wallet_id=self.wallet_id,
            month=month.month,
            opening=month.opening,
            closing=closing,
            sums=month.sums,
            first_sequence=month.first_sequence,
            last_sequence=sequence,
            head_hash=head_hash,
        )


@dataclass
class Running:
    """A wallet's balances and lots as its journals lead to them; L5 and L23."""

    balances: Mapping[str, Balance] | None = field(default_factory=dict)
    holdings: Mapping[str, Holding] | None = field(default_factory=dict)
    moves: Moves = field(default_factory=Counter)
    """What the last journal has moved in the accounts of programs."""
    received: list[int | None] = field(default_factory=list)
    """Of each transfer of the last journal, what its lot had received by then."""

    def lose(self) -> None:
        """Something unknown was posted."""
        self.balances = self.holdings = None

    def post(self, journal: Journal) -> Iterator[Problem]:
        """One journal: the balances after it, held against what it says."""
        if self.balances is not None:
            yield from self._balanced(journal, self.balances)
        self.balances = journal.balance_after
        yield from self._lots(journal)
        for asset, balance in journal.balance_after.items():
            if balance.available > 0 and balance.receivable < 0:
                yield "L23", f"{asset} is available while some is owed."

    @staticmethod
    def _balanced(journal: Journal, before: Mapping[str, Balance]) -> Iterator[Problem]:
        after = dict(before)
        for transfer in journal.transfers:
            amount = transfer.amount_minor
            for account, delta in ((transfer.debit, -amount), (transfer.credit, amount)):
                if account not in OWN_ACCOUNTS:
                    continue
                try:
                    held = after.get(transfer.asset, Balance())
                    after[transfer.asset] = held.after(account, delta)
                except ValueError as problem:
                    yield "L23", f"Its transfers cannot be posted: {problem}."
                    return
        if nonzero(after) != nonzero(journal.balance_after):
            yield "L5", "Its balances are not those that its transfers lead to."

    def _lots(self, journal: Journal) -> Iterator[Problem]:
        """The lots after it, transfer by transfer, unless they are not known any more."""
        self.moves, self.received = Counter(), []
        month = month_of(journal.recorded_at)
        for transfer in journal.transfers:
            if self.holdings is None:
                self.received.append(None)
                continue
            try:
                self.holdings, moves = ledger.after(self.holdings, journal.kind, (transfer,), month)
            except (ValueError, TypeError, AttributeError) as problem:
                yield "L5", f"Its lots do not follow: {problem}."
                self.holdings = None
                self.received.append(None)
                continue
            self.moves.update(moves)
            lot = transfer.lot
            holding = self.holdings[transfer.asset]
            self.received.append(None if lot is None else holding.lot(lot).received)


def nonzero(balances: Mapping[str, Balance]) -> dict[str, Balance]:
    """The balances that are not zero: an asset may be there with nothing of it."""
    return {asset: balance for asset, balance in balances.items() if balance != Balance()}


def _hash_of(stored: Mapping[str, object]) -> str:
    try:
        return ledger.content_hash(stored)
    except (ValueError, TypeError, RecursionError):
        return ""
