"""What a consent would change, and what its lack has cost: which of it an executive may be told.

Amounts that somebody went without are told to an executive of the whole company only, never of a
part that it chooses: the sums of parts that overlap could be subtracted until one person is left.
Of the whole there is one sum in each asset, of at least three people, and that all of it would be
paid afterwards, where that is so: a part of it would change by one person's amount when that person
enrolls or leaves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.consent import Consent, ConsentFile, Whom
from portal_api.domain.errors import Refusal
from portal_api.domain.goals import SMALLEST_GROUP, Progress
from portal_api.domain.holdings import Payee
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.money import POINTS, to_text
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.domain.rebates import (
    Eligibility,
    Participation,
    RebateBaselines,
    RebateFacts,
    RebateStanding,
    eligibility,
    won_in,
)

_FORGONE, _LATE = "forgone:", "paidafter:"

Amounts = Mapping[str, int]
"""Minor units by asset."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A person that a consent would cover. ``already``: one in force does.

    ``forgone``: what it went without so far for want of one; ``late``: what of that, and of what
    was withheld before it had enrolled, a consent that looks back would be judged again for.
    """

    individual: Individual
    enrolled: bool
    already: bool
    forgone: Amounts
    late: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A program whose rebate needs this participation: where it stands without and with it.

    ``uncovered`` is what the company has won in the period of each rule and is paid no rebate for,
    by the rule's code.
    """

    program: Program
    now: Eligibility
    then: Eligibility
    uncovered: Mapping[str, int]

    @property
    def unlocks(self) -> bool:
        """Whether participation is the last that is missing, and given by the consent."""
        return self.then.eligible and not self.now.eligible


@dataclass(frozen=True, slots=True)
class ConsentPreview:
    """What a consent would change. ``after`` is the file with it, none where it is refused.

    ``complete``: everybody was looked at. ``admitted``: the program is for the company now.
    ``forgone`` and ``late`` are sums, none where the asker may not be told, or where there is
    nothing that looks back.
    """

    partner: Partner
    program: Program
    whom: Whom
    before: ConsentFile
    after: ConsentFile | None
    refusal: Refusal | None
    people: tuple[Covered, ...]
    complete: bool
    rebates: tuple["Unlocked", ...] = ()
    admitted: bool = True
    forgone: Amounts | None = None
    late: Amounts | None = None

    @property
    def consent(self) -> Consent | None:
        """The consent itself."""
        return self.after.consents[-1] if self.after is not None else None

    @property
    def answers(self) -> tuple[int, ...]:
        """The numbers of the requests that it would answer."""
        waiting = {one.number for one in self.before.waiting()}
        left = {one.number for one in self.after.waiting()} if self.after is not None else waiting
        return tuple(sorted(waiting - left))


def forgone_in(progress: Progress) -> dict[str, int]:
    """What a party went without for want of consent and was not paid afterwards, by asset."""
    return {
        asset: left
        for asset, amount in ever_forgone(progress).items()
        if (left := amount - progress.count(f"{_LATE}{asset}")) > 0
    }


def ever_forgone(progress: Progress) -> dict[str, int]:
    """What a party went without, also what of it was paid afterwards, by asset."""
    return {
        name.removeprefix(_FORGONE): amount
        for name, amount in sorted(progress.counters.items())
        if name.startswith(_FORGONE) and amount > 0
    }


def forgoers(company: Progress, asset: str) -> int:
    """How many people of a company went without something of an asset."""
    return company.count(f"forgoers:{asset}")


def forgone_told(company: Progress, program: Program) -> dict[str, int] | None:
    """What an executive is told of that of its company's people.

    Also what was paid afterwards: each payment would tell of its person by what is left. The assets
    of which at least three people went without something; none where that is no asset, though there
    is something; nor where persons' amounts are known before and after such a payment.
    """
    amounts = ever_forgone(company)
    told = {
        asset: amount
        for asset, amount in amounts.items()
        if forgoers(company, asset) >= SMALLEST_GROUP
        and not (program.retroactive and program.ever_disclosed)
    }
    return None if amounts and not told else told


