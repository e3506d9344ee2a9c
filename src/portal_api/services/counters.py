"""The counters that one use case adds to, and those that its decisions have relied on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal_api.domain.goals import Level, Progress
from portal_api.domain.writes import Count, Write


@dataclass
class Counters:
    """Progress as loaded, by its id, with what one use case adds."""

    loaded: dict[str, Progress]
    _added: dict[str, dict[str, int]] = field(default_factory=dict)
    _seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def progress(self, progress_id: str) -> Progress:
        """The counters as loaded and added to."""
        return self._loaded(progress_id).plus(self._added.get(progress_id, {}))

    def add(self, progress_id: str, added: Mapping[str, int]) -> None:
        """Counts."""
        sums = self._added.setdefault(progress_id, {})
        for counter, amount in added.items():
            sums[counter] = sums.get(counter, 0) + amount

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
        earners.
        """
        if level is Level.PARTNER:
            self.add(parties[Level.PARTNER], {f"company:{asset}": amount_minor})
            return
        # The wallet's version does not vouch for this: the two were read one after the other.
        self.watch(parties[Level.INDIVIDUAL], (f"earned:{asset}",))
        before = self.progress(parties[Level.INDIVIDUAL]).count(f"earned:{asset}")
        joins = int(before + amount_minor > 0) - int(before > 0)
        for party_level, party in parties.items():
            self.add(party, {f"earned:{asset}": amount_minor})
            if joins and party_level is not Level.INDIVIDUAL:
                self.add(party, {f"earners:{asset}": joins})

    def writes(self) -> list[Write]:
        """One write for each progress that has changed."""
        return [
            Count(self._loaded(progress_id), added, self._seen.get(progress_id, {}))
            for progress_id, added in self._added.items()
            if added
        ]

    def _loaded(self, progress_id: str) -> Progress:
        return self.loaded.get(progress_id) or Progress(progress_id)
