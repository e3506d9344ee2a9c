"""A wallet's earnings, payouts and statements, held against what its journals say of them.

Both sides are told to ``Facts``; what they differ in is told in words by ``told``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal_api.domain.adjustments import Adjustment, AdjustmentStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.holdings import AVAILABLE, PENDING, Balance, LotName, Transfer, program_in
from portal_api.domain.ledger import Journal, JournalKind
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.records import canonical, plain
from portal_api.domain.statements import Statement
from portal_api.services.postings import due_sort
from portal_api.services.store import Many, One, Store, Unreadable, of_wallet
from portal_api.services.verify_adjustments import amount_of
from portal_api.services.verify_awards import takes_back
from portal_api.services.verify_differences import Differences
from portal_api.services.verify_fold import Problem
from portal_api.services.verify_reading import Answers, records

_RESOLVED = {
    JournalKind.PAYOUT_SETTLED: "settled",
    JournalKind.PAYOUT_RELEASED: "released",
}
_ENDED = {
    PayoutStatus.SETTLED: "settled",
    PayoutStatus.FAILED: "released",
    PayoutStatus.CANCELLED: "released",
}


@dataclass
class Facts:
    """What a wallet's journals say of its records, less what those say of themselves.

    ``lots`` apart from the others, since a damaged journal hides where they stood.
    """

    others: Differences = field(default_factory=Differences)
    lots: Differences = field(default_factory=Differences)

    def unequal(self, lots_known: bool) -> bool:
        """Whether the two sides differ in anything."""
        return self.others.unequal() or (lots_known and self.lots.unequal())

    def narrowed(self) -> "Facts":
        """What a second walk fills, to name what differs."""
        return Facts(self.others.narrowed(), self.lots.narrowed())

    def journal(self, journal: Journal, received: tuple[int | None, ...]) -> None:
        """What a journal says; ``received``: of each transfer's lot, what it had by then."""
        for trace in journal.traces:
            self.others.add("earning", trace.earning_id, 1)
        for transfer, lot_end in zip(journal.transfers, received, strict=True):
            amount, name = transfer.amount_minor, transfer.earning_id or ""
            self.others.add("pending", name, amount * (transfer.credit == PENDING))
            self.others.add("pending", name, -amount * (transfer.debit == PENDING))
            if takes_back(journal, transfer):
                self.others.add("taken", name, amount)
            if _becomes_available(journal, transfer) and transfer.lot is not None:
                self.lots.add("lot", _lot(name, transfer.lot, lot_end), 1)
        self._payout(journal)
        if journal.kind is JournalKind.ADJUSTMENT:
            name = journal.cause.get("adjustment", "")
            self.others.add("adjustment", name, amount_of(journal))

    def _payout(self, journal: Journal) -> None:
        for transfer in journal.transfers[:1]:
            whose = _payout(journal.cause.get("payout", ""), transfer.asset, transfer.payee)
            if journal.kind is JournalKind.PAYOUT_HELD:
                self.others.add("requested", whose, transfer.amount_minor)
                self.others.add("held", whose, transfer.amount_minor)
            elif journal.kind in _RESOLVED:
                self.others.add("held", whose, -transfer.amount_minor)
                self.others.add(_RESOLVED[journal.kind], whose, transfer.amount_minor)

    def statement(self, month: str, number: int) -> None:
        """A month that has ended, or its statement."""
        self.others.add("statement", month, number)

    def earning(self, earning: Earning) -> None:
        """What an earning says of itself."""
        self.others.add("earning", earning.id, -1)
        self.others.add("taken", earning.id, -earning.reversed_minor)
        self.others.add("pending", earning.id, -earning.left_minor * earning.pending)
        if earning.lot is not None:
            self.lots.add("lot", _lot(earning.id, earning.lot, earning.lot_end), -1)

    def adjustment(self, adjustment: Adjustment) -> None:
        """What an adjustment says of itself."""
        approved = adjustment.status is AdjustmentStatus.APPROVED
        self.others.add("adjustment", adjustment.id, -adjustment.amount_minor * approved)

    def payout(self, payout: Payout) -> None:
        """What a payout says of itself."""
        whose, amount = _payout(payout.id, payout.asset, payout.payee), payout.amount_minor
        self.others.add("requested", whose, -amount)
        self.others.add(_ENDED.get(payout.status, "held"), whose, -amount)


