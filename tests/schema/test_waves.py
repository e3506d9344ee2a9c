"""The reads of one request: what is wished for while others wait is read with it, and once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import GraphQLError

from portal_api.schema.context import Context
from portal_api.schema.waves import Waves
from portal_api.services.store import Holder
from tests.schema.client import Client


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


def test_more_reads_than_are_done_for_one_request_are_refused() -> None:
    """Over all its waves; whoever asks on is refused as well. What is written is told in any case:
    see ``test_told_errors``."""
    store = Store()

    async def resolve() -> list[object]:
        waves = Waves(store.read)
        waves.most = 3
        names = ("a", "b"), ("c",), ("c",), ("d", "e"), ("f",)
        found: list[object] = []
        for wave in names:
            tasks = (later(waves, 0, name) for name in wave)
            found += await asyncio.gather(*tasks, return_exceptions=True)
        waves.most = None
        return [*found, await later(waves, 0, "g")]

    *early, d, e, f, last = asyncio.run(resolve())
    assert (["A", "B", "C", "C"], "G") == (early, last)
    for refused in (d, e, f):
        assert isinstance(refused, GraphQLError)
        assert {"code": "TOO_COSTLY"} == refused.extensions
    assert [["a", "b"], ["c"], ["g"]] == store.waves


def test_programs_are_looked_through_once_for_all_that_ask(
    quick_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by each field again: there may be hundreds of them."""
    primed: list[Context] = []
    prime = Context._primed

    def counted(context: Context, *read: Any) -> Any:
        primed.append(context)
        return prime(context, *read)

    monkeypatch.setattr(Context, "_primed", counted)
    for _ in range(3):
        quick_client.partner()
    asked = "consents { id } goals { code } forgoneEarnings { personal: __typename }"
    document = f"{{ viewer {{ partners {{ edges {{ node {{ {asked} }} }} }} }} }}"
    shown = quick_client.query(quick_client.admin, document)["viewer"]["partners"]["edges"]
    assert 3 == len(shown)
    assert 1 == len(primed)
