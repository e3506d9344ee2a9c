"""A program's budget in one use case: drawn from the recipient's shard, then from the others."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from portal_api.domain.events import Event
from portal_api.domain.programs import Program, ProgramShard, is_low, shard_of, shards_of
from portal_api.domain.writes import Count, Create, Write
from portal_api.services.store import One, Store
from portal_api.services.use_case import VENDOR, Situation

_TOLD = "told:"
"""A shard's counter: what had been funded when it was told that the budget is low."""
_LOW_AT = "low-at:"
"""A shard's counter: when that was, in seconds since 1970."""


@dataclass
class Budget:
    """The shards as loaded, and what one use case changes in them or has relied on."""

    store: Store
    program: Program
    shards: dict[str, ProgramShard]
    _drawn: dict[str, dict[str, int]] = field(default_factory=dict)
    _looked_at: dict[str, dict[str, int]] = field(default_factory=dict)

    def draw(self, party_id: str, asset: str, amount_minor: int) -> bool:
        """Draws an award, never in part; false when all shards together are short."""
        own = shard_of(self.program.id, party_id)
        if self._left(own, asset) >= amount_minor:
            self._change(own, asset, -amount_minor)
            return True
        self._load_the_others()
        missing, taken = amount_minor, dict[str, int]()
        fullest = sorted(self.shards, key=lambda shard_id: -self._left(shard_id, asset))
        for shard_id in dict.fromkeys((own, *fullest)):
            part = min(missing, self._left(shard_id, asset))
            if part > 0:
                taken[shard_id] = part
                missing -= part
        if missing:
            # What is withheld for want of budget is withheld only if none has come back meanwhile.
            for shard_id, shard in self.shards.items():
                self._looked_at.setdefault(shard_id, {})[asset] = shard.left(asset)
            return False
        for shard_id, part in taken.items():
            self._change(shard_id, asset, -part)
        return True

    def left(self, asset: str) -> int:
        """What is left in all shards that were loaded: all of them, where a draw fell short."""
        return sum(self._left(shard_id, asset) for shard_id in self.shards)

    def give_back(self, party_id: str, asset: str, amount_minor: int) -> None:
        """What was taken back of an award is there for the next."""
        self._change(shard_of(self.program.id, party_id), asset, amount_minor)

    def writes(self, party_ids: Iterable[str]) -> list[Write]:
        """Draws and looks; the shards of ``party_ids`` at least check the program's version."""
        least = {shard_of(self.program.id, party_id) for party_id in party_ids}
        writes: list[Write] = []
        for shard_id in sorted({*least, *self._drawn, *self._looked_at}):
            drawn = {
                asset: minor for asset, minor in self._drawn.get(shard_id, {}).items() if minor
            }
            seen = self._looked_at.get(shard_id, {})
            shard = replace(self.shards[shard_id], version=self.program.version)
            writes.append(Count(shard, drawn, seen, frozenset(drawn), same_version=True))
        return writes

    def low(self, now: datetime) -> tuple[str, ...]:
        """The assets of which so much is used now that somebody should know; once per funding.

        Looked at only where a shard's own part gets low, in steps of a twentieth: then all are
        read. That it was told, and when, is kept in the first of them, and written with the rest.
        """
        near = {
            asset
            for shard_id, drawn in self._drawn.items()
            for asset, delta in drawn.items()
            if delta < 0 and self._gets_low(self.shards[shard_id], asset, delta)
        }
        if not near:
            return ()
        self._load_the_others()
        first, found = shards_of(self.program.id)[0], []
        for asset in sorted(near):
            funded = sum(shard.funded(asset) for shard in self.shards.values())
            left = sum(self._left(shard_id, asset) for shard_id in self.shards)
            told = self.shards[first].counters.get(f"{_TOLD}{asset}", 0)
            if is_low(left, funded) and told != funded:
                found.append(asset)
                self._looked_at.setdefault(first, {})[f"{_TOLD}{asset}"] = told
                self._change(first, f"{_TOLD}{asset}", funded - told)
                before = self.shards[first].counters.get(f"{_LOW_AT}{asset}", 0)
                self._change(first, f"{_LOW_AT}{asset}", int(now.timestamp()) - before)
        return tuple(found)

    def _gets_low(self, shard: ProgramShard, asset: str, delta: int) -> bool:
        funded, before = shard.funded(asset), shard.left(asset)
        step = max(1, funded // 20)
        return is_low(before + delta, 2 * funded) and before // step != (before + delta) // step

    def _left(self, shard_id: str, asset: str) -> int:
        loaded = self.shards[shard_id].counters.get(asset, 0) if shard_id in self.shards else 0
        return loaded + self._drawn.get(shard_id, {}).get(asset, 0)

    def _change(self, shard_id: str, asset: str, delta_minor: int) -> None:
        drawn = self._drawn.setdefault(shard_id, {})
        drawn[asset] = drawn.get(asset, 0) + delta_minor

    def _load_the_others(self) -> None:
        """Short in one shard is not short in all."""
        wants = [One(ProgramShard, shard_id) for shard_id in shards_of(self.program.id)]
        missing = [want for want in wants if want.id not in self.shards]
        if not missing:
            return
        found = self.store.read(missing)
        self.shards |= {want.id: shard for want in missing if (shard := found[want]) is not None}


def low_budget(situation: Situation, budget: Budget) -> list[Write]:
    """The event that a budget gets low, once for each funding."""
    if not budget.low(situation.now):
        return []
    event = Event(
        id=f"{VENDOR}.{situation.portal.new_id()}",
        kind="BudgetLow",
        subject_id=budget.program.id,
        actor_id=situation.viewer.id,
        request_id=situation.request_id,
        at=situation.now,
    )
    return [Create(event)]


def told_low(first: ProgramShard | None) -> dict[str, datetime]:
    """By asset, when it was told last that a budget is low, as the program's first shard has it.

    Whether it still is, all shards tell.
    """
    counters = first.counters if first is not None else {}
    return {
        name.removeprefix(_LOW_AT): datetime.fromtimestamp(at, UTC)
        for name, at in sorted(counters.items())
        if name.startswith(_LOW_AT)
    }
