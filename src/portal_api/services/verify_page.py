"""Proving one wallet page by page, for its owner: so many journals at a time, whatever its age.

Each page checks hashes, chain, transfers and balances from the journal that the page before it has
ended with; the last one holds the wallet's head against them. What must agree with other records
is for ``verify``, of the store or of an export.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from portal_api.domain import ledger
from portal_api.domain.ledger import Journal, Wallet
from portal_api.services import verify_journal
from portal_api.services.store import Many, One, Store, Unreadable, of_wallet
from portal_api.services.verify_fold import Chain, Months, Problem, Running
from portal_api.services.verify_head import head_problems
from portal_api.services.verify_reading import Answers, Finding

LARGEST_PAGE = 500


class NoSuchPlace(Exception):
    """There is no journal where the page was to begin."""


@dataclass(frozen=True, slots=True)
class PageVerified:
    """What was checked. ``head_hash`` is that of the last journal; ``next`` where it goes on."""

    checked: int
    sequence: int
    head_hash: str | None
    findings: tuple[Finding, ...]
    next: str | None


def verify_page(store: Store, wallet_id: str, first: int, after: str | None = None) -> PageVerified:
    """Checks the journals of one page; ``after`` is where the former one has ended.

    Raises ``NoSuchPlace`` and ``StoreUnavailable``.
    """
    want = One(Wallet, wallet_id)
    head = Answers(store, [want])[want]
    walk = _begun(store, wallet_id, after)
    findings = [Finding(*problem, wallet_id) for problem in walk.met(head)]
    place, checked, more = after, 0, False
    for raw in itertools.islice(store.journals(wallet_id, after), first + 1):
        if checked == first:
            more = True
            break
        checked += 1
        problems = list(walk.chain.link(raw))
        if raw.journal is None:
            walk.running.lose()
        else:
            walk.last = raw.journal
            problems += [*verify_journal.problems(raw.journal), *walk.running.post(raw.journal)]
        number = raw.journal.sequence if raw.journal else walk.chain.sequence
        findings += [Finding(*problem, wallet_id, raw.place, number) for problem in problems]
        findings += [Finding(*problem, wallet_id) for problem in walk.met(head)]
        place = raw.place.partition("#")[2]
    if not more:
        findings += [Finding(*problem, wallet_id) for problem in walk.ended(head)]
    return PageVerified(
        checked=checked,
        sequence=walk.last.sequence if walk.last else 0,
        head_hash=walk.last.hash if walk.last else None,
        findings=tuple(findings),
        next=place if more else None,
    )


@dataclass
class _Walk:
    """One wallet from some journal on, and whether its head was held against the journals.

    What is posted while it is walked comes behind the head that was read at first.
    """

    chain: Chain
    running: Running
    last: Journal | None = None
    head_met: bool = False

    def met(self, head: Wallet | None) -> Iterator[Problem]:
        """The head against the journal that it names as its last."""
        if head is None or self.head_met or head.sequence != self.chain.sequence:
            return
        yield from self.ended(head)

    def ended(self, head: Wallet | None) -> Iterator[Problem]:
        """The head against the last journal, unless that was done."""
        if self.head_met:
            return
        self.head_met = True
        if head is not None:
            unknown = Months(self.chain.wallet_id, whole=False)
            yield from head_problems(head, self.chain, self.running, unknown)
        elif self.last is not None:
            yield "L5", "The wallet has no head that can be read."


def _begun(store: Store, wallet_id: str, after: str | None) -> _Walk:
    """The walk from the first journal on, or behind one: its lots are then not known."""
    if after is None:
        return _Walk(Chain(wallet_id), Running())
    want = Many(Journal, of_wallet(wallet_id), first=1, low=after, high=after)
    try:
        found = store.read([want])[want].records
    except Unreadable:
        return _Walk(Chain(wallet_id, None, None), Running(None, None))
    if not found:
        raise NoSuchPlace
    last = found[0]
    hashes = frozenset({last.hash, ledger.content_hash(ledger.content(last))})
    chain = Chain(wallet_id, last.sequence, hashes)
    return _Walk(chain, Running(last.balance_after, None), last)
