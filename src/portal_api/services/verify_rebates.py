"""Rebates of a journal, held against the participation that their program requires; L12."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from portal_api.domain.consent import ConsentFile, ConsentScope
from portal_api.domain.earnings import Trace
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.services.store import One, Want
from portal_api.services.verify_reading import Answers

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far the clocks of two servers may be apart, one that pays and one that revokes."""


def rebate_wants(trace: Trace) -> Iterator[Want[object]]:
    """What is to be read of a company's earning."""
    yield One(PlanVersion, f"{trace.program_id}.{trace.plan_number}")
    yield One(Program, trace.program_id)
    if trace.participation_id is not None:
        yield _file(trace)
        yield _required(trace)


def rebate_problems(trace: Trace, answers: Answers, recorded_at: datetime) -> Iterator[str]:
    """Why a company's earning is a rebate that it must not have; a later revocation may be.

    Nothing where its plan or its program is not there, which is told elsewhere.
    """
    plan = answers[One(PlanVersion, f"{trace.program_id}.{trace.plan_number}")]
    program = answers[One(Program, trace.program_id)]
    rule = plan.rule(trace.rule_code) if plan is not None else None
    if program is None or rule is None or not rule.mechanic.of_participation:
        return
    if program.participation_in is None:
        return
    file = answers[_file(trace)] if trace.participation_id else None
    required = answers[_required(trace)] if trace.participation_id else None
    partner_id = trace.activity_id.partition(".")[0]
    if file is None or file.id != f"{partner_id}.{program.participation_in}":
        yield "is a rebate without participation: it names no consent in the program required."
        return
    if required is None:
        yield f"is a rebate, and the program {program.participation_in} is not there."
        return
    number = (trace.participation_id or "").rpartition(".")[2]
    # In an export of single wallets the people that a consent names are left out. What is recorded
    # knows no revocation that comes after it, by whichever clock.
    named = [
        replace(one, revoked_at=None)
        if one.revoked_at is not None and recorded_at <= one.revoked_at + CLOCKS_DIFFER
        else one
        for one in file.consents
        if number == f"{one.number}" and one.scope is ConsentScope.COMPANY
    ]
    at, terms = trace.occurred_at, required.terms_at(trace.occurred_at)
    if replace(file, consents=tuple(named)).participation_at(at, terms) is None:
        yield f"is a rebate without participation: {trace.participation_id} did not cover {at}."
    if trace.participation_version is None or trace.participation_version > file.version:
        yield f"names a version of the consents {file.id} that there never was."


def _file(trace: Trace) -> One[ConsentFile]:
    return One(ConsentFile, (trace.participation_id or "").rpartition(".")[0])


def _required(trace: Trace) -> One[Program]:
    """The program that the consent is of."""
    return One(Program, _file(trace).id.rpartition(".")[2])
