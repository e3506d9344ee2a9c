"""Goals' progress, weeks, and what was forgone, held against all that was recorded; L24."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from portal_api.domain.activities import Activity
from portal_api.domain.deals import Deal
from portal_api.domain.goal_fold import COUNTED, Added, GoalFold
from portal_api.domain.goals import Progress
from portal_api.domain.partners import Individual
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.domain.teams import TeamAward
from portal_api.services.loads import Loads
from portal_api.services.members import Member
from portal_api.services.partners import former_of, members_of
from portal_api.services.store import (
    Many,
    One,
    Store,
    Unreadable,
    of_partner,
    of_person,
    of_vendor,
)
from portal_api.services.verify_forgone import COUNTED as OF_FORGONE
from portal_api.services.verify_forgone import Forgone
from portal_api.services.verify_reading import Answers, Finding, listed, records
from portal_api.services.verify_weeks import Weeks

Sums = Counter[tuple[str, str]]
"""By the id of a progress and a counter."""


def goal_findings(store: Store) -> Iterator[Finding]:
    """Every counter of goals, sales, weeks and what was forgone that is not what was recorded.

    Partner by partner; of one, what each of its people has counted is held at once.
    """
    plans: dict[str, tuple[PlanVersion, ...]] = {}
    for plan in records(store, Many(PlanVersion, of_vendor())):
        if isinstance(plan, Unreadable):
            yield Finding("L24", str(plan))
        else:
            plans[plan.program_id] = (*plans.get(plan.program_id, ()), plan)
    programs = records(store, Many(Program, of_vendor()))  # What is damaged is told with them.
    zones = {one.id: one.time_zone for one in programs if isinstance(one, Program)}
    for entry in listed(store, "partners"):
        if not isinstance(entry, Unreadable):  # Which is told with the partners themselves.
            yield from _Recount(store, entry[0], plans, Weeks(entry[0], zones)).findings()


@dataclass
class _Recount:
    """One partner's counters, from its activities and as stored."""

    store: Store
    partner_id: str
    plans: dict[str, tuple[PlanVersion, ...]]
    weeks: Weeks

    def __post_init__(self) -> None:
        self._people: dict[str, Individual | None] = {}
        self._forgone = Forgone(self.partner_id)

    def findings(self) -> Iterator[Finding]:
        """What differs, counter by counter."""
        sums: Sums = Counter()
        yield from self._counted(sums, Many(Progress, of_partner(self.partner_id)))
        for name in (members_of(self.partner_id), former_of(self.partner_id)):
            for entry in listed(self.store, name):
                if isinstance(entry, Unreadable):
                    yield Finding("L24", f"The list {name} is damaged: {entry}")
                    continue
                person = of_person(self.partner_id, entry[1])
                yield from self._counted(sums, Many(Progress, person))
                yield from self._folded(sums, entry[1])
        for award in records(self.store, Many(TeamAward, of_partner(self.partner_id))):
            if isinstance(award, TeamAward):  # What is damaged is told with the partners.
                self._forgone.add_award(award)
        for progress_id, counter, amount in self._forgone.sums():
            sums[progress_id, counter] += amount
        for (progress_id, counter), more in sorted(sums.items()):
            if more:
                told = f"{abs(more)} {'less' if more > 0 else 'more'}"
                yield Finding("L24", f"{progress_id} counts {told} of {counter} than was recorded.")
        yield from self.weeks.findings(self.store)

    def _counted(self, sums: Sums, want: Many[Progress]) -> Iterator[Finding]:
        """What is stored, which is subtracted."""
        for progress in records(self.store, want):
            if isinstance(progress, Unreadable):
                yield Finding("L24", str(progress))
                continue
            for counter, amount in progress.counters.items():
                if counter.startswith((*COUNTED, *OF_FORGONE)):
                    sums[progress.id, counter] -= amount

    def _folded(self, sums: Sums, person: str) -> Iterator[Finding]:
        """What a person's activities have added to anybody's counters."""
        folds: dict[str, GoalFold] = {}
        for activity in self._activities(person):
            if isinstance(activity, Unreadable):
                yield Finding("L24", str(activity))
                continue
            program_id = activity.program_id
            fold = folds.setdefault(
                program_id, GoalFold(self.plans.get(program_id, ()), self._team_of)
            )
            self._add(sums, program_id, fold.add(activity))
            self._forgone.add(activity, self.plans.get(program_id, ()))
            self.weeks.add(activity)
        for deal in records(self.store, Many(Deal, of_person(self.partner_id, person))):
            if isinstance(deal, Unreadable):
                yield Finding("L24", str(deal))
            else:
                self._forgone.add_deal(deal)
        for program_id, fold in folds.items():
            self._add(sums, program_id, fold.end(partial(self._again, person, program_id)))

    def _add(self, sums: Sums, program_id: str, added: Iterable[Added]) -> None:
        for party, counter, amount in added:
            sums[f"{self.partner_id}.{program_id}.{party}", counter] += amount

    def _activities(self, person: str) -> Iterator[Activity | Unreadable]:
        return records(self.store, Many(Activity, of_person(self.partner_id, person)))

    def _again(self, person: str, program_id: str) -> Iterator[Activity]:
        """A person's activities in a program; what is damaged was told before."""
        for activity in self._activities(person):
            if isinstance(activity, Activity) and activity.program_id == program_id:
                yield activity

    def _team_of(self, person: str, at: datetime, recorded_at: datetime) -> str | None:
        """The team of a person then, by the employments that there were."""
        if person not in self._people:
            want = One(Individual, person)
            self._people[person] = Answers(self.store, [want])[want]
        known = self._people[person]
        if known is None:
            return None
        then = tuple(one for one in known.employments if one.valid_from <= recorded_at)
        loads = Loads(self.partner_id, person, "")
        placed = Member(replace(known, employments=then), None, loads).employment(at, recorded_at)
        return placed[0].team_id if placed is not None else None