def record_problems(
    store: Store,
    wallet_id: str,
    facts: Facts,
    balances: Mapping[str, Balance] | None,
    waiting: Differences,
) -> Iterator[Problem]:
    """All records of a wallet, each by itself and their sums; L4, L5, L6, L7, L14 and L24.

    ``balances`` are those after the last journal, where they are known. ``waiting`` is told of the
    earnings that must be on the list of those that become available by themselves.
    """
    of = of_wallet(wallet_id)
    held, pending = Counter[str](), Counter[str]()
    for payout in records(store, Many(Payout, of)):
        if isinstance(payout, Unreadable):
            yield "L7", str(payout)
            continue
        facts.payout(payout)
        held[payout.asset] += payout.amount_minor * (payout.status not in _ENDED)
    for earning in records(store, Many(Earning, of)):
        if isinstance(earning, Unreadable):
            yield "L14", str(earning)
            continue
        facts.earning(earning)
        pending[earning.trace.asset] += earning.left_minor * earning.pending
        if earning.pending and earning.left_minor and earning.due_at is not None:
            waiting.add("due", due_sort(earning), -1)
        yield from _earning_problems(earning, wallet_id)
    for adjustment in records(store, Many(Adjustment, of)):
        if isinstance(adjustment, Unreadable):
            yield "L4", str(adjustment)
        else:
            facts.adjustment(adjustment)
    for statement in records(store, Many(Statement, of)):
        if isinstance(statement, Unreadable):
            yield "L24", str(statement)
        else:
            facts.statement(statement.month, -1)
    if balances is not None:
        yield from _sum_problems(balances, held, pending)


def _earning_problems(earning: Earning, wallet_id: str) -> Iterator[Problem]:
    name, trace = earning.id, earning.trace
    if not 0 <= earning.reversed_minor <= trace.amount_minor:
        text = f"Of the earning {name} of {trace.amount_minor}, {earning.reversed_minor} are back."
        yield "L4", text
    if earning.wallet_id != wallet_id or name.rpartition(".")[0] != wallet_id:
        yield "L14", f"The earning {name} lies where it does not belong."
    if earning.pending is not (earning.lot is None):
        yield "L5", f"The earning {name} is pending, or has a lot, but not one of the two."


def _sum_problems(
    balances: Mapping[str, Balance], held: Counter[str], pending: Counter[str]
) -> Iterator[Problem]:
    for asset in sorted(balances.keys() | held.keys() | pending.keys()):
        balance = balances.get(asset, Balance())
        if balance.held != held[asset]:
            yield "L6", f"{balance.held} of {asset} is held for open payouts of {held[asset]}."
        if balance.pending != pending[asset]:
            yield "L5", f"{balance.pending} of {asset} is pending, by earnings {pending[asset]}."


def told(store: Store, facts: Facts) -> Iterator[Problem]:
    """What two sides differ in, after the second walk, each earning and payout once."""
    lots = dict.fromkeys(whose.partition(" ")[0] for _, whose, _ in facts.lots.named())
    for name in lots:
        yield "L5", f"The earning {name} is not where its journals put it in a lot."
    payouts: dict[str, None] = {}
    for what, whose, amount in facts.others.named():
        match what:
            case "earning":
                times = f"{abs(amount)} times {'more' if amount > 0 else 'less'}"
                yield "L14", f"The earning {whose} is awarded {times} than it is there."
            case "taken":
                yield from _taken(store, whose, amount)
            case "adjustment":
                yield "L4", f"The adjustment {whose} is not posted once, by {amount} more."
            case "pending":
                yield "L5", f"The earning {whose} is pending or not otherwise than its journals."
            case "statement":
                if amount < 0:
                    yield "L24", f"There is a statement of {whose}, and no such month has ended."
            case _:
                payouts[whose.partition(" ")[0]] = None
    for name in payouts:
        yield "L7", f"The payout {name} is open or held, settled or released, but not alike."


def _taken(store: Store, earning_id: str, amount: int) -> Iterator[Problem]:
    """More, or less, was taken back of an earning than it says."""
    more = f"{abs(amount)} {'more' if amount > 0 else 'less'}"
    yield "L4", f"Of the earning {earning_id} the journals took {more} back than it says."
    want = One(Earning, earning_id)
    earning = Answers(store, [want])[want]
    if earning is not None and 0 < -amount < earning.reversed_minor:
        yield "L23", f"Of the earning {earning_id} a shortfall of {-amount} is no receivable."


def _becomes_available(journal: Journal, transfer: Transfer) -> bool:
    earned = program_in(transfer.debit) is not None or transfer.debit == PENDING
    adjusts = journal.kind is JournalKind.ADJUSTMENT
    return earned and transfer.credit == AVAILABLE and not adjusts


def _lot(earning_id: str, lot: LotName, lot_end: int | None) -> str:
    return f"{earning_id} in {canonical(plain(lot)).decode()} up to {lot_end}"


def _payout(payout_id: str, asset: str, payee: object) -> str:
    return f"{payout_id} {asset} {payee}"
