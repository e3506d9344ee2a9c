"""What one request's resolvers share: who asks, and one loader that reads in waves."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry

from portal_api.domain.access import Viewer, viewer_of
from portal_api.domain.partners import Individual
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.schema.waves import Waves
from portal_api.services.store import Many, One, Slice, Want, of_program, of_vendor
from portal_api.services.use_case import Ask, Portal, Unauthenticated

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The vendor's programs with their published plans."""

    programs: dict[str, Program]
    plans: dict[str, tuple[PlanVersion, ...]]


class Context:
    """One request's portal, subject, and reads. Nothing of it outlives the request."""

    def __init__(self, portal: Portal, subject: str, request_id: str) -> None:
        """A context for one request of the person whose id is ``subject``."""
        self.portal = portal
        self.subject = subject
        self.request_id = request_id
        self._reads = Waves(portal.store.read)
        self._catalogue: tuple[Slice[Program], Slice[PlanVersion], Catalogue] | None = None

    def read_on(self) -> None:
        """No read is refused from now on, however many there are: what is written is told."""
        self._reads.most = None

    def forget(self) -> None:
        """Everything that was read before is read anew."""
        self._reads.clear_all()

    async def load(self, want: Want[T]) -> T:
        """One read, together with all others of its wave, and once per request."""
        answer: T = await self._reads.load(want)
        return answer

    async def load_all(self, wants: Sequence[Want[T]]) -> list[T]:
        """Several reads in one wave."""
        return list(await asyncio.gather(*(self._reads.load(want) for want in wants)))

    async def viewer(self) -> Viewer:
        """Who asks; raises ``Unauthenticated`` for whoever may not act."""
        person = await self.load(One(Individual, self.subject))
        viewer = viewer_of(person, self.portal.clock())
        if viewer is None:
            raise Unauthenticated
        return viewer

    async def catalogue(self) -> Catalogue:
        """Programs and plans, and each program at hand for whoever asks for it by its id."""
        programs, plans = await asyncio.gather(
            self.load(Many(Program, of_vendor())), self.load(Many(PlanVersion, of_vendor()))
        )
        # Once for what was read, and not for each that asks: there may be hundreds of programs.
        known = self._catalogue
        if known is None or known[0] is not programs or known[1] is not plans:
            known = self._catalogue = (programs, plans, self._primed(programs, plans))
        return known[2]

    async def with_catalogue(self, want: Want[T], *beside: Want[Any]) -> T:
        """One read, and the catalogue in the same wave, for records that lead to programs.

        ``beside`` is read with it, to be at hand.
        """
        found: list[Any] = await asyncio.gather(
            self.load(want), self.catalogue(), *(self.load(one) for one in beside)
        )
        answer: T = found[0]
        return answer

    def _primed(self, programs: Slice[Program], plans: Slice[PlanVersion]) -> Catalogue:
        of_program_id: dict[str, tuple[PlanVersion, ...]] = {}
        for plan in plans.records:
            of_program_id[plan.program_id] = (*of_program_id.get(plan.program_id, ()), plan)
        for program in programs.records:
            published = of_program_id.get(program.id, ())
            self._reads.prime(One(Program, program.id), program)
            self._reads.prime(
                Many(PlanVersion, of_program(program.id)), Slice(published, (), more=False)
            )
        return Catalogue({program.id: program for program in programs.records}, of_program_id)

    def prime(self, *records: Any) -> None:
        """Records at hand need not be read again."""
        for record in records:
            self._reads.prime(One(type(record), record.id), record, force=True)

    def ask(self, request_id: str) -> Ask:
        """The ask of a mutation."""
        # The use case reads the person anyway: the answer's fields need not read it again.
        return Ask(self.subject, request_id, lambda viewer: self.prime(viewer.person))


Info = strawberry.Info[Context, None]