def late_told(
    company: Progress, program: Program, people: Iterable[Covered]
) -> dict[str, int] | None:
    """What an executive is told of what would be paid afterwards to these of all its people.

    The assets that it is told of, where nobody is left out and nothing was paid yet: then it is the
    same sum. None where that is no asset, though somebody went without something.
    """
    late = summed(one.late for one in people)
    told = {
        asset: amount
        for asset, amount in (forgone_told(company, program) or {}).items()
        if late.get(asset) == amount
    }
    return None if ever_forgone(company) and not told else told


def unlocked(
    program: Program,
    plans: tuple[PlanVersion, ...],
    partner: Partner,
    progress: Progress,
    baselines: RebateBaselines | None,
    required: tuple[Program, ConsentFile, ConsentFile | None],
    at: datetime,
) -> Unlocked:
    """What a consent changes of the rebates of a program that requires participation.

    ``required`` is in which program, with the file as it is and as it would be: none, refused.
    """
    other, before, after = required

    def standing(file: ConsentFile, instant: datetime) -> Eligibility:
        facts = RebateFacts(Participation(other, file), baselines)
        return eligibility(program, plans, partner, progress, facts, instant)

    now = standing(before, at)
    then = standing(after, max(at, after.consents[-1].valid_from)) if after is not None else now
    uncovered = {
        one.rule.code: won_in(progress, one.period.name) - one.revenue_minor
        for one in now.standings
    }
    return Unlocked(program, now, then, uncovered)


def next_rate(standing: RebateStanding) -> int | None:
    """The rate of the band after the one that is reached, in basis points, if there is one."""
    mechanic = standing.rule.mechanic
    if standing.next_start_minor is None or not isinstance(mechanic, Rebate):
        return None
    return mechanic.scale(standing.period).rates_bps[standing.band + 1]


def rebate_words(of: Unlocked, standing: RebateStanding) -> str:
    """What a rebate rule pays, and what of the period's revenue it is paid for."""
    currency, rule = of.program.currency, standing.rule
    offer = [rule.mechanic.words(rule, of.now.plan, currency)] if of.now.plan is not None else []
    counted = f"{to_text(standing.revenue_minor, currency)} {currency}"
    missed = f"{to_text(of.uncovered[rule.code], currency)} {currency}"
    stands = f"In {standing.period.name} {counted} count so far, and {missed} do not."
    if of.unlocks:
        stands += " With this consent what is sold from then on counts."
    return " ".join([*offer, stands])


def summed(amounts: Iterable[Amounts]) -> dict[str, int]:
    """The sums of each asset, of which there is something."""
    total = Counter[str]()
    for one in amounts:
        total.update(one)
    return {asset: amount for asset, amount in sorted(total.items()) if amount > 0}


def notes(preview: ConsentPreview) -> tuple[str, ...]:
    """What else to know before it is granted, one sentence each."""
    consent, found = preview.consent, list[str]()
    if not preview.admitted:
        found.append("The program is not for the company as it is now: until it is, nobody earns.")
    missing = sum(not one.enrolled for one in preview.people)
    if missing:
        have = "person has" if missing == 1 else "people have"
        found.append(
            f"{missing} of the covered {have} not accepted the terms that are in force, and will"
            " earn once they do."
        )
    if preview.whom.team_ids:
        found.append("Who joins or leaves one of the teams is covered from then on, or not.")
    if consent is not None:
        for cap in consent.caps:
            unit = "points" if cap.asset == POINTS else cap.asset
            amount = to_text(cap.amount_minor, cap.asset)
            found.append(f"Each person earns at most {amount} {unit} under it.")
        if consent.payee is Payee.PARTNER:
            found.append("What is earned under it is sent to the company, for good.")
        else:
            found.append("What is earned under it is sent to the person who earned it, for good.")
    if preview.program.discloses_amounts:
        found.append("By its terms the company's executives see what each person earns.")
    found.append("It can be revoked at any time: what was earned until then stays with who did.")
    return tuple(found)
