"""The counters that one use case adds to, and those that its decisions have relied on.

Goals and screens read progress; the weekly series is what people's habits are told from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal_api.domain.activities import Activity
from portal_api.domain.goals import Level, Progress
from portal_api.domain.weeks import Sums, WeekCounts, add, counted
from portal_api.domain.writes import Count, Write


@dataclass
class Counters:
    """Progress as loaded, by its id, with what one use case adds."""

    loaded: dict[str, Progress]
    _added: dict[str, dict[str, int]] = field(default_factory=dict)
    _seen: dict[str, dict[str, int]] = field(default_factory=dict)
    _weeks: Sums = field(default_factory=dict)

    def progress(self, progress_id: str) -> Progress:
        """The counters as loaded and added to."""
        return self._loaded(progress_id).plus(self._added.get(progress_id, {}))

    def add(self, progress_id: str, added: Mapping[str, int]) -> None:
        """Counts."""
        sums = self._added.setdefault(progress_id, {})
        for counter, amount in added.items():
            sums[counter] = sums.get(counter, 0) + amount

    def changed(self) -> tuple[str, ...]:
        """The ids of the progress that something was added to."""
        return tuple(self._added)

    def added(self, progress_id: str, counter: str) -> int:
        """What one use case adds to a counter."""
        return self._added.get(progress_id, {}).get(counter, 0)

    def watch(self, progress_id: str, counters: Iterable[str]) -> None:
        """These were decided on: they must be at commit what they were when loaded."""
        loaded = self._loaded(progress_id)
        self._seen.setdefault(progress_id, {}).update(
            {name: loaded.count(name) for name in counters}
        )

    def watches(self, progress_id: str, counter: str) -> bool:
        """Whether the counter was decided on."""
        return counter in self._seen.get(progress_id, {})

    def pay(
        self, parties: Mapping[Level, str], level: Level, asset: str, amount_minor: int
    ) -> None:
        """What was paid, for the company's and the person's screens.

        Less than zero: taken back. Who has been paid something of an asset, net, is one of its
        earners, and one of each team's in which it was: or of those in no team.
        """
        company, person = parties[Level.PARTNER], parties[Level.INDIVIDUAL]
        if level is Level.PARTNER:
            self.add(company, {f"company:{asset}": amount_minor})
            return
        earned, team = f"earned:{asset}", parties.get(Level.TEAM)
        among = f"among:{team.rpartition('.')[2] if team is not None else ''}:{asset}"
        # The wallet's version does not vouch for these: the two were read one after the other.
        self.watch(person, (earned, among))
        own = self.progress(person)
        before = own.count(earned)
        # Of what was paid before it was kept apart, all counts for the team of now.
        apart = any(
            name.startswith("among:") and name.endswith(f":{asset}") and amount
            for name, amount in own.counters.items()
        )
        here = own.count(among) if apart else before
        for party in parties.values():
            self.add(party, {earned: amount_minor})
        self.add(person, {among: here - own.count(among) + amount_minor})
        self._join(company, f"earners:{asset}", before, amount_minor)
        group = (company, f"teamless:{asset}") if team is None else (team, f"earners:{asset}")
        self._join(*group, here, amount_minor)

    def _join(self, party: str, counter: str, before: int, amount_minor: int) -> None:
        """Counts a person in or out, as what it was paid becomes more than nothing, or nothing."""
        joins = int(before + amount_minor > 0) - int(before > 0)
        if joins:
            self.add(party, {counter: joins})

    def forgo(self, parties: Mapping[Level, str], asset: str, amount_minor: int) -> None:
        """What was withheld for want of consent, and of how many people, paid afterwards or not.

        Less than zero: it would have been taken back.
        """
        person = parties[Level.INDIVIDUAL]
        if not amount_minor:
            return
        self.watch(person, (f"forgone:{asset}",))
        before = self.progress(person).count(f"forgone:{asset}")
        for level in (Level.INDIVIDUAL, Level.PARTNER):
            self.add(parties[level], {f"forgone:{asset}": amount_minor})
        self._join(parties[Level.PARTNER], f"forgoers:{asset}", before, amount_minor)

    def pay_late(self, parties: Mapping[Level, str], asset: str, amount_minor: int) -> None:
        """What of that is not withheld for it any more, as it was paid afterwards.

        Kept apart: a sum that fell by each payment would tell what each person is paid.
        """
        if amount_minor:
            for level in (Level.INDIVIDUAL, Level.PARTNER):
                self.add(parties[level], {f"paidafter:{asset}": amount_minor})

    def in_weeks(self, activity: Activity, time_zone: str, before: Activity | None = None) -> None:
        """Counts a recorded activity in weeks; ``before``: as it was when it was counted last."""
        add(self._weeks, counted(activity, time_zone))
        if before is not None:
            add(self._weeks, counted(before, time_zone), sign=-1)

    def writes(self) -> list[Write]:
        """One write for each progress and each week that has changed."""
        progress: list[Write] = [
            Count(self._loaded(progress_id), added, self._seen.get(progress_id, {}))
            for progress_id, added in self._added.items()
            if added
        ]
        weeks = (
            (week, {name: amount for name, amount in added.items() if amount})
            for week, added in self._weeks.items()
        )
        return [*progress, *(Count(WeekCounts(week), added) for week, added in weeks if added)]

    def _loaded(self, progress_id: str) -> Progress:
        return self.loaded.get(progress_id) or Progress(progress_id)
