"""What journals say of earnings, held against earnings, names and consents: many at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from portal_api.domain.consent import ConsentFile, Who
from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.holdings import (
    AVAILABLE,
    OWN_ACCOUNTS,
    PENDING,
    VENDOR_EXPIRED,
    Payee,
    Transfer,
    budget_of,
    program_in,
)
from portal_api.domain.ledger import Journal, JournalKind
from portal_api.domain.partners import Role
from portal_api.domain.statements import month_of
from portal_api.services.store import Holder, One, Want
from portal_api.services.verify_fold import Problem
from portal_api.services.verify_reading import Answers
from portal_api.services.verify_rebates import CLOCKS_DIFFER, rebate_problems, rebate_wants

_TAKEN_FROM: Final = (*OWN_ACCOUNTS, VENDOR_EXPIRED)
"""What an earning can be taken back from: of what had expired, the vendor gives it back."""


def partner_of(trace: Trace) -> str:
    """The partner, from the activity's id."""
    return trace.activity_id.partition(".")[0]


def wants_of(journal: Journal) -> Iterator[Want[object]]:
    """What is to be read of the earnings that a journal concerns."""
    for trace in journal.traces:
        yield One(Earning, trace.earning_id)
        yield Holder(trace.reserved or trace.earning_id)
        yield One(ConsentFile, _file_of(trace))
        if partner_of(trace) == journal.wallet_id:
            yield from rebate_wants(trace)
    for transfer in journal.transfers:
        if transfer.earning_id is not None:
            yield One(Earning, transfer.earning_id)


@dataclass(frozen=True, slots=True)
class Awards:
    """One journal of a wallet, and what was read of its earnings."""

    wallet_id: str
    journal: Journal
    answers: Answers

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with what it pays, releases and takes back."""
        for trace in self.journal.traces:
            yield from self._award(trace)
        traces = {trace.earning_id: trace for trace in self.journal.traces}
        if self.journal.kind is JournalKind.ADJUSTMENT:
            return
        for transfer in self.journal.transfers:
            if program_in(transfer.credit) and transfer.debit in _TAKEN_FROM:
                yield from self._taken_back(transfer)
            elif transfer.credit == AVAILABLE and transfer.earning_id is not None:
                yield from self._available(transfer, traces)

    def counts(self) -> Iterator[tuple[Trace, int]]:
        """What it adds to the counters of what was earned; less than zero: taken back."""
        for trace in self.journal.traces:
            yield trace, trace.amount_minor
        for transfer in self.journal.transfers:
            earning = self._earning(transfer.earning_id or "")
            if earning is not None and takes_back(self.journal, transfer):
                yield earning.trace, -transfer.amount_minor

    def _earning(self, earning_id: str) -> Earning | None:
        earning = self.answers[One(Earning, earning_id)]
        return earning if earning is not None and earning.wallet_id == self.wallet_id else None

    def _award(self, trace: Trace) -> Iterator[Problem]:
        """One award: its earning, its own name, for an individual its consent; L12 and L14."""
        name, partner_id = trace.earning_id, partner_of(trace)
        earning = self._earning(name)
        if earning is None:
            yield "L14", f"The earning {name} is missing."
        elif earning.trace != trace:
            yield "L14", f"The earning {name} says something else."
        if trace.reserved is None or self.answers[Holder(trace.reserved)] != name:
            yield "L14", f"The earning {name} is not the one that may be paid for this."
        of = (partner_id, self.wallet_id, trace.program_id, trace.rule_code)
        begins, ends = f"earning:{':'.join(of)}:", f":{trace.step}"
        if not (trace.reserved or "").startswith(begins) or not (trace.reserved or "").endswith(
            ends
        ):
            yield "L14", f"The earning {name} is reserved under a name that is not its own."
        if self.wallet_id == partner_id:
            if trace.payee is not Payee.PARTNER:
                yield "L12", f"The earning {name} is the company's, and is to be paid to a person."
            recorded_at = self.journal.recorded_at
            for problem in rebate_problems(trace, self.answers, recorded_at):
                yield "L12", f"The earning {name} {problem}"
            return
        file = self.answers[One(ConsentFile, _file_of(trace))]
        for problem in consent_problems(trace, file, self.wallet_id, self.journal.recorded_at):
            yield "L12", f"The earning {name} {problem}"

    def _taken_back(self, transfer: Transfer) -> Iterator[Problem]:
        """A correction, which names what it corrects; L4."""
        earning = self._earning(transfer.earning_id or "")
        if earning is None:
            yield "L4", "It takes back what no earning of this wallet names."
            return
        trace = earning.trace
        if (budget_of(trace.program_id), trace.asset) != (transfer.credit, transfer.asset):
            yield "L4", f"It takes back of the earning {earning.id} what that never was."

    def _available(self, transfer: Transfer, traces: Mapping[str, Trace]) -> Iterator[Problem]:
        """What becomes available goes to its own lot, and not before its hold ends; L5."""
        name = transfer.earning_id or ""
        earning, at = self._earning(name), self.journal.recorded_at
        trace = traces.get(name) or (earning.trace if earning is not None else None)
        if trace is None:
            yield "L14", f"The earning {name} is missing."
            return
        lot = transfer.lot
        expected = (month_of(at), trace.program_id, trace.payee, trace.maturity.expires_at(at))
        if lot is None or (lot.month, lot.program_id, lot.payee, lot.expires_at) != expected:
            yield "L5", f"The earning {name} goes to a lot that is not its own."
        due_at = trace.maturity.due_at(trace.occurred_at)
        if transfer.debit == PENDING and earning is not None:
            due_at = max(due_at, earning.due_at or due_at)
        if at < due_at:
            yield "L5", f"The earning {name} is available before its hold ended on {due_at}."


def takes_back(journal: Journal, transfer: Transfer) -> bool:
    """Whether a transfer takes back of an earning."""
    own = program_in(transfer.credit) is not None and transfer.debit in _TAKEN_FROM
    return own and journal.kind is not JournalKind.ADJUSTMENT


def consent_problems(
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
    who = Who(individual_id, trace.team_id, trace.role or Role.SALES_REP)
    if not granted.covers(who, trace.occurred_at, consent.terms_version):
        yield f"is not covered by the consent that it names, {trace.consent_id}."
    if consent.revoked_at is not None and recorded_at > consent.revoked_at + CLOCKS_DIFFER:
        yield f"was made after the consent {trace.consent_id} was revoked."
    if trace.consent_version is None or trace.consent_version > file.version:
        yield f"names a version of the consent {trace.consent_id} that there never was."
    if trace.payee is not consent.payee:
        yield f"is to be paid to another than the consent {trace.consent_id} says."


def _file_of(trace: Trace) -> str:
    return f"{partner_of(trace)}.{trace.program_id}"
