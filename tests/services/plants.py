"""Defects to plant in the code, each as a patch."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain import adjustments, ledger, money, rewards
from portal_api.domain.activities import DEAL_RETURNED, Activity
from portal_api.domain.errors import NotPermitted
from portal_api.domain.events import Answer
from portal_api.domain.holdings import Column, LotName
from portal_api.domain.ledger import Journal, JournalKind, Posting
from portal_api.domain.teams import TeamShare
from portal_api.domain.writes import Create, Save, Write
from portal_api.services.postings import Postings
from portal_api.services.store import Found, One
from portal_api.services.use_case import _Stamp
from portal_api.storage import keys
from portal_api.storage.store import TableStore
from portal_api.storage.table import Delete

Plant = Callable[[pytest.MonkeyPatch], object]


def instead(owner: Any, name: str, made: Callable[[Any], Any]) -> Plant:
    """A function or method replaced by what is made of it."""
    return lambda patch: patch.setattr(owner, name, made(getattr(owner, name)))


def nothing(owner: Any, name: str, answer: Any = None) -> Plant:
    """A function that does nothing and answers the same always."""
    return lambda patch: patch.setattr(owner, name, lambda *_, **__: answer)


def not_written(kind: type[Any]) -> Plant:
    """Records of a kind are missing in every commit."""

    def made(commit: Any) -> Any:
        def dropping(store: TableStore, writes: Sequence[Write]) -> None:
            kept = [
                write
                for write in writes
                if not (isinstance(write, Create | Save) and isinstance(write.record, kind))
            ]
            commit(store, kept)

        return dropping

    return instead(TableStore, "commit", made)


def posted(change: Callable[[Posting], Posting]) -> Plant:
    """Postings that are changed before they are written."""
    return instead(
        ledger, "post", lambda post: lambda *given, **named: change(post(*given, **named))
    )


def a_cent_more(posting: Posting) -> Posting:
    """The wallet's head has a cent more of USD than its journals."""
    holding = posting.wallet.holding("USD")
    more = replace(holding, balance=replace(holding.balance, pending=holding.balance.pending + 1))
    holdings = {**posting.wallet.holdings, "USD": more}
    return replace(posting, wallet=replace(posting.wallet, holdings=holdings))


def numbered_twice(posting: Posting) -> Posting:
    """The journal behind a payout's has its number again."""
    if posting.journal.kind is not JournalKind.PAYOUT_HELD:
        return posting
    return replace(posting, wallet=replace(posting.wallet, sequence=posting.wallet.sequence - 1))


def larger_amounts(patch: pytest.MonkeyPatch) -> None:
    for module in (money, ledger):
        patch.setattr(module, "LARGEST_AMOUNT_MINOR", 10**15)


def still_open(post: Any) -> Any:
    """A closed wallet is posted to as if it were open."""

    def posting(wallet: ledger.Wallet, *given: Any, **named: Any) -> Posting:
        done: Posting = post(replace(wallet, closed_at=None), *given, **named)
        return replace(done, wallet=replace(done.wallet, closed_at=wallet.closed_at))

    return posting


def all_of(*plants: Plant) -> Plant:
    return lambda patch: [plant(patch) for plant in plants]


def hold_deleted(patch: pytest.MonkeyPatch) -> None:
    """What fails is released by deleting the journal that held it."""
    commit = TableStore.commit

    def deleting(store: TableStore, writes: Sequence[Write]) -> None:
        commit(store, writes)
        for write in writes:
            record = write.record if isinstance(write, Create) else None
            if isinstance(record, Journal) and record.kind is JournalKind.PAYOUT_RELEASED:
                before = replace(record, sequence=record.sequence - 1)
                store._engine.write([Delete(keys.key_of_journal(before))])

    patch.setattr(TableStore, "commit", deleting)


def answered_anew(patch: pytest.MonkeyPatch) -> None:
    """Every request is taken for a new one."""
    commit, found = TableStore.commit, Found.__getitem__

    def forgetting(store: TableStore, writes: Sequence[Write]) -> None:
        for write in writes:
            if isinstance(write, Create) and isinstance(write.record, Answer):
                store._engine.write([Delete(keys.key_of(Answer, write.record.id))])
        commit(store, writes)

    def unanswered(answers: Found, want: Any) -> Any:
        return None if isinstance(want, One) and want.kind is Answer else found(answers, want)

    patch.setattr(TableStore, "commit", forgetting)
    patch.setattr(Found, "__getitem__", unanswered)


def refusing(answer: Any) -> Any:
    """A payout's answer says that it was refused."""

    def told(stamp: _Stamp, outcome: str, *values: Any) -> Answer:
        refused = "NotPermitted" if outcome == "PayoutRequested" else outcome
        assert NotPermitted.__name__ == "NotPermitted"
        stored: Answer = answer(stamp, refused, *values)
        return stored

    return told


def unreserved(award: Any) -> Any:
    """The name that an earning alone may hold is forgotten."""

    def forgetting(postings: Postings, *given: Any, **named: Any) -> Any:
        earning = award(postings, *given, **named)
        postings._reserved.clear()
        return earning

    return forgetting


def newest_first(patch: pytest.MonkeyPatch) -> None:
    order = LotName.order.fget  # type: ignore[attr-defined]

    def turned(lot: LotName) -> Any:
        expires_at, month, *rest = order(lot)
        return expires_at, "".join(chr(255 - ord(letter)) for letter in month), *rest

    patch.setattr(LotName, "order", property(turned))


def one_more(earned: Any) -> Any:
    """A rule pays a minor unit more than its mechanic says."""

    def paying(*given: Any) -> Any:
        return tuple(
            replace(verdict, part=replace(verdict.part, amount_minor=verdict.part.amount_minor + 1))
            if isinstance(verdict, rewards.Award)
            else verdict
            for verdict in earned(*given)
        )

    return paying


def rounded_down(_: Any) -> Any:
    return lambda amount, people: tuple(
        TeamShare(person, amount // len(people)) for person in sorted(people)
    )


def forgotten_column(columns_of: Any) -> Any:
    def less(*given: Any) -> Any:
        columns = columns_of(*given)
        columns.pop(Column.PAID, None)
        return columns

    return less


def without_returns(counted: Any) -> Any:
    """What a return takes off is not counted."""

    def less(activity: Activity, time_zone: str) -> Any:
        added = counted(activity, time_zone)
        return {} if activity.behavior == DEAL_RETURNED else added

    return less


def approved_by_anybody(_: Any) -> Any:
    def decide(adjustment: Any, approved: bool, by: str, at: Any, note: str | None = None) -> Any:
        status = adjustments.AdjustmentStatus.APPROVED
        return replace(adjustment, status=status, decided_by=by, decided_at=at, note=note)

    return decide
