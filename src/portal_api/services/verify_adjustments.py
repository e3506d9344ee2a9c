"""Journals of adjustments, held against what two persons have proposed and approved; L4 and L12."""

from collections.abc import Iterator

from portal_api.domain.adjustments import Adjustment, AdjustmentStatus
from portal_api.domain.consent import ConsentFile
from portal_api.domain.holdings import AVAILABLE, OWN_ACCOUNTS, Transfer, budget_of, program_in
from portal_api.domain.ledger import Journal, JournalKind
from portal_api.services.store import One, Want
from portal_api.services.verify_fold import Problem
from portal_api.services.verify_reading import Answers


def wants_of(journal: Journal) -> Iterator[Want[object]]:
    """What is to be read of an adjustment; nothing for another journal."""
    if journal.kind is JournalKind.ADJUSTMENT:
        yield One(Adjustment, journal.cause.get("adjustment", ""))
        yield _file_of(journal)


def problems(journal: Journal, answers: Answers, whole: bool = True) -> Iterator[Problem]:
    """What is wrong with an adjustment; nothing is with another journal.

    Without ``whole`` what is there does not say who has proposed and approved it.
    """
    if journal.kind is not JournalKind.ADJUSTMENT:
        return
    name = journal.cause.get("adjustment", "")
    adjustment = answers[One(Adjustment, name)]
    if adjustment is None or adjustment.wallet_id != journal.wallet_id:
        yield "L4", f"It names no adjustment of this wallet: {name or 'none'}."
        return
    persons = {adjustment.proposed_by, adjustment.decided_by, adjustment.wallet_id}
    nobody = whole and adjustment.decided_by is None
    if adjustment.status is not AdjustmentStatus.APPROVED or nobody:
        yield "L4", f"The adjustment {name} was not approved."
    elif whole and len(persons) < len(("proposer", "approver", "owner")):
        yield "L4", f"The adjustment {name} was not approved by a second person."
    if _moved(journal) != (adjustment.program_id, adjustment.asset, adjustment.amount_minor):
        yield "L4", f"It moves something else than the adjustment {name}."
    if adjustment.amount_minor > 0 and not adjustment.company:
        yield from _consented(journal, adjustment, answers[_file_of(journal)])


def amount_of(journal: Journal) -> int:
    """What an adjustment has paid; less than zero: taken back."""
    return sum(_signed(transfer) for transfer in journal.transfers)


def _moved(journal: Journal) -> tuple[str | None, str, int] | None:
    """Program, asset and amount of what it moves between a budget and the wallet."""
    moved = [transfer for transfer in journal.transfers if _signed(transfer)]
    of = {(_program(transfer), transfer.asset) for transfer in moved}
    if len(of) != 1:
        return None
    ((program_id, asset),) = of
    return program_id, asset, amount_of(journal)


def _signed(transfer: Transfer) -> int:
    if program_in(transfer.debit) and transfer.credit == AVAILABLE:
        return transfer.amount_minor
    back = program_in(transfer.credit) is not None and transfer.debit in OWN_ACCOUNTS
    return -transfer.amount_minor if back else 0


def _program(transfer: Transfer) -> str | None:
    return program_in(transfer.debit) or program_in(transfer.credit)


def _file_of(journal: Journal) -> One[ConsentFile]:
    """The consents of the partner that the event is told to, for the program that is named."""
    partner_id = journal.cause.get("event", "").partition(".")[0]
    programs = [program for one in journal.transfers if (program := _program(one))]
    return One(ConsentFile, f"{partner_id}.{programs[0] if programs else ''}")


def _consented(
    journal: Journal, adjustment: Adjustment, file: ConsentFile | None
) -> Iterator[Problem]:
    """A person is paid by a consent, and to whom that says."""
    file_id, _, number = (adjustment.consent_id or "").rpartition(".")
    known = file is not None and file_id == file.id and number.isdecimal()
    if file is None or not known or not 1 <= int(number) <= len(file.consents):
        yield "L12", f"The adjustment {adjustment.id} names no consent of its partner and program."
        return
    payee = file.consents[int(number) - 1].payee
    budget = budget_of(adjustment.program_id)
    lots = [one.lot for one in journal.transfers if one.debit == budget]
    if any(lot is None or lot.payee is not payee for lot in lots):
        yield "L12", f"The adjustment {adjustment.id} is paid to another than its consent says."
