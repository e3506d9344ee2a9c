"""Rebates: what a sale's depends on besides, and what a company won before a program counted it."""

from dataclasses import dataclass, replace

from portal_api.domain.activities import DEAL_RETURNED, Activity
from portal_api.domain.consent import ConsentFile
from portal_api.domain.earnings import Trace
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.partners import Partner
from portal_api.domain.plans import Rule
from portal_api.domain.programs import Program, ProgramShard, shard_of
from portal_api.domain.rebates import (
    NO_REBATE,
    Baseline,
    Participation,
    RebateBaselines,
    RebateFacts,
)
from portal_api.domain.writes import Count, Save, Write, as_found
from portal_api.services.partners import MANAGERS
from portal_api.services.store import One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform


@dataclass
class Rebating:
    """What the rebates of one use case depend on: read when the first one is judged, in one wave.

    Whatever was read is still the same at commit, so that a revocation and a sale at the same time
    come out as if one had been before the other.
    """

    situation: Situation
    program: Program
    partner_id: str
    _facts: RebateFacts | None = None
    _relied_on: bool = False

    def facts(self, rule: Rule, activity: Activity) -> RebateFacts:
        """What the rule depends on for the activity; nothing is read for any other rule."""
        grows, mechanic = rule.mechanic.grows, rule.mechanic
        # A return needs no participation, but it is rated by the year before.
        sale, back = activity.behavior in mechanic.behaviors(), activity.behavior == DEAL_RETURNED
        needed = (sale and (self.program.participation_in is not None or grows)) or (back and grows)
        if not mechanic.of_participation or not needed:
            return NO_REBATE
        if self._facts is None:
            self._facts = self._read()
        # A shadow notes what it would pay, which nobody has to be able to rely on.
        self._relied_on |= not rule.shadow
        return self._facts

    def writes(self) -> list[Write]:
        """The checks of what was relied on."""
        if self._facts is None or not self._relied_on:
            return []
        found: list[Write] = [
            as_found(RebateBaselines, self._baselines.id, self._facts.baselines),
        ]
        required = self._facts.participation
        if required is not None:
            program, file_id = required.program, f"{self.partner_id}.{required.program.id}"
            shard_id = shard_of(program.id, self.partner_id)
            # Its terms are those that were read: all of its shards have the program's version.
            shard = ProgramShard(shard_id, version=program.version)
            found.append(Count(shard, {}, same_version=True))
            found.append(as_found(ConsentFile, file_id, required.consents))
        return found

    def explained(self, trace: Trace, rule: Rule) -> Trace:
        """The trace of a company's earning with the consent by which it took part."""
        required = self._facts.participation if self._facts is not None else None
        if required is None or required.consents is None or not rule.mechanic.of_participation:
            return trace
        consent = required.consent_at(trace.occurred_at)
        if consent is None:
            return trace
        return replace(
            trace,
            participation_id=f"{required.consents.id}.{consent.number}",
            participation_version=required.consents.version,
        )

    @property
    def _baselines(self) -> One[RebateBaselines]:
        return One(RebateBaselines, f"{self.partner_id}.{self.program.id}")

    def _read(self) -> RebateFacts:
        required_id = self.program.participation_in or "none"
        program_want = One(Program, required_id)
        file_want = One(ConsentFile, f"{self.partner_id}.{required_id}")
        wants: tuple[Want[object], ...] = (self._baselines, program_want, file_want)
        found = self.situation.portal.store.read(wants)
        required = found[program_want]
        return RebateFacts(
            Participation(required, found[file_want]) if required is not None else None,
            found[self._baselines],
        )


@dataclass(frozen=True, slots=True)
class RebateBaselineDeclared:
    """Growth of that period is measured by this from now on."""

    baselines: RebateBaselines


def declare_rebate_baseline(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    period: str,
    amount_minor: int,
    currency: str,
) -> RebateBaselineDeclared:
    """Declares what a company won in a period before the program was there to count it.

    Of a period that was declared before, the later amount counts from now on: what has accrued by
    then stays as it is.
    """
    partner_want, program_want = One(Partner, partner_id), One(Program, program_id)
    want = One(RebateBaselines, f"{partner_id}.{program_id}")

    def decide(s: Situation) -> Decision[RebateBaselineDeclared]:
        program = s.found[program_want]
        if s.found[partner_want] is None:
            raise NotFound.of("partnerId")
        if program is None:
            raise NotFound.of("programId")
        if currency != program.currency:
            raise InvalidInput(f"The program's deals are in {program.currency}.", "amount")
        known = s.found[want] or RebateBaselines(want.id, partner_id, program_id)
        declared = known.declaring(program, Baseline(period, amount_minor, s.viewer.id, s.now))
        return Decision(RebateBaselineDeclared(declared), (Save(declared),), want.id, partner_id)

    arguments = {"partner": partner_id, "program": program_id, "period": period}
    return perform(
        portal,
        ask,
        "declareRebateBaseline",
        {**arguments, "amount": amount_minor, "currency": currency},
        MANAGERS,
        (partner_want, program_want, want),
        decide,
        RebateBaselineDeclared,
    )
