"""What time alone does to earnings: holds end, and points that were not used in time expire.

Two series, of one transaction for each earning or wallet. Either may be killed after any of them,
or run twice at once: what was done is found done.
"""

from collections import defaultdict
from collections.abc import Iterator

from portal_api.domain import ledger
from portal_api.domain.earnings import Earning
from portal_api.domain.ledger import JournalKind, Posting, Wallet
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.records import stamp
from portal_api.domain.writes import Delist
from portal_api.services.partners import employer
from portal_api.services.postings import (
    DUE,
    EXPIRING,
    Postings,
    due_sort,
    expiry_sort,
    posting,
)
from portal_api.services.retrying import retried
from portal_api.services.series import Step, each, step
from portal_api.services.store import Listed, One
from portal_api.services.use_case import Portal, Situation

AT_ONCE = 100
"""The entries of a list that are read at a time; a transaction can take as many off it."""
LOTS_AT_ONCE = 40
"""The lots of one transaction: each may have a move in its program and an entry in the list."""


def release_due(portal: Portal) -> int:
    """Makes available what was held until now, in the order of when; says how many earnings.

    One that cannot be done now keeps no other waiting. Raises ``StoreUnavailable`` at the end where
    there is one.
    """
    entries = (entry for page in _due(portal, DUE) for entry in page)
    told = "{left} earnings are not released, {done} are."
    return each(entries, lambda entry: _release(portal, *entry), told)


def expire_due(portal: Portal) -> int:
    """Expires what is left of the lots that have expired by now; says how many lots.

    What is held for a payout does not expire: its lot stays on the list until the payout is
    resolved, and what comes back of it expires with the next run. Until a run, what has expired is
    still in the balance and makes up for what is taken back, but a payout expires it first. One
    wallet that cannot be done now keeps no other waiting. Raises ``StoreUnavailable`` at the end
    where there is one.
    """
    told = "{left} wallets keep what has expired, {done} lots are done."
    return each(_wallets_due(portal), lambda entry: _expire(portal, *entry), told)


def expire_now(portal: Portal, wallet_id: str) -> None:
    """Expires at once what has expired of one wallet; its entries are the series' own matter.

    Raises ``StoreUnavailable``, ``Unreadable`` and ``StepFailed``.
    """
    _expire(portal, wallet_id, [])


def _wallets_due(portal: Portal) -> Iterator[tuple[str, list[str]]]:
    """The wallets of which lots have expired by now, each with its entries of one page."""
    for page in _due(portal, EXPIRING):
        entries: dict[str, list[str]] = defaultdict(list)
        for sort, wallet_id in page:
            entries[wallet_id].append(sort)
        yield from entries.items()


def _due(portal: Portal, name: str) -> Iterator[list[tuple[str, str]]]:
    """What is due by now in a list that is in the order of when: place and id, page by page."""
    now, after = stamp(portal.clock()), None
    while True:
        listed = Listed(name, AT_ONCE, after, newest_first=False)
        page = portal.store.read([listed])[listed]
        entries = zip(page.cursors, page.ids, strict=True)
        found = [entry for entry in entries if entry[0].partition("#")[0] <= now]
        if found:
            yield found
        if len(found) < len(page.ids) or not page.more:
            return
        after = page.cursors[-1]


