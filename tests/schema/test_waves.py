"""The reads of one request: what is wished for while others wait is read with it, and once."""

import asyncio
from collections.abc import Sequence
from typing import Any

from portal_api.schema.waves import Waves
from portal_api.services.store import Holder


class Store:
    """A store that keeps what was asked of it."""

    def __init__(self) -> None:
        self.waves: list[list[str]] = []

    def read(self, wants: Sequence[Any]) -> dict[Any, str]:
        """The holder of each name is the name in capitals; ``gone`` cannot be read."""
        self.waves.append([want.name for want in wants])
        if any(want.name == "gone" for want in wants):
            raise OSError
        return {want: want.name.upper() for want in wants}


async def later(waves: Waves, turns: int, name: str) -> str:
    """What comes to its wish some turns of the loop later."""
    for _ in range(turns):
        await asyncio.sleep(0)
    found: str = await waves.load(Holder(name))
    return found


def test_what_comes_to_its_wish_some_turns_later_is_in_the_same_wave() -> None:
    """Fields lie at different depths; what depends on an answer is in the next wave."""
    store = Store()

    async def resolve() -> list[str]:
        waves = Waves(store.read)

        async def after(name: str) -> str:
            return await later(waves, 0, await later(waves, 0, name))

        return [*await asyncio.gather(after("a"), later(waves, 5, "b"), later(waves, 7, "c"))]

    assert ["A", "B", "C"] == asyncio.run(resolve())
    assert [["a", "b", "c"], ["A"]] == store.waves


def test_what_was_read_or_is_at_hand_is_not_read_again() -> None:
    store = Store()

    async def resolve() -> list[str]:
        waves = Waves(store.read)
        waves.prime(Holder("known"), "at hand")
        found = [await later(waves, 0, name) for name in ("a", "a", "known")]
        waves.prime(Holder("a"), "changed")
        found.append(await later(waves, 0, "a"))
        waves.prime(Holder("a"), "changed", force=True)
        found.append(await later(waves, 0, "a"))
        waves.clear_all()
        return [*found, await later(waves, 0, "a")]

    assert ["A", "A", "at hand", "A", "changed", "A"] == asyncio.run(resolve())
    assert [["a"], ["a"]] == store.waves


def test_whoever_waits_is_told_that_a_wave_failed() -> None:
    """The next wave is read all the same."""
    store = Store()

    async def resolve() -> tuple[list[Any], str]:
        waves = Waves(store.read)
        both = (later(waves, 0, "gone"), later(waves, 2, "b"))
        failed = await asyncio.gather(*both, return_exceptions=True)
        return [*failed], await later(waves, 0, "c")

    failed, found = asyncio.run(resolve())
    assert [OSError, OSError] == [type(one) for one in failed]
    assert "C" == found


def test_what_comes_much_later_is_a_wave_of_its_own() -> None:
    """The control: a wave does not wait for everything."""
    store = Store()

    async def resolve() -> list[str]:
        waves = Waves(store.read)
        return [*await asyncio.gather(later(waves, 0, "a"), later(waves, 40, "b"))]

    assert ["A", "B"] == asyncio.run(resolve())
    assert [["a"], ["b"]] == store.waves