def _release(portal: Portal, sort: str, earning_id: str) -> bool:
    """One earning, unless it was released or cancelled meanwhile; then only its entry goes.

    What a closed wallet still waits for stays on the list: it takes nothing.
    """
    earning_want = One(Earning, earning_id)
    wallet_want = One(Wallet, earning_id.partition(".")[0])
    stale = False

    def decide(s: Situation) -> Step | None:
        nonlocal stale
        earning, wallet = s.found[earning_want], s.found[wallet_want]
        waits = earning is not None and earning.pending and earning.left_minor > 0
        stale = earning is None or not waits or due_sort(earning) != sort
        if earning is None or stale or wallet is None or wallet.closed_at is not None:
            return None
        partner_id = earning.trace.activity_id.partition(".")[0]
        postings = Postings(s, {wallet.id: wallet})
        postings.release(earning)
        writes = postings.writes(partner_id, JournalKind.RELEASE, earning=earning.id)
        return Step("EarningReleased", earning.id, partner_id, tuple(writes))

    run = f"series:release:{earning_id}"
    if step(portal, run, [earning_want, wallet_want], decide):
        return True
    if stale:
        # It never waits again, so nothing can have changed since.
        retried(lambda: portal.store.commit([Delist(DUE, sort)]))
    return False


def _expire(portal: Portal, wallet_id: str, sorts: list[str]) -> int:
    """All that has expired of one wallet, and its entries of which nothing is left: how many lots.

    Nothing ever comes into a lot after its end but what was held, so an entry without anything left
    or held is done with.
    """
    lots, more = 0, True
    delisted: set[str] = set()
    while more:
        count, emptied, cut = _expire_some(portal, wallet_id)
        lots += count
        delisted.update(emptied)
        more = cut
    waiting = [sort for sort in sorts if sort not in delisted]
    if waiting:
        want = One(Wallet, wallet_id)
        open_lots = _open(portal.store.read([want])[want] or Wallet(wallet_id))
        gone = [Delist(EXPIRING, sort) for sort in waiting if sort not in open_lots]
        if gone:
            retried(lambda: portal.store.commit(gone))
    return lots


def _expire_some(portal: Portal, wallet_id: str) -> tuple[int, list[str], bool]:
    """One transaction: the number of lots that it ends, and the entries it takes off the list.

    Also whether it was cut, so that more has expired.
    """
    want, person, company = (
        One(Wallet, wallet_id),
        One(Individual, wallet_id),
        One(Partner, wallet_id),
    )
    count, emptied, cut = 0, list[str](), False

    def decide(s: Situation) -> Step | None:
        nonlocal count, emptied, cut
        wallet, owner = s.found[want], s.found[person]
        if wallet is None or wallet.closed_at is not None:
            return None
        due = ledger.expiry_transfers(wallet, s.now)
        transfers = due[:LOTS_AT_ONCE]
        if not transfers:
            return None
        works_for = employer(owner, s.now) if owner is not None else None
        partner_id = wallet_id if s.found[company] is not None else works_for
        cause = s.cause(partner_id, wallet=wallet_id)
        posted = ledger.post(wallet, JournalKind.EXPIRY, transfers, cause, s.now)
        # A lot of more than one transfer takes is counted with the last part of it.
        rest = {(one.asset, one.lot) for one in due[LOTS_AT_ONCE:]}
        count = len({(one.asset, one.lot) for one in transfers} - rest)
        emptied, cut = _emptied(posted), bool(rest)
        delisted = (Delist(EXPIRING, sort) for sort in emptied)
        return Step("PointsExpired", wallet_id, partner_id, (*posting(posted), *delisted))

    done = step(portal, f"series:expiry:{wallet_id}", [want, person, company], decide)
    return (count, emptied, cut) if done else (0, [], False)


def _emptied(posted: Posting) -> list[str]:
    """The entries of the lots that have expired and of which nothing is held either."""
    wallet, open_lots = posted.wallet, _open(posted.wallet)
    sorts = dict.fromkeys(
        expiry_sort(wallet.id, transfer.asset, transfer.lot)
        for transfer in posted.journal.transfers
        if transfer.lot is not None
    )
    return [sort for sort in sorts if sort not in open_lots]


def _open(wallet: Wallet) -> frozenset[str]:
    """The entries of the lots of which anything is left or held."""
    return frozenset(
        expiry_sort(wallet.id, asset, lot.name)
        for asset, holding in wallet.holdings.items()
        for lot in holding.lots
        if lot.open
    )
